# Names and ARNs, put together here once. They are written out rather than taken from the resources, so that every policy
# is known in the plan, where it can be read and tested before anything exists.

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  account   = data.aws_caller_identity.current.account_id

  # Names of buckets are unique in the world: the account's number makes ours so.
  bucket = {
    uploads = coalesce(var.bucket_names.uploads, "${var.name}-uploads-${local.account}")
    resized = coalesce(var.bucket_names.resized, "${var.name}-resized-${local.account}")
    failed  = coalesce(var.bucket_names.failed, "${var.name}-failed-${local.account}")
  }
  bucket_arn = { for which, name in local.bucket : which => "arn:${local.partition}:s3:::${name}" }

  queue = {
    work     = "${var.name}-work"
    failures = "${var.name}-failures"
    unread   = "${var.name}-failures-unread"
  }
  queue_arn = { for which, name in local.queue : which => "arn:${local.partition}:sqs:${local.region}:${local.account}:${name}" }
  queue_url = { for which, name in local.queue : which => "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account}/${name}" }

  topic_name = "${var.name}-uploads"
  topic_arn  = "arn:${local.partition}:sns:${local.region}:${local.account}:${local.topic_name}"

  table_name = "${var.name}-failures"
  table_arn  = "arn:${local.partition}:dynamodb:${local.region}:${local.account}:table/${local.table_name}"

  workflow_name = "${var.name}-workflow"
  workflow_arn  = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.workflow_name}"

  # What is to be made goes to functions and workers as one line of text in their environment.
  variants = jsonencode(jsondecode(var.variants))

  uses_lambda = var.compute == "lambda"
  uses_queue  = contains(["sqs", "sns", "eventbridge"], var.trigger)

  # The settings that functions and workers have in common: driver/lambda/README.md.
  settings = merge(
    {
      SCANTLING_SOURCE         = "s3://${local.bucket.uploads}/${var.uploads_prefix}"
      SCANTLING_TARGET         = "s3://${local.bucket.resized}"
      SCANTLING_VARIANTS       = local.variants
      SCANTLING_CACHE_CONTROL  = var.cache_control
      SCANTLING_MIRROR_DELETES = var.mirror_deletes ? "1" : "0"
      SCANTLING_SALVAGE        = var.salvage ? "1" : "0"
      SCANTLING_LINEAR         = var.linear ? "1" : "0"
    },
    var.key_template == null ? {} : { SCANTLING_KEY = var.key_template },
    { for limit, value in var.limits : "SCANTLING_${upper(limit)}" => value },
  )

  package_file = coalesce(var.package_file, "${path.module}/../../dist/scantling-lambda-${var.architecture}.zip")
}
