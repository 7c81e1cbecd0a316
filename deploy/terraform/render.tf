# Pictures that are made when they are first asked for: the CDN's second origin, where the bucket has nothing. Only what
# variants.json names is made, and only the CDN may ask.

module "render" {
  source = "./modules/function"
  count  = var.render ? 1 : 0

  name         = "${var.name}-render"
  description  = "Makes a picture when it is first asked for."
  handler      = "render"
  package_file = local.package_file
  architecture = var.architecture
  memory_mb    = var.memory_mb
  timeout_s    = local.render_timeout_s
  environment  = local.settings
  policy       = local.policy.render
  log_days     = var.log_days
  log_level    = var.log_level
  tags         = var.tags
}

locals {
  render_timeout_s = 30 # as long as CloudFront waits
}

resource "aws_lambda_function_url" "render" {
  count = var.render ? 1 : 0

  function_name      = module.render[0].name
  qualifier          = module.render[0].alias
  authorization_type = "AWS_IAM"
}

# A function URL takes both rights.
resource "aws_lambda_permission" "cdn" {
  for_each = var.render ? {
    url      = { action = "lambda:InvokeFunctionUrl", auth = "AWS_IAM" }
    function = { action = "lambda:InvokeFunction", auth = null }
  } : {}

  statement_id           = "cdn-${each.key}"
  action                 = each.value.action
  function_url_auth_type = each.value.auth
  function_name          = module.render[0].name
  qualifier              = module.render[0].alias
  principal              = "cloudfront.amazonaws.com"
  source_arn             = aws_cloudfront_distribution.cdn[0].arn
}
