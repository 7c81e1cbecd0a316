# The function that resizes, where it is not workers that do (compute_*.tf).

module "resize" {
  source = "./modules/function"
  count  = local.uses_lambda ? 1 : 0

  name                    = "${var.name}-resize"
  description             = "Makes smaller pictures of uploads."
  handler                 = "resize"
  package_file            = local.package_file
  architecture            = var.architecture
  memory_mb               = var.memory_mb
  timeout_s               = var.timeout_s
  environment             = merge(local.settings, { SCANTLING_FAILED = local.queue_url.failures })
  policy                  = local.policy.resize
  reserved_concurrency    = var.reserved_concurrency
  provisioned_concurrency = var.provisioned_concurrency
  log_days                = var.log_days
  log_level               = var.log_level
  tags                    = var.tags
}

# Invoked directly, Lambda itself retries, and what is given up goes to the failure queue in an envelope that says why.
resource "aws_lambda_function_event_invoke_config" "resize" {
  count = local.uses_lambda ? 1 : 0

  function_name                = module.resize[0].name
  qualifier                    = module.resize[0].alias
  maximum_retry_attempts       = var.retries
  maximum_event_age_in_seconds = var.max_event_age_s

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failures.arn
    }
  }
}
