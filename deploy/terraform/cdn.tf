# CloudFront before the resized bucket, which stays closed: the CDN signs its requests (Origin Access Control), and the bucket's
# policy admits this one distribution. With render, what the bucket has not got is asked of the function.
#
# For what is not there the bucket answers 403, not 404: to tell the two apart the CDN would have to be allowed to list it.

locals {
  cdn_origin = { bucket = "resized", render = "render", both = "resized-or-render" }

  cdn_reads = [for distribution in aws_cloudfront_distribution.cdn : {
    Sid       = "Cdn"
    Effect    = "Allow"
    Principal = { Service = "cloudfront.amazonaws.com" }
    Action    = "s3:GetObject"
    Resource  = "${local.bucket_arn.resized}/*"
    Condition = { StringEquals = { "aws:SourceArn" = distribution.arn } }
  }]
}

resource "aws_cloudfront_origin_access_control" "cdn" {
  for_each = toset(var.cdn ? (var.render ? ["s3", "lambda"] : ["s3"]) : [])

  name                              = "${var.name}-${each.key}"
  description                       = "Requests of ${var.name}'s CDN are signed."
  origin_access_control_origin_type = each.key
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Outputs never change under their key without saying so in Cache-Control; queries, cookies and headers make no difference.
resource "aws_cloudfront_cache_policy" "cdn" {
  count = var.cdn ? 1 : 0

  name        = var.name
  comment     = "As long as Cache-Control says, a day where it says nothing."
  min_ttl     = 0
  default_ttl = 86400
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = false # pictures are compressed
    enable_accept_encoding_gzip   = false
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "cdn" {
  count = var.cdn ? 1 : 0

  name    = var.name
  comment = "Pictures are pictures, and over TLS."

  # A page looks for the variants of what it has uploaded (deploy/site). The CDN answers the browser, whatever the origin says.
  dynamic "cors_config" {
    for_each = length(var.cors_origins) > 0 ? [var.cors_origins] : []
    content {
      access_control_allow_credentials = false
      access_control_max_age_sec       = 3600
      origin_override                  = true
      access_control_allow_origins {
        items = cors_config.value
      }
      access_control_allow_methods {
        items = ["GET", "HEAD"]
      }
      access_control_allow_headers {
        items = ["*"] # there has to be something
      }
    }
  }

  security_headers_config {
    content_type_options {
      override = true
    }
    strict_transport_security {
      access_control_max_age_sec = 31536000
      override                   = true
    }
  }
}

resource "aws_cloudfront_distribution" "cdn" {
  count = var.cdn ? 1 : 0

  comment         = "Pictures of ${var.name}"
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.cdn_price_class
  aliases         = var.cdn_domains
  web_acl_id      = var.cdn_web_acl_arn
  tags            = var.tags

  origin {
    origin_id                = local.cdn_origin.bucket
    domain_name              = aws_s3_bucket.this["resized"].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.cdn["s3"].id
  }

  dynamic "origin" {
    for_each = aws_lambda_function_url.render
    content {
      origin_id                = local.cdn_origin.render
      domain_name              = "${origin.value.url_id}.lambda-url.${local.region}.on.aws"
      origin_access_control_id = aws_cloudfront_origin_access_control.cdn["lambda"].id
      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
        origin_read_timeout    = local.render_timeout_s
      }
    }
  }

  dynamic "origin_group" {
    for_each = aws_lambda_function_url.render
    content {
      origin_id = local.cdn_origin.both
      failover_criteria {
        status_codes = [403, 404]
      }
      member {
        origin_id = local.cdn_origin.bucket
      }
      member {
        origin_id = local.cdn_origin.render
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = var.render ? local.cdn_origin.both : local.cdn_origin.bucket
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = false
    cache_policy_id            = aws_cloudfront_cache_policy.cdn[0].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.cdn[0].id
  }

  # A picture may be about to be made: do not remember for long that it is missing, least of all where a page is waiting for it.
  dynamic "custom_error_response" {
    for_each = [403, 404]
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = var.presign ? 1 : 5
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = length(var.cdn_domains) == 0
    acm_certificate_arn            = length(var.cdn_domains) == 0 ? null : var.cdn_certificate_arn
    ssl_support_method             = length(var.cdn_domains) == 0 ? null : "sni-only"
    minimum_protocol_version       = length(var.cdn_domains) == 0 ? "TLSv1" : "TLSv1.2_2021" # the default certificate has no choice
  }
}
