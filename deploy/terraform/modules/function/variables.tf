variable "name" {
  description = "Name of the function, its role, and its log group below /aws/lambda."
  type        = string
}

variable "description" {
  description = "What the function is for."
  type        = string
}

variable "handler" {
  description = "Which of the functions in the package it is."
  type        = string

  validation {
    condition     = contains(["resize", "failed", "presign", "render"], var.handler)
    error_message = "handler: resize, failed, presign or render."
  }
}

variable "package_file" {
  description = "The package."
  type        = string
}

variable "architecture" {
  description = "arm64 or x86_64, as the package."
  type        = string
}

variable "memory_mb" {
  description = "Memory."
  type        = number
}

variable "timeout_s" {
  description = "Seconds that an invocation may take."
  type        = number
}

variable "environment" {
  description = "Its settings."
  type        = map(string)
}

variable "policy" {
  description = "What its role may do, in JSON."
  type        = string
}

variable "reserved_concurrency" {
  description = "Most invocations at a time; null: no limit of its own."
  type        = number
  default     = null
}

variable "provisioned_concurrency" {
  description = "Instances of the alias that are kept started."
  type        = number
  default     = 0
}

variable "log_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "log_level" {
  description = "Least level of what it logs."
  type        = string
}

variable "tags" {
  description = "Tags of its resources."
  type        = map(string)
  default     = {}
}
