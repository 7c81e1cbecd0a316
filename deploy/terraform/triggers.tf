# From the uploads bucket to whoever resizes.
#
#     s3           bucket ------------------------------> function
#     sqs          bucket --------------------> queue --> function, or workers
#     sns          bucket --> topic ----------> queue --> function, or workers
#                                   `---------> any other queue
#     eventbridge  bucket --> bus --> rule ---> queue --> function, or workers
#     workflow     bucket --> bus --> rule ---> state machine --> function, and what comes after it (workflow.tf)

locals {
  created_and_removed = concat(["s3:ObjectCreated:*"], var.mirror_deletes ? ["s3:ObjectRemoved:*"] : [])
  uses_bus            = contains(["eventbridge", "workflow"], var.trigger)

  # S3 and EventBridge speak for the bucket, which may have been deleted and made again by somebody else: hence the account.
  from_uploads = { ArnEquals = { "aws:SourceArn" = local.bucket_arn.uploads }, StringEquals = { "aws:SourceAccount" = local.account } }
}

resource "aws_s3_bucket_notification" "uploads" {
  bucket      = aws_s3_bucket.this["uploads"].id
  eventbridge = local.uses_bus

  dynamic "lambda_function" {
    for_each = var.trigger == "s3" ? [1] : []
    content {
      lambda_function_arn = module.resize[0].alias_arn
      events              = local.created_and_removed
      filter_prefix       = var.uploads_prefix
    }
  }

  dynamic "queue" {
    for_each = var.trigger == "sqs" ? [1] : []
    content {
      queue_arn     = aws_sqs_queue.work[0].arn
      events        = local.created_and_removed
      filter_prefix = var.uploads_prefix
    }
  }

  dynamic "topic" {
    for_each = var.trigger == "sns" ? [1] : []
    content {
      topic_arn     = aws_sns_topic.uploads[0].arn
      events        = local.created_and_removed
      filter_prefix = var.uploads_prefix
    }
  }

  # S3 tries whether it may, before it agrees.
  depends_on = [aws_lambda_permission.bucket, aws_sqs_queue_policy.work, aws_sns_topic_policy.uploads]
}

# ---- s3

resource "aws_lambda_permission" "bucket" {
  count = var.trigger == "s3" ? 1 : 0

  statement_id   = "uploads"
  action         = "lambda:InvokeFunction"
  function_name  = module.resize[0].name
  qualifier      = module.resize[0].alias
  principal      = "s3.amazonaws.com"
  source_arn     = local.bucket_arn.uploads
  source_account = local.account
}

# ---- the queue

resource "aws_sqs_queue" "work" {
  count = local.uses_queue ? 1 : 0

  name                       = local.queue.work
  sqs_managed_sse_enabled    = true
  message_retention_seconds  = 1209600 # 14 days, the most
  receive_wait_time_seconds  = 20
  visibility_timeout_seconds = local.uses_lambda ? 6 * var.timeout_s : 120 # workers go on hiding what they work on
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failures.arn
    maxReceiveCount     = var.max_receives
  })
}

resource "aws_sqs_queue_policy" "work" {
  count = local.uses_queue ? 1 : 0

  queue_url = aws_sqs_queue.work[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.only_over_tls["work"], local.may_send_work[var.trigger])
  })
}

locals {
  only_over_tls = { for which, arn in local.queue_arn : which => [{
    Sid       = "OnlyOverTls"
    Effect    = "Deny"
    Principal = "*"
    Action    = "sqs:*"
    Resource  = arn
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }] }

  may_send_work = {
    for trigger, sender in {
      sqs         = { service = "s3", condition = local.from_uploads }
      sns         = { service = "sns", condition = { ArnEquals = { "aws:SourceArn" = local.topic_arn } } }
      eventbridge = { service = "events", condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } } }
      } : trigger => [{
        Sid       = "Send"
        Effect    = "Allow"
        Principal = { Service = "${sender.service}.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn.work
        Condition = sender.condition
    }]
  }
}

resource "aws_lambda_event_source_mapping" "work" {
  count = local.uses_queue && local.uses_lambda ? 1 : 0

  event_source_arn                   = aws_sqs_queue.work[0].arn
  function_name                      = module.resize[0].alias_arn
  batch_size                         = var.batch_size
  maximum_batching_window_in_seconds = var.batch_window_s
  function_response_types            = ["ReportBatchItemFailures"]
  tags                               = var.tags

  dynamic "scaling_config" {
    for_each = var.maximum_concurrency == null ? [] : [var.maximum_concurrency]
    content {
      maximum_concurrency = scaling_config.value
    }
  }
}

# ---- sns

resource "aws_sns_topic" "uploads" {
  count = var.trigger == "sns" ? 1 : 0

  name = local.topic_name
  tags = var.tags
}

resource "aws_sns_topic_policy" "uploads" {
  count = var.trigger == "sns" ? 1 : 0

  arn = aws_sns_topic.uploads[0].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Publish"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = local.topic_arn
      Condition = local.from_uploads
    }]
  })
}

# What the topic cannot deliver is a failure like any other.
resource "aws_sns_topic_subscription" "work" {
  count = var.trigger == "sns" ? 1 : 0

  topic_arn      = aws_sns_topic.uploads[0].arn
  protocol       = "sqs"
  endpoint       = aws_sqs_queue.work[0].arn
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.failures.arn })

  depends_on = [aws_sqs_queue_policy.work]
}

resource "aws_sns_topic_subscription" "other" {
  for_each = var.trigger == "sns" ? var.fan_out_queue_arns : {}

  topic_arn = aws_sns_topic.uploads[0].arn
  protocol  = "sqs"
  endpoint  = each.value
}

# ---- eventbridge, workflow

locals {
  rule_name = "${var.name}-uploads"
  rule_arn  = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule_name}"
}

resource "aws_cloudwatch_event_rule" "uploads" {
  count = local.uses_bus ? 1 : 0

  name        = local.rule_name
  description = "What happens in the uploads bucket."
  tags        = var.tags
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = concat(["Object Created"], var.mirror_deletes ? ["Object Deleted"] : [])
    detail = merge(
      { bucket = { name = [local.bucket.uploads] } },
      var.uploads_prefix == "" ? {} : { object = { key = [{ prefix = var.uploads_prefix }] } },
    )
  })
}

resource "aws_cloudwatch_event_target" "uploads" {
  count = local.uses_bus ? 1 : 0

  rule     = aws_cloudwatch_event_rule.uploads[0].name
  arn      = var.trigger == "workflow" ? aws_sfn_state_machine.workflow[0].arn : aws_sqs_queue.work[0].arn
  role_arn = var.trigger == "workflow" ? aws_iam_role.start_workflow[0].arn : null

  retry_policy {
    maximum_event_age_in_seconds = var.max_event_age_s
    maximum_retry_attempts       = 185 # EventBridge's own default; these are not tries of ours
  }
  dead_letter_config {
    arn = aws_sqs_queue.failures.arn
  }

  depends_on = [aws_sqs_queue_policy.work]
}
