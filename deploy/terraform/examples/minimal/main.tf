# The least: uploads -> queue -> function -> resized pictures, failures on their side. No CDN.

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
  default     = "scantling"
}

variable "package_file" {
  description = "The package of the functions; null: that of this repository."
  type        = string
  default     = null
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes pictures, too."
  type        = bool
  default     = false
}

module "scantling" {
  source = "../.."

  name          = var.name
  package_file  = var.package_file
  force_destroy = var.force_destroy
  cdn           = false
  variants      = file("${path.module}/variants.json")
}

output "scantling" {
  description = "All that there is to know of it."
  value       = module.scantling
}
