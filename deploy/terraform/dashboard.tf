# One page: how much, how fast, how much failed, what waits, what it costs. The metrics of Scantling are those that it prints into its
# log (README of driver/lambda): dimensions Service, which is the function's name, and Verdict.

locals {
  service = local.uses_lambda ? "${var.name}-resize" : var.name

  widgets = concat(
    [
      {
        title   = "Pictures, by verdict"
        stat    = "Sum"
        metrics = [[{ expression = "SEARCH('{Scantling,Service,Verdict} Service=\"${local.service}\" MetricName=\"Records\"', 'Sum', 300)", id = "records", label = "" }]]
      },
      {
        title   = "Time for a picture, ms: median and 99th percentile"
        stat    = "p50"
        metrics = [for stat in ["p50", "p99"] : ["Scantling", "Duration", "Service", local.service, "Verdict", "ok", { stat = stat }]]
      },
      {
        title   = "Bytes in and out"
        stat    = "Sum"
        metrics = [for name in ["BytesIn", "BytesOut"] : ["Scantling", name, "Service", local.service, "Verdict", "ok"]]
      },
      {
        title   = "Estimated cost of computing, USD"
        stat    = "Sum"
        metrics = [["Scantling", "EstimatedCostUSD", "Service", local.service, "Verdict", "ok"]]
      },
      {
        title   = "Waiting"
        stat    = "Maximum"
        metrics = [for which in(local.uses_queue ? ["work", "failures", "unread"] : ["failures", "unread"]) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", local.queue[which]]]
      },
    ],
    [for what in ["Invocations", "Errors", "Throttles"] : {
      title   = "Functions: ${lower(what)}"
      stat    = "Sum"
      metrics = [for function in keys(local.function_timeout_s) : ["AWS/Lambda", what, "FunctionName", "${var.name}-${function}"]]
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [for i, widget in local.widgets : {
      type   = "metric"
      x      = i % 2 * 12
      y      = floor(i / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        stat    = widget.stat
        period  = 300
        region  = local.region
        view    = "timeSeries"
        metrics = widget.metrics
      }
    }]
  })
}
