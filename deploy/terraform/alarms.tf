# What somebody should look at. All alarms go to one topic.

locals {
  function_timeout_s = merge(
    { failed = local.failed_timeout_s },
    local.uses_lambda ? { resize = var.timeout_s } : {},
    var.presign ? { presign = local.presign_timeout_s } : {},
    var.render ? { render = local.render_timeout_s } : {},
  )
}

# Not encrypted with a key of KMS: CloudWatch may not use SNS's own, and messages are alarms' names and states.
resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
  tags = var.tags
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:${local.partition}:sns:${local.region}:${local.account}:${var.name}-alarms"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = toset(var.alarm_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

# ---- queues: how many wait, and for how long. The failed function empties its queue within seconds, and depth is only looked at
# ---- once a minute: what arrives is counted as well.

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = merge(
    {
      failures-depth = {
        about  = "Pictures failed, and wait in the failure queue.", queue = "failures"
        metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", period = 60, threshold = var.failure_depth_threshold
      }
      failures-age = {
        about  = "Failures are not dealt with.", queue = "failures"
        metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", period = 60, threshold = var.failure_age_threshold_s
      }
      failures-arrived = {
        about  = "Pictures failed: the table says which, and why.", queue = "failures"
        metric = "NumberOfMessagesSent", statistic = "Sum", period = 300, threshold = var.failure_depth_threshold
      }
      failures-unread = {
        about  = "The failed function could not deal with a failure.", queue = "unread"
        metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", period = 60, threshold = 0
      }
    },
    local.uses_queue ? {
      work-age = {
        about  = "Uploads wait too long to be resized.", queue = "work"
        metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", period = 60, threshold = var.work_age_threshold_s
      }
    } : {},
  )

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.about
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = local.queue[each.value.queue] }
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags
}

# ---- functions

# More of 100 invocations fail than CloudWatch has learnt to be normal. It takes a day or two to learn.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.function_timeout_s

  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "${var.name}-${each.key} fails more often than usual."
  comparison_operator = "GreaterThanUpperThreshold"
  threshold_metric_id = "normal"
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  metric_query {
    id          = "normal"
    expression  = "ANOMALY_DETECTION_BAND(rate, ${var.error_band})"
    label       = "normal"
    return_data = true
  }
  metric_query {
    id          = "rate"
    expression  = "100 * errors / MAX([errors, invocations])"
    label       = "errors of 100 invocations"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { errors = "Errors", invocations = "Invocations" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = { FunctionName = "${var.name}-${each.key}" }
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.function_timeout_s

  alarm_name          = "${var.name}-${each.key}-throttles"
  alarm_description   = "${var.name}-${each.key} is wanted more often than its concurrency, or the account's, allows."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = "${var.name}-${each.key}" }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "duration" {
  for_each = local.function_timeout_s

  alarm_name          = "${var.name}-${each.key}-duration"
  alarm_description   = "${var.name}-${each.key} comes near its time-out of ${each.value} s."
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = "${var.name}-${each.key}" }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000 * each.value * var.duration_fraction
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags
}
