output "buckets" {
  description = "Names of the buckets: uploads, resized, failed."
  value       = local.bucket
}

output "uploads_url" {
  description = "Where to put pictures."
  value       = "s3://${local.bucket.uploads}/${var.uploads_prefix}"
}

output "pictures_url" {
  description = "Where the resized ones are to be had; null without cdn."
  value       = one([for d in aws_cloudfront_distribution.cdn : "https://${length(var.cdn_domains) > 0 ? var.cdn_domains[0] : d.domain_name}/"])
}

output "cdn_domain" {
  description = "What cdn_domains have to point to; null without cdn."
  value       = one(aws_cloudfront_distribution.cdn[*].domain_name)
}

output "presign_url" {
  description = "Where to ask for URLs for uploads; null without presign."
  value       = one(concat(aws_lambda_function_url.presign[*].function_url, aws_apigatewayv2_stage.presign[*].invoke_url))
}

output "site_config" {
  description = "config.json of deploy/site, a page that uploads; null without presign by jwt and cdn."
  value = local.presign_by_jwt == 0 || !var.cdn ? null : jsonencode({
    presign    = aws_apigatewayv2_stage.presign[0].invoke_url
    pictures   = "https://${length(var.cdn_domains) > 0 ? var.cdn_domains[0] : aws_cloudfront_distribution.cdn[0].domain_name}/"
    prefix     = var.uploads_prefix
    key        = coalesce(var.key_template, try(jsondecode(var.variants).key, null), "{folder}{file}/{name}.{ext}")
    types      = var.upload_types
    max_bytes  = var.upload_max_bytes
    patience_s = 120
    variants = [for variant in jsondecode(var.variants).variants : {
      name   = variant.name
      format = try(variant.format, jsondecode(var.variants).defaults.format, "source")
    }]
  })
}

output "work_queue_url" {
  description = "The queue of events, for scantling backfill and redrive; null with the triggers s3 and workflow."
  value       = one(aws_sqs_queue.work[*].url)
}

output "failure_queue_url" {
  description = "The failure queue."
  value       = aws_sqs_queue.failures.url
}

output "unread_queue_url" {
  description = "The queue of failures that could not be dealt with."
  value       = aws_sqs_queue.unread.url
}

output "failure_table" {
  description = "The table of failures."
  value       = aws_dynamodb_table.failures.name
}

output "uploads_topic_arn" {
  description = "The topic of events, for further consumers; null but with the trigger sns."
  value       = one(aws_sns_topic.uploads[*].arn)
}

output "alarms_topic_arn" {
  description = "The topic of alarms."
  value       = aws_sns_topic.alarms.arn
}

output "functions" {
  description = "Names of the functions that there are."
  value       = { for function in keys(local.function_timeout_s) : function => "${var.name}-${function}" }
}

output "settings" {
  description = "The environment of whoever resizes, as Terraform set it."
  value       = merge(local.settings, { SCANTLING_FAILED = local.queue_url.failures })
}

output "dashboard" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
