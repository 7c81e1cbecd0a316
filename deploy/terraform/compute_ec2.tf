# Workers on instances of an Auto Scaling group, Graviton by default, as many as the queue needs. They run the plain command under
# systemd, without a container; their logs are in the journal.

resource "aws_iam_instance_profile" "worker" {
  count = var.compute == "ec2" ? 1 : 0

  name = "${var.name}-worker"
  role = aws_iam_role.worker[0].name
  tags = var.tags
}

resource "aws_iam_role_policy" "fetch_worker" {
  count = var.compute == "ec2" ? 1 : 0

  name = "fetch"
  role = aws_iam_role.worker[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "FetchWorker"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "arn:${local.partition}:s3:::${trimprefix(var.worker_archive, "s3://")}"
    }]
  })
}

resource "aws_launch_template" "worker" {
  count = var.compute == "ec2" ? 1 : 0

  name                   = "${var.name}-worker"
  image_id               = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${var.architecture}"
  instance_type          = var.worker_instance_type
  update_default_version = true
  tags                   = var.tags
  user_data = base64encode(templatefile("${path.module}/worker_setup.sh", {
    archive     = var.worker_archive
    environment = join("\n", [for name, value in local.worker_settings : "${name}='${replace(value, "'", "'\\''")}'"])
  }))

  iam_instance_profile {
    arn = aws_iam_instance_profile.worker[0].arn
  }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 8
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }
  network_interfaces {
    associate_public_ip_address = var.worker_public_ip
    security_groups             = [aws_security_group.worker[0].id]
  }
  dynamic "instance_market_options" {
    for_each = var.worker_spot ? [1] : []
    content {
      market_type = "spot"
    }
  }
  tag_specifications {
    resource_type = "instance"
    tags          = merge(var.tags, { Name = "${var.name}-worker" })
  }
}

resource "aws_autoscaling_group" "workers" {
  count = var.compute == "ec2" ? 1 : 0

  name                = "${var.name}-worker"
  min_size            = var.workers_min
  max_size            = var.workers_max
  vpc_zone_identifier = var.subnet_ids
  enabled_metrics     = ["GroupInServiceInstances"] # what the backlog is divided by

  launch_template {
    id      = aws_launch_template.worker[0].id
    version = aws_launch_template.worker[0].latest_version
  }
  instance_refresh {
    strategy = "Rolling"
  }

  depends_on = [aws_iam_role_policy.worker, aws_iam_role_policy.fetch_worker]
}

resource "aws_autoscaling_policy" "backlog" {
  count = var.compute == "ec2" ? 1 : 0

  name                      = "backlog"
  autoscaling_group_name    = aws_autoscaling_group.workers[0].name
  policy_type               = "TargetTrackingScaling"
  estimated_instance_warmup = 90

  target_tracking_configuration {
    target_value = var.backlog_per_worker

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
            namespace   = "AWS/AutoScaling"
            metric_name = "GroupInServiceInstances"
            dimensions {
              name  = "AutoScalingGroupName"
              value = "${var.name}-worker"
            }
          }
        }
      }
    }
  }
}
