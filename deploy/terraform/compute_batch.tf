# Workers as jobs of AWS Batch on Fargate: every few minutes one that drains the queue and ends. Nothing runs, or costs, in between.

resource "aws_batch_compute_environment" "workers" {
  count = var.compute == "batch" ? 1 : 0

  compute_environment_name = var.name
  type                     = "MANAGED"
  tags                     = var.tags

  compute_resources {
    type               = var.worker_spot ? "FARGATE_SPOT" : "FARGATE"
    max_vcpus          = max(1, ceil(var.workers_max * var.worker_cpu / 1024))
    subnets            = var.subnet_ids
    security_group_ids = [aws_security_group.worker[0].id]
  }
}

resource "aws_batch_job_queue" "workers" {
  count = var.compute == "batch" ? 1 : 0

  name     = var.name
  state    = "ENABLED"
  priority = 1
  tags     = var.tags

  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.workers[0].arn
  }
}

resource "aws_batch_job_definition" "worker" {
  count = var.compute == "batch" ? 1 : 0

  name                  = "${var.name}-worker"
  type                  = "container"
  platform_capabilities = ["FARGATE"]
  tags                  = var.tags

  # Exit status 1 and 3 say that pictures failed, which the failure queue has heard of: nothing to run again.
  retry_strategy {
    attempts = 3
    evaluate_on_exit {
      action       = "EXIT"
      on_exit_code = "1"
    }
    evaluate_on_exit {
      action       = "EXIT"
      on_exit_code = "3"
    }
    evaluate_on_exit {
      action    = "RETRY"
      on_reason = "*"
    }
  }

  container_properties = jsonencode({
    image            = var.worker_image
    command          = ["worker", "--drain", "--emf", "--json", "--memory", tostring(var.worker_memory_mb)]
    environment      = local.worker_environment
    jobRoleArn       = aws_iam_role.worker[0].arn
    executionRoleArn = aws_iam_role.start_worker[0].arn
    resourceRequirements = [
      { type = "VCPU", value = tostring(var.worker_cpu / 1024) },
      { type = "MEMORY", value = tostring(var.worker_memory_mb) },
    ]
    runtimePlatform              = { operatingSystemFamily = "LINUX", cpuArchitecture = upper(var.architecture) }
    networkConfiguration         = { assignPublicIp = var.worker_public_ip ? "ENABLED" : "DISABLED" }
    fargatePlatformConfiguration = { platformVersion = "LATEST" }
    logConfiguration             = { logDriver = "awslogs", options = { awslogs-group = local.worker_log_group, awslogs-stream-prefix = "worker" } }
  })
}

# ---- what starts the jobs

locals {
  batch_arn = "arn:${local.partition}:batch:${local.region}:${local.account}"
}

resource "aws_iam_role" "submit" {
  count = var.compute == "batch" ? 1 : 0

  name               = "${var.name}-submit"
  assume_role_policy = local.trust["events"]
  tags               = var.tags
}

resource "aws_iam_role_policy" "submit" {
  count = var.compute == "batch" ? 1 : 0

  name = "all"
  role = aws_iam_role.submit[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Submit"
      Effect   = "Allow"
      Action   = ["batch:SubmitJob"]
      Resource = ["${local.batch_arn}:job-queue/${var.name}", "${local.batch_arn}:job-definition/${var.name}-worker:*"]
    }]
  })
}

resource "aws_cloudwatch_event_rule" "drain" {
  count = var.compute == "batch" ? 1 : 0

  name                = "${var.name}-drain"
  description         = "Time to drain the queue."
  schedule_expression = "rate(${var.batch_minutes} minutes)"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "drain" {
  count = var.compute == "batch" ? 1 : 0

  rule     = aws_cloudwatch_event_rule.drain[0].name
  arn      = aws_batch_job_queue.workers[0].arn
  role_arn = aws_iam_role.submit[0].arn

  batch_target {
    job_definition = aws_batch_job_definition.worker[0].arn
    job_name       = "${var.name}-drain"
  }
}
