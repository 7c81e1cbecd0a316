# The buckets, whatever else is chosen: closed, encrypted, over TLS only.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file = "tests/package.zip"
  variants     = "{\"variants\": [{\"name\": \"small\", \"size\": 400}]}"
}

run "buckets_are_closed_and_encrypted" {
  command = plan

  assert {
    condition     = toset(keys(aws_s3_bucket.this)) == toset(["uploads", "resized", "failed"])
    error_message = "Three buckets."
  }
  assert {
    condition     = aws_s3_bucket.this["uploads"].bucket == "scantling-uploads-123456789012"
    error_message = "Names of buckets carry the account's number."
  }
  assert {
    condition = alltrue([for block in aws_s3_bucket_public_access_block.this :
    block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets]) && length(aws_s3_bucket_public_access_block.this) == 3
    error_message = "Every bucket blocks public access in all four ways."
  }
  assert {
    condition     = length(aws_s3_bucket_ownership_controls.this) == 3 && alltrue([for o in aws_s3_bucket_ownership_controls.this : o.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "The owner of a bucket owns what is in it."
  }
  assert {
    condition = length(aws_s3_bucket_server_side_encryption_configuration.this) == 3 && alltrue([for e in aws_s3_bucket_server_side_encryption_configuration.this :
    one(one(e.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"])
    error_message = "Every bucket is encrypted."
  }
  assert {
    condition = length(aws_s3_bucket_policy.this) == 3 && alltrue([for policy in aws_s3_bucket_policy.this : anytrue([for s in jsondecode(policy.policy).Statement :
    s.Effect == "Deny" && s.Principal == "*" && s.Action == "s3:*" && try(s.Condition.Bool["aws:SecureTransport"], "") == "false"])])
    error_message = "Every bucket denies everything without TLS."
  }
  assert {
    condition     = toset([for v in aws_s3_bucket_versioning.this : one(v.versioning_configuration).status]) == toset(["Enabled"])
    error_message = "Originals and failed pictures keep their versions."
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.uploads.rule) == 1 && one(one(aws_s3_bucket_lifecycle_configuration.uploads.rule).abort_incomplete_multipart_upload).days_after_initiation == 2
    error_message = "By default nothing moves, and unfinished uploads go."
  }
  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.failed.rule).expiration).days == 90
    error_message = "Failed pictures are kept for 90 days."
  }
  assert {
    condition     = length(aws_s3_bucket_cors_configuration.uploads) == 0
    error_message = "No page may upload unless it is named."
  }
}

run "originals_move_and_a_key_encrypts" {
  command = plan

  variables {
    kms_key_arn     = "arn:aws:kms:eu-central-1:123456789012:key/0"
    originals_class = "STANDARD_IA"
    originals_days  = 45
    failed_days     = 7
    cors_origins    = ["https://www.example.com"]
    versioning      = false
  }

  assert {
    condition = [for which in ["uploads", "failed", "resized"] :
      one(one(aws_s3_bucket_server_side_encryption_configuration.this[which].rule).apply_server_side_encryption_by_default).sse_algorithm
    ] == ["aws:kms", "aws:kms", "AES256"]
    error_message = "The key is for uploads and failed pictures: the CDN could not use it."
  }
  assert {
    condition = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.uploads.rule : try(
    one(rule.transition).storage_class == "STANDARD_IA" && one(rule.transition).days == 45 && one(rule.filter).object_size_greater_than == 131072, false)])
    error_message = "Originals move to Infrequent Access, small ones excepted."
  }
  assert {
    condition     = one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_methods == toset(["PUT"]) && one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_origins == toset(["https://www.example.com"])
    error_message = "The page that is named may upload, and nothing else."
  }
  assert {
    condition     = one([for s in jsondecode(local.policy.failed).Statement : s if s.Sid == "UseKey"]).Action == ["kms:GenerateDataKey", "kms:Decrypt"]
    error_message = "Who writes with the key may make data keys."
  }
}

run "resized_pictures_never_expire" {
  command = plan

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.resized.rule : length(rule.expiration) == 0])
    error_message = "Outputs stay."
  }
}
