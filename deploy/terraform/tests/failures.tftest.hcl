# The failure path, and who hears of it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file = "tests/package.zip"
  variants     = "{\"variants\": [{\"name\": \"small\", \"size\": 400}]}"
}

run "failures_reach_the_table_and_somebody" {
  command = plan

  variables {
    alarm_emails = ["ops@example.com"]
    render       = true
  }

  assert {
    condition     = aws_dynamodb_table.failures.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.failures.point_in_time_recovery[0].enabled && aws_dynamodb_table.failures.ttl[0].enabled
    error_message = "The table is on demand, recoverable, and forgets what has a time to go."
  }
  assert {
    condition     = aws_dynamodb_table.failures.hash_key == "object" && aws_dynamodb_table.failures.range_key == "version"
    error_message = "Its keys are those that the failed function writes."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.failures.function_response_types == toset(["ReportBatchItemFailures"]) && aws_sqs_queue.failures.visibility_timeout_seconds == 360
    error_message = "Of a batch only what failed comes again."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.failures.redrive_policy).deadLetterTargetArn == aws_sqs_queue.unread.arn && aws_sqs_queue.failures.sqs_managed_sse_enabled && aws_sqs_queue.unread.sqs_managed_sse_enabled
    error_message = "The failure queue has one behind it; both are encrypted."
  }
  assert {
    condition = { for name, alarm in aws_cloudwatch_metric_alarm.queue : name => "${alarm.dimensions.QueueName} ${alarm.metric_name} ${alarm.threshold}" } == {
      failures-depth   = "scantling-failures ApproximateNumberOfMessagesVisible 0"
      failures-age     = "scantling-failures ApproximateAgeOfOldestMessage 0"
      failures-arrived = "scantling-failures NumberOfMessagesSent 0"
      failures-unread  = "scantling-failures-unread ApproximateNumberOfMessagesVisible 0"
      work-age         = "scantling-work ApproximateAgeOfOldestMessage 900"
    }
    error_message = "Depth and age of the queues are watched, from the first failure on."
  }
  assert {
    condition = alltrue([for alarms in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.throttles, aws_cloudwatch_metric_alarm.duration] :
    toset(keys(alarms)) == toset(["resize", "failed", "render"]) && alltrue([for alarm in alarms : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])])])
    error_message = "Errors, throttles and durations of every function are watched, and somebody hears of them."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.duration["resize"].threshold == 48000 && aws_cloudwatch_metric_alarm.errors["resize"].threshold_metric_id == "normal"
    error_message = "Near the time-out is 80 % of it; errors are compared with what is normal."
  }
  assert {
    condition     = aws_sns_topic_subscription.alarms["ops@example.com"].protocol == "email"
    error_message = "Alarms are mailed."
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 8
    error_message = "The dashboard has eight widgets."
  }
}

run "thresholds_are_variables" {
  command = plan

  variables {
    failure_depth_threshold = 10
    failure_age_threshold_s = 300
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.queue["failures-depth"].threshold == 10 && aws_cloudwatch_metric_alarm.queue["failures-age"].threshold == 300
    error_message = "Thresholds are as asked for."
  }
}
