# What came to nothing: failure queue -> failed function -> failed bucket and table.
#
# The queue gets four kinds of messages, and the function reads them all: ours, with a verdict, as soon as it is known that no retry
# will help; what Lambda gave up after its retries; what was received too often from the work queue; what a topic or a
# rule could not deliver.

resource "aws_sqs_queue" "failures" {
  name                       = local.queue.failures
  sqs_managed_sse_enabled    = true
  message_retention_seconds  = 1209600
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = 6 * local.failed_timeout_s
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.unread.arn
    maxReceiveCount     = 5
  })
}

# What even the failed function could not deal with. Nobody reads it: there is an alarm.
resource "aws_sqs_queue" "unread" {
  name                      = local.queue.unread
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "failures" {
  queue_url = aws_sqs_queue.failures.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      local.only_over_tls["failures"],
      [for trigger, sender in {
        sns         = { service = "sns", arn = local.topic_arn }
        eventbridge = { service = "events", arn = local.rule_arn }
        workflow    = { service = "events", arn = local.rule_arn }
        } : {
        Sid       = "Undelivered"
        Effect    = "Allow"
        Principal = { Service = "${sender.service}.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn.failures
        Condition = { ArnEquals = { "aws:SourceArn" = sender.arn } }
      } if trigger == var.trigger],
    )
  })
}

resource "aws_sqs_queue_policy" "unread" {
  queue_url = aws_sqs_queue.unread.id
  policy    = jsonencode({ Version = "2012-10-17", Statement = local.only_over_tls["unread"] })
}

locals {
  failed_timeout_s = 60
}

module "failed" {
  source = "./modules/function"

  name         = "${var.name}-failed"
  description  = "Moves failed pictures out of the uploads, and notes them."
  handler      = "failed"
  package_file = local.package_file
  architecture = var.architecture
  memory_mb    = 256
  timeout_s    = local.failed_timeout_s
  policy       = local.policy.failed
  log_days     = var.log_days
  log_level    = var.log_level
  tags         = var.tags
  environment = {
    SCANTLING_SOURCE       = local.settings.SCANTLING_SOURCE
    SCANTLING_FAILED_STORE = "s3://${local.bucket.failed}"
    SCANTLING_FAILED_TABLE = aws_dynamodb_table.failures.name
    SCANTLING_FAILED_DAYS  = tostring(var.failed_days)
  }
}

resource "aws_lambda_event_source_mapping" "failures" {
  event_source_arn        = aws_sqs_queue.failures.arn
  function_name           = module.failed.alias_arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags
}

resource "aws_dynamodb_table" "failures" {
  name         = local.table_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "object"
  range_key    = "version"
  tags         = var.tags

  attribute {
    name = "object"
    type = "S"
  }
  attribute {
    name = "version"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled = false # encrypted all the same, with a key that AWS owns and that costs nothing
  }
  # As long as the pictures, after their last failure.
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }
}
