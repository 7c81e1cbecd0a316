# Each trigger: what invokes, who may, how often it is tried, and where failures go.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file = "tests/package.zip"
  variants     = "{\"variants\": [{\"name\": \"small\", \"size\": 400}]}"
}

run "sqs" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket_notification.uploads.queue) == 1 && length(aws_s3_bucket_notification.uploads.lambda_function) == 0 && length(aws_s3_bucket_notification.uploads.topic) == 0
    error_message = "The bucket tells the queue, and nobody else."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.work[0].function_response_types == toset(["ReportBatchItemFailures"])
    error_message = "Of a batch only what failed comes again."
  }
  assert {
    condition     = aws_sqs_queue.work[0].visibility_timeout_seconds == 6 * 60 && aws_sqs_queue.work[0].sqs_managed_sse_enabled
    error_message = "Messages are hidden for six time-outs, and encrypted."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.work[0].redrive_policy).maxReceiveCount == 5 && jsondecode(aws_sqs_queue.work[0].redrive_policy).deadLetterTargetArn == aws_sqs_queue.failures.arn
    error_message = "What is received too often is a failure."
  }
  assert {
    condition = [for s in jsondecode(aws_sqs_queue_policy.work[0].policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "Send", Effect = "Allow", Principal = { Service = "s3.amazonaws.com" }, Action = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:123456789012:scantling-work"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:s3:::scantling-uploads-123456789012" }, StringEquals = { "aws:SourceAccount" = "123456789012" } }
    }]
    error_message = "Only the uploads bucket of this account may send."
  }
  assert {
    condition     = module.resize[0].name == "scantling-resize" && output.functions == { resize = "scantling-resize", failed = "scantling-failed" }
    error_message = "There are two functions."
  }
}

run "sqs_has_limits" {
  command = plan

  variables {
    batch_size          = 100
    batch_window_s      = 5
    maximum_concurrency = 20
    max_receives        = 3
    timeout_s           = 120
    uploads_prefix      = "photos/"
    mirror_deletes      = true
  }

  assert {
    condition     = aws_lambda_event_source_mapping.work[0].batch_size == 100 && aws_lambda_event_source_mapping.work[0].maximum_batching_window_in_seconds == 5 && one(aws_lambda_event_source_mapping.work[0].scaling_config).maximum_concurrency == 20
    error_message = "Batches and concurrency are as asked for."
  }
  assert {
    condition     = aws_sqs_queue.work[0].visibility_timeout_seconds == 720
    error_message = "The queue follows the function's time-out."
  }
  assert {
    condition     = one(aws_s3_bucket_notification.uploads.queue).filter_prefix == "photos/" && contains(one(aws_s3_bucket_notification.uploads.queue).events, "s3:ObjectRemoved:*")
    error_message = "The bucket tells of removals, below the prefix."
  }
  assert {
    condition     = contains(one([for s in jsondecode(local.policy.resize).Statement : s if s.Sid == "WriteResized"]).Action, "s3:DeleteObject") && one([for s in jsondecode(local.policy.resize).Statement : s if s.Sid == "ReadUploads"]).Resource == "arn:aws:s3:::scantling-uploads-123456789012/photos/*"
    error_message = "Rights follow: outputs may be deleted, and only the prefix read."
  }
}

run "s3" {
  command = plan

  variables {
    trigger         = "s3"
    retries         = 1
    max_event_age_s = 600
  }

  assert {
    condition     = length(aws_s3_bucket_notification.uploads.lambda_function) == 1 && length(aws_sqs_queue.work) == 0 && length(aws_lambda_event_source_mapping.work) == 0
    error_message = "The bucket invokes the function, without a queue."
  }
  assert {
    condition     = aws_lambda_permission.bucket[0].principal == "s3.amazonaws.com" && aws_lambda_permission.bucket[0].source_arn == "arn:aws:s3:::scantling-uploads-123456789012" && aws_lambda_permission.bucket[0].source_account == "123456789012" && aws_lambda_permission.bucket[0].qualifier == "live"
    error_message = "Only that bucket, of this account, may, and only the alias."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.resize[0].maximum_retry_attempts == 1 && aws_lambda_function_event_invoke_config.resize[0].maximum_event_age_in_seconds == 600
    error_message = "Retries and age are as asked for."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.resize[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.failures.arn
    error_message = "What is given up goes to the failure queue."
  }
  assert {
    condition     = alltrue([for s in jsondecode(local.policy.resize).Statement : s.Sid != "Consume"])
    error_message = "Without a queue there is no right to one."
  }
}

run "sns" {
  command = plan

  variables {
    trigger            = "sns"
    fan_out_queue_arns = { index = "arn:aws:sqs:eu-central-1:123456789012:index" }
  }

  assert {
    condition     = length(aws_s3_bucket_notification.uploads.topic) == 1 && length(aws_s3_bucket_notification.uploads.queue) == 0
    error_message = "The bucket tells the topic."
  }
  assert {
    condition     = aws_sns_topic_subscription.work[0].protocol == "sqs" && aws_sns_topic_subscription.other["index"].endpoint == "arn:aws:sqs:eu-central-1:123456789012:index"
    error_message = "Both queues hear of it."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_subscription.work[0].redrive_policy).deadLetterTargetArn == aws_sqs_queue.failures.arn && contains([for s in jsondecode(aws_sqs_queue_policy.failures.policy).Statement : s.Sid], "Undelivered")
    error_message = "What cannot be delivered is a failure, and may be sent."
  }
  assert {
    condition     = one(jsondecode(aws_sns_topic_policy.uploads[0].policy).Statement).Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "Only the bucket of this account may publish."
  }
}

run "eventbridge" {
  command = plan

  variables {
    trigger        = "eventbridge"
    uploads_prefix = "photos/"
  }

  assert {
    condition     = aws_s3_bucket_notification.uploads.eventbridge == true && length(aws_s3_bucket_notification.uploads.queue) == 0
    error_message = "The bucket tells the bus."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.uploads[0].event_pattern) == {
      source = ["aws.s3"], detail-type = ["Object Created"]
      detail = { bucket = { name = ["scantling-uploads-123456789012"] }, object = { key = [{ prefix = "photos/" }] } }
    }
    error_message = "The rule picks what is put into the bucket, below the prefix."
  }
  assert {
    condition     = aws_cloudwatch_event_target.uploads[0].arn == aws_sqs_queue.work[0].arn && one(aws_cloudwatch_event_target.uploads[0].dead_letter_config).arn == aws_sqs_queue.failures.arn
    error_message = "It goes to the queue, and what cannot be delivered to the failure queue."
  }
}

run "workflow" {
  command = plan

  variables {
    trigger = "workflow"
  }

  assert {
    condition     = length(aws_sqs_queue.work) == 0 && aws_cloudwatch_event_target.uploads[0].arn == aws_sfn_state_machine.workflow[0].arn
    error_message = "Events start the state machine."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Resize.Next == "Announce" && jsondecode(aws_sfn_state_machine.workflow[0].definition).States.Resize.Retry[0].MaxAttempts == 2
    error_message = "Pictures are resized, with two retries, and announced."
  }
  assert {
    condition     = jsondecode(aws_sfn_state_machine.workflow[0].definition).States.ReportFailure.Parameters.QueueUrl == "https://sqs.eu-central-1.amazonaws.com/123456789012/scantling-failures"
    error_message = "Failures go to the failure queue."
  }
  assert {
    condition     = toset(flatten([for s in jsondecode(aws_iam_role_policy.workflow[0].policy).Statement : s.Action])) == toset(["sqs:SendMessage", "lambda:InvokeFunction", "events:PutEvents"])
    error_message = "The state machine may do these three things."
  }
}

run "retries_are_at_most_two" {
  command = plan

  variables {
    trigger = "s3"
    retries = 3
  }

  expect_failures = [var.retries]
}
