# Workers as a service of ECS on Fargate, as many as the queue needs: target tracking of the messages that wait for each of them.

resource "aws_ecs_cluster" "workers" {
  count = var.compute == "fargate" ? 1 : 0

  name = var.name
  tags = var.tags
  setting {
    name  = "containerInsights" # counts the running tasks
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "workers" {
  count = var.compute == "fargate" ? 1 : 0

  cluster_name       = aws_ecs_cluster.workers[0].name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

resource "aws_ecs_task_definition" "worker" {
  count = var.compute == "fargate" ? 1 : 0

  family                   = "${var.name}-worker"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.worker_cpu
  memory                   = var.worker_memory_mb
  task_role_arn            = aws_iam_role.worker[0].arn
  execution_role_arn       = aws_iam_role.start_worker[0].arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  container_definitions = jsonencode([{
    name        = "worker"
    image       = var.worker_image
    essential   = true
    command     = ["worker", "--emf", "--json", "--memory", tostring(var.worker_memory_mb)]
    environment = local.worker_environment
    stopTimeout = 120 # it finishes what it has begun, and hands back the rest
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = local.worker_log_group, awslogs-region = local.region, awslogs-stream-prefix = "worker" }
    }
  }])
}

resource "aws_ecs_service" "workers" {
  count = var.compute == "fargate" ? 1 : 0

  name            = "${var.name}-worker"
  cluster         = aws_ecs_cluster.workers[0].id
  task_definition = aws_ecs_task_definition.worker[0].arn
  desired_count   = var.workers_min
  tags            = var.tags

  capacity_provider_strategy {
    capacity_provider = var.worker_spot ? "FARGATE_SPOT" : "FARGATE"
    weight            = 1
  }
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.worker[0].id]
    assign_public_ip = var.worker_public_ip
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_ecs_cluster_capacity_providers.workers, aws_iam_role_policy.worker, aws_iam_role_policy.start_worker]
}

resource "aws_appautoscaling_target" "workers" {
  count = var.compute == "fargate" ? 1 : 0

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.workers[0].name}/${aws_ecs_service.workers[0].name}"
  min_capacity       = var.workers_min
  max_capacity       = var.workers_max
}

resource "aws_appautoscaling_policy" "backlog" {
  count = var.compute == "fargate" ? 1 : 0

  name               = "backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.workers[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.workers[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.workers[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.backlog_per_worker
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "backlog"
        expression  = "waiting / IF(FILL(workers, 1) > 0, FILL(workers, 1), 1)"
        label       = "messages for each worker"
        return_data = true
      }
      metrics {
        id          = "waiting"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"
            dimensions {
              name  = "QueueName"
              value = local.queue.work
            }
          }
        }
      }
      metrics {
        id          = "workers"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dimensions {
              name  = "ClusterName"
              value = var.name
            }
            dimensions {
              name  = "ServiceName"
              value = "${var.name}-worker"
            }
          }
        }
      }
    }
  }
}
