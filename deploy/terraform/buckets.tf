# uploads -> resized, or -> failed. All three are encrypted, closed to the public, and spoken to over TLS only.

resource "aws_s3_bucket" "this" {
  for_each = local.bucket

  bucket        = each.value
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.bucket

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# No access control lists: whoever uploads, the bucket's owner owns.
resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.bucket

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# The resized bucket keeps S3's own key: CloudFront would need a right to any other.
resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.bucket

  bucket = aws_s3_bucket.this[each.key].id
  rule {
    bucket_key_enabled = local.bucket_key[each.key] == null ? null : true
    apply_server_side_encryption_by_default {
      sse_algorithm     = local.bucket_key[each.key] == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.bucket_key[each.key]
    }
  }
}

locals {
  bucket_key = { uploads = var.kms_key_arn, resized = null, failed = var.kms_key_arn }
}

# Outputs can be made again; originals cannot. (A failed picture is only deleted as the version that failed.)
resource "aws_s3_bucket_versioning" "this" {
  for_each = { for which, name in local.bucket : which => name if which != "resized" }

  bucket = aws_s3_bucket.this[each.key].id
  versioning_configuration {
    status = var.versioning ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "uploads" {
  bucket = aws_s3_bucket.this["uploads"].id

  rule {
    id     = "unfinished"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = var.originals_class == "STANDARD" ? [] : [var.originals_class]
    content {
      id     = "originals"
      status = "Enabled"
      filter {
        object_size_greater_than = 131072 # what is smaller is billed as this in STANDARD_IA, and not tiered at all
      }
      transition {
        days          = var.originals_days
        storage_class = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "resized" {
  bucket = aws_s3_bucket.this["resized"].id

  rule {
    id     = "unfinished"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "failed" {
  bucket = aws_s3_bucket.this["failed"].id

  rule {
    id     = "old"
    status = "Enabled"
    filter {}
    expiration {
      days = var.failed_days
    }
    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_multipart_days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

# A page that has a presigned URL sends the headers that are signed into it (driver/lambda/README.md, presign).
resource "aws_s3_bucket_cors_configuration" "uploads" {
  count = length(var.cors_origins) > 0 ? 1 : 0

  bucket = aws_s3_bucket.this["uploads"].id
  cors_rule {
    allowed_origins = var.cors_origins
    allowed_methods = ["PUT"]
    allowed_headers = ["content-type", "content-length", "if-none-match"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.bucket

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn[each.key], "${local.bucket_arn[each.key]}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      each.key == "resized" ? local.cdn_reads : [],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
