# Everything: a page uploads through presigned URLs, pictures are resized on arrival or when they are first asked for, and served by
# a CDN; further consumers hear of uploads; originals move to cheaper storage; somebody hears of alarms.

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

variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "pictures"
}

variable "package_file" {
  description = "The package of the functions; null: that of this repository."
  type        = string
  default     = null
}

variable "page_origin" {
  description = "The page that uploads."
  type        = string
  default     = "https://www.example.com"
}

variable "jwt_keys" {
  description = "Public keys of who signs the page's tokens, as PEM or as a JSON Web Key Set."
  type        = string
}

variable "jwt_issuer" {
  description = "Who signs the page's tokens."
  type        = string
}

variable "alarm_emails" {
  description = "Who hears of alarms."
  type        = list(string)
  default     = []
}

variable "kms_key_arn" {
  description = "Key for originals and failed pictures."
  type        = string
  default     = null
}

module "scantling" {
  source = "../.."

  name         = var.name
  package_file = var.package_file
  tags         = { application = var.name }
  variants     = file("${path.module}/variants.json")

  trigger             = "sns"
  fan_out_queue_arns  = { index = aws_sqs_queue.index.arn }
  batch_size          = 10
  batch_window_s      = 1
  maximum_concurrency = 50
  mirror_deletes      = true
  limits              = { max_pixels = "150000000", timeout = "30" }

  kms_key_arn     = var.kms_key_arn
  originals_class = "INTELLIGENT_TIERING"
  originals_days  = 0
  failed_days     = 30
  uploads_prefix  = "photos/"

  render                  = true
  provisioned_concurrency = 1

  presign      = true
  presign_auth = "jwt"
  jwt_keys     = var.jwt_keys
  jwt_issuer   = var.jwt_issuer
  jwt_audience = var.name
  cors_origins = [var.page_origin]

  alarm_emails = var.alarm_emails
}

# Another consumer of the same events, independent of the first.
resource "aws_sqs_queue" "index" {
  name                    = "${var.name}-index"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "index" {
  queue_url = aws_sqs_queue.index.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Send"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.index.arn
      Condition = { ArnEquals = { "aws:SourceArn" = module.scantling.uploads_topic_arn } }
    }]
  })
}

output "site_config" {
  description = "config.json for the page: deploy/site."
  value       = module.scantling.site_config
}

output "scantling" {
  description = "All that there is to know of it."
  value       = module.scantling
}
