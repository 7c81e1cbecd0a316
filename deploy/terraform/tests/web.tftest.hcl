# What faces the web: the CDN, pictures made on demand, URLs for uploads.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file = "tests/package.zip"
  variants     = "{\"variants\": [{\"name\": \"small\", \"size\": 400}]}"
}

run "cdn" {
  command = plan

  assert {
    condition     = aws_cloudfront_origin_access_control.cdn["s3"].signing_behavior == "always" && length(aws_cloudfront_origin_access_control.cdn) == 1
    error_message = "The CDN signs what it asks of the bucket."
  }
  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.this["resized"].policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "Cdn", Effect = "Allow", Principal = { Service = "cloudfront.amazonaws.com" }, Action = "s3:GetObject"
      Resource  = "arn:aws:s3:::scantling-resized-123456789012/*"
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.cdn[0].arn } }
    }]
    error_message = "The bucket admits this one distribution, to read."
  }
  assert {
    condition     = aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https" && aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].target_origin_id == "resized"
    error_message = "Pictures come over TLS, from the bucket."
  }
  assert {
    condition     = length(aws_cloudfront_response_headers_policy.cdn[0].cors_config) == 0 && toset([for e in aws_cloudfront_distribution.cdn[0].custom_error_response : e.error_caching_min_ttl]) == toset([5])
    error_message = "No page may read pictures unless it is named."
  }
}

run "render" {
  command = plan

  variables {
    render = true
  }

  assert {
    condition     = { for name, p in aws_lambda_permission.cdn : name => "${p.action} ${p.principal} ${p.source_arn}" } == { url = "lambda:InvokeFunctionUrl cloudfront.amazonaws.com ${aws_cloudfront_distribution.cdn[0].arn}", function = "lambda:InvokeFunction cloudfront.amazonaws.com ${aws_cloudfront_distribution.cdn[0].arn}" }
    error_message = "The CDN has both rights that a function URL takes, and nobody else has them."
  }
  assert {
    condition     = aws_lambda_function_url.render[0].authorization_type == "AWS_IAM"
    error_message = "The function is not open."
  }
  assert {
    condition     = one(one(aws_cloudfront_distribution.cdn[0].origin_group).failover_criteria).status_codes == toset([403, 404]) && aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].target_origin_id == "resized-or-render"
    error_message = "What the bucket has not got is asked of the function."
  }
  assert {
    condition     = length(aws_cloudfront_origin_access_control.cdn) == 2
    error_message = "The CDN signs both kinds of requests."
  }
}

run "domain" {
  command = plan

  variables {
    cdn_domains         = ["pictures.example.com"]
    cdn_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/0"
  }

  assert {
    condition     = aws_cloudfront_distribution.cdn[0].aliases == toset(["pictures.example.com"]) && aws_cloudfront_distribution.cdn[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Under one's own domain, with TLS 1.2 or later."
  }
}

run "domain_without_certificate" {
  command = plan

  variables {
    cdn_domains         = ["pictures.example.com"]
    cdn_certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/0"
  }

  expect_failures = [var.cdn_certificate_arn]
}

run "presign_by_iam" {
  command = plan

  variables {
    presign = true
  }

  assert {
    condition     = output.site_config == null && aws_lambda_function_url.presign[0].authorization_type == "AWS_IAM" && length(aws_apigatewayv2_api.presign) == 0
    error_message = "Lambda checks the caller."
  }
  assert {
    condition     = [for s in jsondecode(local.policy.presign).Statement : s.Action if s.Sid != "Log"] == [["s3:PutObject"]]
    error_message = "Its URLs can upload, and nothing else."
  }
}

run "presign_by_token" {
  command = plan

  variables {
    presign      = true
    presign_auth = "jwt"
    jwt_keys     = "-----BEGIN PUBLIC KEY-----"
    jwt_issuer   = "https://login.example.com"
    jwt_audience = "pictures"
    key_template = "{stem}/{name}.{ext}"
    variants     = "{\"variants\": [{\"name\": \"a\", \"size\": 400}, {\"name\": \"b\", \"size\": 40, \"format\": \"png\"}]}"
    cors_origins = ["https://www.example.com"]
  }

  # What a page of another origin needs: tests/e2e/site_test.py has a browser ask for it.
  assert {
    condition     = local.presign_settings.SCANTLING_CORS_ORIGINS == "https://www.example.com"
    error_message = "The page may ask for URLs."
  }
  assert {
    condition     = one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_methods == toset(["PUT"]) && one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_headers == toset(["content-type", "content-length", "if-none-match"])
    error_message = "It may upload, with the headers that are signed into the URL."
  }
  assert {
    condition     = one(one(aws_cloudfront_response_headers_policy.cdn[0].cors_config).access_control_allow_origins).items == toset(["https://www.example.com"]) && one(one(aws_cloudfront_response_headers_policy.cdn[0].cors_config).access_control_allow_methods).items == toset(["GET", "HEAD"]) && one(aws_cloudfront_response_headers_policy.cdn[0].cors_config).origin_override
    error_message = "It may read pictures at the CDN, and learn that there is none yet."
  }
  assert {
    condition     = toset([for e in aws_cloudfront_distribution.cdn[0].custom_error_response : e.error_caching_min_ttl]) == toset([1])
    error_message = "It does not wait longer for a picture than it takes."
  }
  assert {
    condition     = jsondecode(output.site_config).key == "{stem}/{name}.{ext}" && jsondecode(output.site_config).variants == [{ name = "a", format = "source" }, { name = "b", format = "png" }]
    error_message = "Its config.json has the keys of this stack."
  }
  assert {
    condition     = length(aws_lambda_function_url.presign) == 0 && aws_apigatewayv2_stage.presign[0].default_route_settings[0].throttling_rate_limit == 20
    error_message = "An API with a limit on requests, and no open function URL."
  }
  assert {
    condition     = aws_lambda_permission.presign[0].principal == "apigateway.amazonaws.com" && startswith(aws_lambda_permission.presign[0].source_arn, aws_apigatewayv2_api.presign[0].execution_arn)
    error_message = "Only that API may invoke."
  }
}

run "tokens_need_keys" {
  command = plan

  variables {
    presign      = true
    presign_auth = "jwt"
  }

  expect_failures = [var.presign_auth]
}
