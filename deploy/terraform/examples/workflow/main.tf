# Actions in sequence: a state machine resizes each upload, and announces it; a rule of your own hears of that.

terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.90, < 6.0"
    }
  }
}

provider "aws" {}

variable "package_file" {
  description = "The package of the functions; null: that of this repository."
  type        = string
  default     = null
}

module "scantling" {
  source = "../.."

  name         = "sequence"
  package_file = var.package_file
  trigger      = "workflow"
  cdn          = false
  variants     = file("${path.module}/../minimal/variants.json")
}

# What comes next: here a log, in its place a function that writes captions, or one that moderates.
resource "aws_cloudwatch_event_rule" "resized" {
  name          = "sequence-resized"
  description   = "Pictures that have been resized."
  event_pattern = jsonencode({ source = ["sequence"], detail-type = ["Pictures Resized"] })
}

resource "aws_cloudwatch_log_group" "resized" {
  name              = "/aws/events/sequence-resized"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_resource_policy" "resized" {
  policy_name = "sequence-resized"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Log"
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.resized.arn}:*"
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.resized.arn } }
    }]
  })
}

resource "aws_cloudwatch_event_target" "resized" {
  rule = aws_cloudwatch_event_rule.resized.name
  arn  = aws_cloudwatch_log_group.resized.arn
}

output "scantling" {
  description = "All that there is to know of it."
  value       = module.scantling
}
