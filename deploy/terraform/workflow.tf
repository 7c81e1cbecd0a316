# Actions in sequence, with Step Functions: each upload is resized, and then announced on the bus as "Pictures Resized", which is
# where further rules (moderation, captions, an index) begin. An example to extend: states go between Resize and Announce.

locals {
  workflow = {
    StartAt = "Resize"
    States = {
      Resize = {
        Type           = "Task"
        Resource       = "arn:${local.partition}:states:::lambda:invoke"
        TimeoutSeconds = var.timeout_s + 5
        Parameters = {
          FunctionName = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-resize:live"
          "Payload.$"  = "$"
        }
        ResultPath = "$.resized"
        Retry = var.retries == 0 ? [] : [{
          ErrorEquals     = ["States.ALL"]
          IntervalSeconds = 10
          BackoffRate     = 3
          MaxAttempts     = var.retries
          JitterStrategy  = "FULL"
        }]
        Catch = [{ ErrorEquals = ["States.ALL"], ResultPath = "$.problem", Next = "ReportFailure" }]
        Next  = "Announce"
      }
      Announce = {
        Type     = "Task"
        Resource = "arn:${local.partition}:states:::events:putEvents"
        Parameters = { Entries = [{
          Source       = var.name
          DetailType   = "Pictures Resized"
          EventBusName = "default"
          "Detail.$"   = "$.detail"
        }] }
        End = true
      }
      # In the envelope of a destination of Lambda, which is what the failed function reads.
      ReportFailure = {
        Type     = "Task"
        Resource = "arn:${local.partition}:states:::sqs:sendMessage"
        Parameters = {
          QueueUrl = local.queue_url.failures
          MessageBody = {
            version        = "1.0"
            "timestamp.$"  = "$$.State.EnteredTime"
            requestContext = { "requestId.$" = "$$.Execution.Name", condition = "RetriesExhausted", functionArn = "${var.name}-resize" }
            requestPayload = {
              "version.$" = "$.version", "id.$" = "$.id", "detail-type.$" = "$.detail-type", "source.$" = "$.source"
              "time.$"    = "$.time", "region.$" = "$.region", "account.$" = "$.account", "detail.$" = "$.detail"
            }
            responsePayload = { "errorType.$" = "$.problem.Error", "errorMessage.$" = "$.problem.Cause" }
          }
        }
        Next = "GiveUp"
      }
      GiveUp = { Type = "Fail", Error = "NotResized", Cause = "The failure queue has it." }
    }
  }
}

resource "aws_sfn_state_machine" "workflow" {
  count = var.trigger == "workflow" ? 1 : 0

  name       = local.workflow_name
  role_arn   = aws_iam_role.workflow[0].arn
  definition = jsonencode(local.workflow)
  tags       = var.tags

  depends_on = [aws_iam_role_policy.workflow]
}

resource "aws_iam_role" "workflow" {
  count = var.trigger == "workflow" ? 1 : 0

  name               = local.workflow_name
  assume_role_policy = local.trust["states"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "workflow" {
  count = var.trigger == "workflow" ? 1 : 0

  name   = "all"
  role   = aws_iam_role.workflow[0].id
  policy = local.policy.workflow
}

resource "aws_iam_role" "start_workflow" {
  count = var.trigger == "workflow" ? 1 : 0

  name               = "${local.workflow_name}-start"
  assume_role_policy = local.trust["events"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "start_workflow" {
  count = var.trigger == "workflow" ? 1 : 0

  name = "all"
  role = aws_iam_role.start_workflow[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Start", Effect = "Allow", Action = ["states:StartExecution"], Resource = local.workflow_arn }]
  })
}
