# Each choice of compute: the same queue, the same settings, and the function only where it is the one that resizes.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file   = "tests/package.zip"
  variants       = "{\"variants\": [{\"name\": \"small\", \"size\": 400}]}"
  vpc_id         = "vpc-0123456789abcdef0"
  subnet_ids     = ["subnet-0123456789abcdef0"]
  worker_image   = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/scantling:1"
  worker_archive = "s3://artefacts/scantling-arm64.tar.gz"
}

run "lambda" {
  command = plan

  variables {
    reserved_concurrency    = 40
    provisioned_concurrency = 2
  }

  assert {
    condition     = length(module.resize) == 1 && length(aws_iam_role.worker) == 0 && length(aws_security_group.worker) == 0
    error_message = "The function resizes, and there are no workers."
  }
}

run "fargate" {
  command = plan

  variables {
    compute               = "fargate"
    worker_repository_arn = "arn:aws:ecr:eu-central-1:123456789012:repository/scantling"
    worker_spot           = true
  }

  assert {
    condition     = length(module.resize) == 0 && length(aws_lambda_event_source_mapping.work) == 0 && length(aws_sqs_queue.work) == 1
    error_message = "Workers read the queue instead of the function."
  }
  assert {
    condition     = one(aws_ecs_task_definition.worker[0].runtime_platform).cpu_architecture == "ARM64"
    error_message = "Workers run on Graviton."
  }
  assert {
    condition     = { for e in jsondecode(aws_ecs_task_definition.worker[0].container_definitions)[0].environment : e.name => e.value }.SCANTLING_QUEUE == "https://sqs.eu-central-1.amazonaws.com/123456789012/scantling-work"
    error_message = "They know their queue."
  }
  assert {
    condition     = aws_appautoscaling_policy.backlog[0].target_tracking_scaling_policy_configuration[0].target_value == 100 && aws_appautoscaling_target.workers[0].max_capacity == 10
    error_message = "There are as many as the backlog needs."
  }
  assert {
    condition     = one(aws_ecs_service.workers[0].capacity_provider_strategy).capacity_provider == "FARGATE_SPOT"
    error_message = "On spare capacity, as asked for."
  }
  assert {
    condition     = aws_vpc_security_group_egress_rule.worker["ipv4"].from_port == 443
    error_message = "Out goes only TLS."
  }
  assert {
    condition     = aws_cloudwatch_log_group.worker[0].retention_in_days == 30
    error_message = "Logs are not kept for ever."
  }
}

run "ec2" {
  command = plan

  variables {
    compute = "ec2"
  }

  assert {
    condition     = length(module.resize) == 0 && aws_launch_template.worker[0].instance_type == "c7g.large" && endswith(aws_launch_template.worker[0].image_id, "-arm64")
    error_message = "Workers run on Graviton."
  }
  assert {
    condition     = aws_launch_template.worker[0].metadata_options[0].http_tokens == "required" && tobool(aws_launch_template.worker[0].block_device_mappings[0].ebs[0].encrypted)
    error_message = "Credentials take a session (IMDSv2), and the disk is encrypted."
  }
  assert {
    condition     = aws_autoscaling_policy.backlog[0].target_tracking_configuration[0].target_value == 100 && contains(aws_autoscaling_group.workers[0].enabled_metrics, "GroupInServiceInstances")
    error_message = "There are as many as the backlog needs."
  }
  assert {
    condition     = strcontains(base64decode(aws_launch_template.worker[0].user_data), "SCANTLING_QUEUE='https://sqs.eu-central-1.amazonaws.com/123456789012/scantling-work'")
    error_message = "They know their queue."
  }
  assert {
    condition     = one(jsondecode(aws_iam_role_policy.fetch_worker[0].policy).Statement).Resource == "arn:aws:s3:::artefacts/scantling-arm64.tar.gz"
    error_message = "They may fetch their program, and no other object there."
  }
}

run "batch" {
  command = plan

  variables {
    compute       = "batch"
    trigger       = "eventbridge"
    batch_minutes = 5
  }

  assert {
    condition     = jsondecode(aws_batch_job_definition.worker[0].container_properties).runtimePlatform.cpuArchitecture == "ARM64" && contains(jsondecode(aws_batch_job_definition.worker[0].container_properties).command, "--drain")
    error_message = "Jobs run on Graviton, and end when the queue is empty."
  }
  assert {
    condition     = aws_cloudwatch_event_rule.drain[0].schedule_expression == "rate(5 minutes)" && aws_batch_compute_environment.workers[0].compute_resources[0].max_vcpus == 10
    error_message = "Every five minutes, up to ten at a time."
  }
}

run "workers_need_a_queue" {
  command = plan

  variables {
    compute = "batch"
    trigger = "s3"
  }

  expect_failures = [var.trigger]
}

run "workers_need_a_network_and_a_program" {
  command = plan

  variables {
    compute        = "ec2"
    vpc_id         = null
    subnet_ids     = []
    worker_archive = null
  }

  expect_failures = [var.vpc_id, var.subnet_ids, var.worker_archive]
}
