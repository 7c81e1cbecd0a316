# Who may do what. Each function, and the workers, have a role of their own with these policies; ci/check-deploy walks them, and
# fails on a wildcard that deploy/rights.json does not justify. README.md says what each right is for.

locals {
  uploads_objects = "${local.bucket_arn.uploads}/${var.uploads_prefix}*"

  # ListBucket is there for one reason: without it, S3 answers 403 for what is not there.
  may_read_uploads = [
    { Sid = "ReadUploads", Effect = "Allow", Action = ["s3:GetObject", "s3:GetObjectVersion"], Resource = local.uploads_objects },
    { Sid = "TellMissingUploads", Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.bucket_arn.uploads },
  ]

  # What is there is looked at before it is replaced. Large outputs are uploaded in parts.
  may_write_resized = [
    {
      Sid      = "WriteResized"
      Effect   = "Allow"
      Action   = concat(["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], var.mirror_deletes ? ["s3:DeleteObject"] : [])
      Resource = "${local.bucket_arn.resized}/*"
    },
    { Sid = "TellMissingResized", Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.bucket_arn.resized },
  ]

  may_report_failures = [
    { Sid = "ReportFailures", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = local.queue_arn.failures },
  ]

  may_consume = { for which in ["work", "failures"] : which => [{
    Sid      = "Consume"
    Effect   = "Allow"
    Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
    Resource = local.queue_arn[which]
  }] }

  may_log = { for function in ["resize", "failed", "presign", "render"] : function => [{
    Sid      = "Log"
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    Resource = "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/lambda/${var.name}-${function}:*"
  }] }

  # With a key of KMS, through S3 and for these buckets only.
  may_use_key = { for purpose, actions in { read = ["kms:Decrypt"], write = ["kms:GenerateDataKey", "kms:Decrypt"] } : purpose => [
    for key_arn in [var.kms_key_arn] : {
      Sid       = "UseKey"
      Effect    = "Allow"
      Action    = actions
      Resource  = key_arn
      Condition = { StringEquals = { "kms:ViaService" = "s3.${local.region}.${data.aws_partition.current.dns_suffix}" } }
    } if key_arn != null
  ] }

  policy = { for role, statements in {
    resize = concat(
      local.may_read_uploads, local.may_write_resized, local.may_report_failures, local.may_use_key.read, local.may_log.resize,
      local.uses_queue ? local.may_consume.work : [],
    )

    worker = concat(
      local.may_read_uploads, local.may_write_resized, local.may_report_failures, local.may_use_key.read, local.may_consume.work,
    )

    render = concat(local.may_read_uploads, local.may_write_resized, local.may_use_key.read, local.may_log.render)

    # A failed picture is copied, looked at, and only then deleted.
    failed = concat(
      local.may_read_uploads, local.may_consume.failures, local.may_use_key.write, local.may_log.failed,
      [
        { Sid = "RemoveFailedUploads", Effect = "Allow", Action = ["s3:DeleteObject", "s3:DeleteObjectVersion"], Resource = local.uploads_objects },
        { Sid = "ReadUploadTags", Effect = "Allow", Action = ["s3:GetObjectTagging", "s3:GetObjectVersionTagging"], Resource = local.uploads_objects },
        { Sid = "WriteFailed", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"], Resource = "${local.bucket_arn.failed}/*" },
        { Sid = "TellMissingFailed", Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.bucket_arn.failed },
        { Sid = "NoteFailures", Effect = "Allow", Action = ["dynamodb:UpdateItem"], Resource = local.table_arn },
      ],
    )

    # A URL can do what its maker may.
    presign = concat(
      [{ Sid = "Upload", Effect = "Allow", Action = ["s3:PutObject"], Resource = local.uploads_objects }],
      local.may_use_key.write, local.may_log.presign,
    )

    workflow = concat(
      local.may_report_failures,
      [
        { Sid = "Resize", Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${var.name}-resize:live" },
        { Sid = "Announce", Effect = "Allow", Action = ["events:PutEvents"], Resource = local.bus_arn },
      ],
    )
    } : role => jsonencode({ Version = "2012-10-17", Statement = statements })
  }

  bus_arn = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/default"

  # Who may put on a service's role: that service, and only for this account.
  trust = { for service in ["ecs-tasks", "ec2", "events", "states"] : service => jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      { Sid = "Service", Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } },
      service == "ec2" ? {} : { Condition = { StringEquals = { "aws:SourceAccount" = local.account } } },
    )]
  }) }
}
