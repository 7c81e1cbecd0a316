# URLs for uploads, for those who may.
#
#     iam    caller, signed by AWS ----> function URL -----> function
#     jwt    page, with a token -------> HTTP API ---------> function, which checks the token
#
# The second is no function URL, since one that is open to all would also make the function open to all of AWS; and the API refuses
# floods before the function is paid for them. Requests have the same form in both.

module "presign" {
  source = "./modules/function"
  count  = var.presign ? 1 : 0

  name         = "${var.name}-presign"
  description  = "Hands out URLs for uploads."
  handler      = "presign"
  package_file = local.package_file
  architecture = var.architecture
  memory_mb    = 256
  timeout_s    = local.presign_timeout_s
  policy       = local.policy.presign
  log_days     = var.log_days
  log_level    = var.log_level
  tags         = var.tags
  environment  = local.presign_settings
}

locals {
  presign_timeout_s = 10
  presign_by_iam    = var.presign && var.presign_auth == "iam" ? 1 : 0
  presign_by_jwt    = var.presign && var.presign_auth == "jwt" ? 1 : 0

  presign_settings = merge(
    {
      SCANTLING_UPLOADS          = local.settings.SCANTLING_SOURCE
      SCANTLING_AUTH             = var.presign_auth
      SCANTLING_UPLOAD_TYPES     = join(",", var.upload_types)
      SCANTLING_UPLOAD_MAX_BYTES = tostring(var.upload_max_bytes)
      SCANTLING_UPLOAD_EXPIRES   = tostring(var.upload_expires_s)
      SCANTLING_CORS_ORIGINS     = join(",", var.cors_origins)
    },
    var.presign_auth == "jwt" ? {
      SCANTLING_JWT_KEYS     = var.jwt_keys
      SCANTLING_JWT_ISSUER   = var.jwt_issuer
      SCANTLING_JWT_AUDIENCE = var.jwt_audience
    } : {},
  )
}

# Callers need lambda:InvokeFunctionUrl and lambda:InvokeFunction on the alias, in policies of their own.
resource "aws_lambda_function_url" "presign" {
  count = local.presign_by_iam

  function_name      = module.presign[0].name
  qualifier          = module.presign[0].alias
  authorization_type = "AWS_IAM"
}

resource "aws_apigatewayv2_api" "presign" {
  count = local.presign_by_jwt

  name          = "${var.name}-presign"
  description   = "URLs for uploads."
  protocol_type = "HTTP"
  tags          = var.tags
}

resource "aws_apigatewayv2_integration" "presign" {
  count = local.presign_by_jwt

  api_id                 = aws_apigatewayv2_api.presign[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = module.presign[0].alias_invoke_arn
  payload_format_version = "2.0"
}

# The function answers OPTIONS, too.
resource "aws_apigatewayv2_route" "presign" {
  count = local.presign_by_jwt

  api_id             = aws_apigatewayv2_api.presign[0].id
  route_key          = "ANY /"
  authorization_type = "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.presign[0].id}"
}

resource "aws_apigatewayv2_stage" "presign" {
  count = local.presign_by_jwt

  api_id      = aws_apigatewayv2_api.presign[0].id
  name        = "$default"
  auto_deploy = true
  tags        = var.tags

  default_route_settings {
    throttling_rate_limit  = var.presign_rate
    throttling_burst_limit = 2 * var.presign_rate
  }
}

resource "aws_lambda_permission" "presign" {
  count = local.presign_by_jwt

  statement_id  = "api"
  action        = "lambda:InvokeFunction"
  function_name = module.presign[0].name
  qualifier     = module.presign[0].alias
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.presign[0].execution_arn}/$default/*"
}
