# The examples, as a stranger would apply them.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package_file = "tests/package.zip"
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  assert {
    condition     = output.scantling.buckets.uploads == "scantling-uploads-123456789012" && output.scantling.pictures_url == null
    error_message = "Buckets, and no CDN."
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  variables {
    name         = "pictures"
    jwt_keys     = "-----BEGIN PUBLIC KEY-----"
    jwt_issuer   = "https://login.example.com"
    alarm_emails = ["ops@example.com"]
    kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/0"
  }

  assert {
    condition     = toset(keys(output.scantling.functions)) == toset(["resize", "failed", "presign", "render"]) && output.scantling.pictures_url == "https://mock.cloudfront.net/" && output.scantling.presign_url != null
    error_message = "Four functions, a CDN, and URLs for uploads."
  }
  assert {
    condition = jsondecode(output.site_config) == {
      presign  = output.scantling.presign_url, pictures = "https://mock.cloudfront.net/", prefix = "photos/", key = "{folder}{file}/{name}.{ext}"
      types    = ["image/jpeg", "image/png", "image/webp"], max_bytes = 50000000, patience_s = 120
      variants = [for name in ["large", "medium", "small", "square"] : { name = name, format = "webp" }]
    }
    error_message = "The page's config.json says where to ask, where pictures will be, and what they are called."
  }
}

run "workflow" {
  command = plan

  module {
    source = "./examples/workflow"
  }

  assert {
    condition     = output.scantling.work_queue_url == null
    error_message = "Step Functions take the queue's place."
  }
}
