# What workers have in common, on whatever they run: their settings, their network, their role.

locals {
  uses_workers    = !local.uses_lambda
  uses_containers = contains(["fargate", "batch"], var.compute)

  worker_settings = merge(local.settings, {
    AWS_REGION       = local.region
    SCANTLING_QUEUE  = local.queue_url.work
    SCANTLING_FAILED = local.queue_url.failures
    SCANTLING_JOBS   = "0" # one for each CPU
  })
  worker_environment = [for name, value in local.worker_settings : { name = name, value = value }]
  worker_log_group   = "/${var.name}/worker"
}

# Nobody gets in; out to S3, SQS and CloudWatch, over TLS.
resource "aws_security_group" "worker" {
  count = local.uses_workers ? 1 : 0

  name        = "${var.name}-worker"
  description = "Workers of ${var.name}: nobody gets in."
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_vpc_security_group_egress_rule" "worker" {
  for_each = local.uses_workers ? { ipv4 = "0.0.0.0/0" } : {}

  security_group_id = aws_security_group.worker[0].id
  description       = "TLS to AWS."
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = each.value
}

resource "aws_iam_role" "worker" {
  count = local.uses_workers ? 1 : 0

  name               = "${var.name}-worker"
  assume_role_policy = local.trust[var.compute == "ec2" ? "ec2" : "ecs-tasks"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "worker" {
  count = local.uses_workers ? 1 : 0

  name   = "all"
  role   = aws_iam_role.worker[0].id
  policy = local.policy.worker
}

# ---- containers: who starts them fetches their image and takes down their logs

resource "aws_cloudwatch_log_group" "worker" {
  count = local.uses_containers ? 1 : 0

  name              = local.worker_log_group
  retention_in_days = var.log_days
  tags              = var.tags
}

resource "aws_iam_role" "start_worker" {
  count = local.uses_containers ? 1 : 0

  name               = "${var.name}-start-worker"
  assume_role_policy = local.trust["ecs-tasks"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "start_worker" {
  count = local.uses_containers ? 1 : 0

  name = "all"
  role = aws_iam_role.start_worker[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.worker_log_group}:*"
      }],
      var.worker_repository_arn == null ? [] : [
        { Sid = "FetchImage", Effect = "Allow", Action = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = var.worker_repository_arn },
        { Sid = "EnterRegistry", Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
      ],
    )
  })
}
