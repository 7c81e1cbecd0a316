# ---- the whole

variable "name" {
  description = "Prefix of every name, so that several stacks fit into one account."
  type        = string
  default     = "scantling"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}[a-z0-9]$", var.name))
    error_message = "name: 3 to 24 small letters, digits and hyphens, a letter first: it becomes part of the buckets' names."
  }
}

variable "tags" {
  description = "Tags of every resource that can have some."
  type        = map(string)
  default     = {}
}

variable "compute" {
  description = "What resizes: lambda; or workers on a queue, as fargate (ECS services), ec2 (an Auto Scaling group of Graviton instances) or batch (AWS Batch jobs that drain the queue)."
  type        = string
  default     = "lambda"

  validation {
    condition     = contains(["lambda", "fargate", "ec2", "batch"], var.compute)
    error_message = "compute: lambda, fargate, ec2 or batch."
  }
}

variable "trigger" {
  description = "How uploads get there: s3 (the bucket invokes the function), sqs (through a queue), sns (through a topic with any number of subscribers, and a queue), eventbridge (a rule, and a queue) or workflow (a rule, and a state machine of Step Functions)."
  type        = string
  default     = "sqs"

  validation {
    condition     = contains(["s3", "sqs", "sns", "eventbridge", "workflow"], var.trigger)
    error_message = "trigger: s3, sqs, sns, eventbridge or workflow."
  }
  validation {
    condition     = var.compute == "lambda" || contains(["sqs", "sns", "eventbridge"], var.trigger)
    error_message = "trigger: workers read a queue, so it has to be sqs, sns or eventbridge where compute is not lambda."
  }
}

# ---- what is made

variable "variants" {
  description = "The sizes to make: the text of variants.json (driver/variants.schema.json). It goes into the environment of functions, which has 4 KB for everything."
  type        = string

  validation {
    condition     = can(length(jsondecode(var.variants).variants) > 0) && try(length(jsondecode(var.variants).variants) > 0, false)
    error_message = "variants: JSON with at least one entry in \"variants\"."
  }
  validation {
    condition     = length(var.variants) <= 3000
    error_message = "variants: at most 3,000 characters, or functions have no room for their other settings."
  }
}

variable "key_template" {
  description = "Keys of outputs, with {folder} {file} {stem} {name} {ext}; null: that of variants.json, or {folder}{file}/{name}.{ext}."
  type        = string
  default     = null

  validation {
    condition     = var.key_template == null || can(regex("\\{name\\}", var.key_template))
    error_message = "key_template: {name} must be in it, or variants would replace each other."
  }
}

variable "cache_control" {
  description = "Cache-Control of outputs."
  type        = string
  default     = "public, max-age=31536000, immutable"
}

variable "mirror_deletes" {
  description = "Whether outputs are removed when their original is. Functions then may delete from the resized bucket."
  type        = bool
  default     = false
}

variable "salvage" {
  description = "Whether damaged pictures are published as far as they go."
  type        = bool
  default     = false
}

variable "linear" {
  description = "Whether light is averaged rather than sRGB values."
  type        = bool
  default     = false
}

variable "limits" {
  description = "Limits on what is accepted, by their names as options of scantling resize: { max_pixels = \"100000000\", timeout = \"20\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.limits) : contains(["max_pixels", "max_side", "max_whole_pixels", "max_input", "max_metadata", "max_scans", "max_memory", "timeout"], name)])
    error_message = "limits: max_pixels, max_side, max_whole_pixels, max_input, max_metadata, max_scans, max_memory, timeout."
  }
}

# ---- buckets

variable "bucket_names" {
  description = "Names of the buckets; those left out are NAME-uploads-ACCOUNT and so on."
  type = object({
    uploads = optional(string)
    resized = optional(string)
    failed  = optional(string)
  })
  default = {}
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes buckets that are not empty, with all that is in them."
  type        = bool
  default     = false
}

variable "uploads_prefix" {
  description = "Only what is uploaded below this prefix is resized: \"\" or \"photos/\"."
  type        = string
  default     = ""

  validation {
    condition     = var.uploads_prefix == "" || can(regex("^[A-Za-z0-9][A-Za-z0-9!_.()/-]*/$", var.uploads_prefix))
    error_message = "uploads_prefix: empty, or plain characters that end with a slash."
  }
}

variable "versioning" {
  description = "Whether the buckets of uploads and of failed pictures keep earlier versions."
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = "Key of KMS for the buckets of uploads and of failed pictures; null: S3's own keys. The key's policy has to admit this account's roles."
  type        = string
  default     = null
}

variable "originals_class" {
  description = "Storage class that originals are moved to after originals_days: STANDARD (they stay), STANDARD_IA or INTELLIGENT_TIERING. STANDARD_IA bills at least 128 KB an object, so smaller ones stay."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING"], var.originals_class)
    error_message = "originals_class: STANDARD, STANDARD_IA or INTELLIGENT_TIERING."
  }
}

variable "originals_days" {
  description = "Days after which originals are moved."
  type        = number
  default     = 30

  validation {
    condition     = var.originals_days >= 0 && (var.originals_class != "STANDARD_IA" || var.originals_days >= 30)
    error_message = "originals_days: S3 moves nothing to STANDARD_IA in the first 30 days."
  }
}

variable "noncurrent_days" {
  description = "Days that replaced or deleted versions are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "noncurrent_days: at least 1."
  }
}

variable "abort_multipart_days" {
  description = "Days after which unfinished multipart uploads are removed."
  type        = number
  default     = 2

  validation {
    condition     = var.abort_multipart_days >= 1
    error_message = "abort_multipart_days: at least 1."
  }
}

variable "failed_days" {
  description = "Days that failed pictures are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.failed_days >= 1
    error_message = "failed_days: at least 1."
  }
}

variable "cors_origins" {
  description = "Origins whose pages may ask for URLs for uploads, upload with them, and read resized pictures through the CDN: [\"https://www.example.com\"]."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for origin in var.cors_origins : can(regex("^https?://[^/*]+$", origin))])
    error_message = "cors_origins: scheme and host without a path or a wildcard, such as https://www.example.com."
  }
}

# ---- functions

variable "package_file" {
  description = "The package of the functions, as ci/package makes it; null: dist/scantling-lambda-ARCHITECTURE.zip of this repository."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Processor of functions and workers: arm64 (Graviton) or x86_64."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: arm64 or x86_64."
  }
}

variable "memory_mb" {
  description = "Memory of the resize function; CPU time comes with it, a whole one at 1,769."
  type        = number
  default     = 1769

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb: a whole number from 128 to 10240."
  }
}

variable "timeout_s" {
  description = "Seconds that an invocation of the resize function may take. The queue hides messages for six times as long."
  type        = number
  default     = 60

  validation {
    condition     = var.timeout_s >= 5 && var.timeout_s <= 900
    error_message = "timeout_s: 5 to 900."
  }
}

variable "reserved_concurrency" {
  description = "Most invocations of the resize function at a time, taken from the account's share; null: no limit of its own."
  type        = number
  default     = null

  validation {
    condition     = try(var.reserved_concurrency >= 1, var.reserved_concurrency == null)
    error_message = "reserved_concurrency: at least 1, or null."
  }
}

variable "provisioned_concurrency" {
  description = "Resize functions that are kept started, and paid for."
  type        = number
  default     = 0

  validation {
    condition     = var.provisioned_concurrency >= 0
    error_message = "provisioned_concurrency: at least 0."
  }
}

variable "log_days" {
  description = "Days that logs are kept, one of those that CloudWatch offers."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.log_days)
    error_message = "log_days: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545 or 731."
  }
}

variable "log_level" {
  description = "Least level of what functions log: DEBUG, INFO, WARN or ERROR."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level: DEBUG, INFO, WARN or ERROR."
  }
}

# ---- triggers

variable "retries" {
  description = "Further tries of what failed and may pass, with the triggers s3 and workflow: 0 to 2."
  type        = number
  default     = 2

  validation {
    condition     = contains([0, 1, 2], var.retries)
    error_message = "retries: 0, 1 or 2."
  }
}

variable "max_event_age_s" {
  description = "Seconds after which an event is given up, with the trigger s3."
  type        = number
  default     = 21600

  validation {
    condition     = var.max_event_age_s >= 60 && var.max_event_age_s <= 21600
    error_message = "max_event_age_s: 60 to 21600 (six hours)."
  }
}

variable "max_receives" {
  description = "Times that a message is received from the queue before it counts as failed."
  type        = number
  default     = 5

  validation {
    condition     = var.max_receives >= 1 && var.max_receives <= 1000
    error_message = "max_receives: 1 to 1000."
  }
}

variable "batch_size" {
  description = "Most messages for one invocation. Above 10, batch_window_s has to be at least 1."
  type        = number
  default     = 4

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10000 && (var.batch_size <= 10 || var.batch_window_s >= 1)
    error_message = "batch_size: 1 to 10, or up to 10000 with a batch_window_s of at least 1."
  }
}

variable "batch_window_s" {
  description = "Seconds to wait for a batch to fill."
  type        = number
  default     = 0

  validation {
    condition     = var.batch_window_s >= 0 && var.batch_window_s <= 300
    error_message = "batch_window_s: 0 to 300."
  }
}

variable "maximum_concurrency" {
  description = "Most invocations that the queue has at a time, 2 to 1000; null: no limit of its own."
  type        = number
  default     = null

  validation {
    condition     = try(var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000, var.maximum_concurrency == null)
    error_message = "maximum_concurrency: 2 to 1000, or null."
  }
}

variable "fan_out_queue_arns" {
  description = "Further queues that get every event, with the trigger sns, by any name. Their own policies have to admit the topic."
  type        = map(string)
  default     = {}
}

# ---- failures and alarms

variable "failure_depth_threshold" {
  description = "So many messages may wait in the failure queue, or arrive there in five minutes, before there is an alarm."
  type        = number
  default     = 0

  validation {
    condition     = var.failure_depth_threshold >= 0
    error_message = "failure_depth_threshold: at least 0."
  }
}

variable "failure_age_threshold_s" {
  description = "So old may the oldest message in the failure queue be, in seconds, before there is an alarm."
  type        = number
  default     = 0

  validation {
    condition     = var.failure_age_threshold_s >= 0
    error_message = "failure_age_threshold_s: at least 0."
  }
}

variable "error_band" {
  description = "Width of the band in which the rate of errors counts as normal, in standard deviations of what CloudWatch has learnt."
  type        = number
  default     = 3

  validation {
    condition     = var.error_band > 0
    error_message = "error_band: above 0."
  }
}

variable "duration_fraction" {
  description = "Part of the time-out that the longest invocation may take before there is an alarm."
  type        = number
  default     = 0.8

  validation {
    condition     = var.duration_fraction > 0 && var.duration_fraction <= 1
    error_message = "duration_fraction: above 0, at most 1."
  }
}

variable "work_age_threshold_s" {
  description = "So old may the oldest message in the work queue be, in seconds, before there is an alarm."
  type        = number
  default     = 900

  validation {
    condition     = var.work_age_threshold_s >= 60
    error_message = "work_age_threshold_s: at least 60."
  }
}

variable "alarm_emails" {
  description = "Who hears of alarms. Each address has to confirm once."
  type        = list(string)
  default     = []
}

# ---- CDN

variable "cdn" {
  description = "Whether CloudFront serves the resized bucket. Without it, nobody but this account can read there."
  type        = bool
  default     = true
}

variable "cdn_price_class" {
  description = "Which of CloudFront's locations serve: PriceClass_100, PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.cdn_price_class)
    error_message = "cdn_price_class: PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "cdn_domains" {
  description = "Domains of your own for the CDN; cdn_certificate_arn has to cover them, and your DNS to point to it."
  type        = list(string)
  default     = []
}

variable "cdn_certificate_arn" {
  description = "Certificate of ACM for cdn_domains, in us-east-1."
  type        = string
  default     = null

  validation {
    condition     = length(var.cdn_domains) == 0 || can(regex("^arn:[a-z-]+:acm:us-east-1:", var.cdn_certificate_arn))
    error_message = "cdn_certificate_arn: cdn_domains need a certificate in us-east-1, the only region that CloudFront looks in."
  }
}

variable "cdn_web_acl_arn" {
  description = "Web ACL of AWS WAF before the CDN."
  type        = string
  default     = null
}

variable "render" {
  description = "Whether a picture that is not there yet is made when it is first asked for, by a function that is the CDN's second origin."
  type        = bool
  default     = false

  validation {
    condition     = !var.render || var.cdn
    error_message = "render: needs cdn, which is the only one who may invoke it."
  }
}

# ---- URLs for uploads

variable "presign" {
  description = "Whether a function hands out URLs for uploads."
  type        = bool
  default     = false
}

variable "presign_auth" {
  description = "Who checks callers: iam (Lambda, at a function URL) or jwt (the function, behind an HTTP API)."
  type        = string
  default     = "iam"

  validation {
    condition     = contains(["iam", "jwt"], var.presign_auth)
    error_message = "presign_auth: iam or jwt."
  }
  validation {
    condition     = !var.presign || var.presign_auth != "jwt" || (var.jwt_keys != null && var.jwt_issuer != null && var.jwt_audience != null)
    error_message = "presign_auth: jwt needs jwt_keys, jwt_issuer and jwt_audience."
  }
}

variable "jwt_keys" {
  description = "Public keys that tokens are signed with: PEM or a JSON Web Key Set, at most 2,000 characters."
  type        = string
  default     = null

  validation {
    condition     = try(length(var.jwt_keys) <= 2000, var.jwt_keys == null)
    error_message = "jwt_keys: at most 2,000 characters."
  }
}

variable "jwt_issuer" {
  description = "What iss has to be in tokens."
  type        = string
  default     = null
}

variable "jwt_audience" {
  description = "What aud has to be in tokens."
  type        = string
  default     = null
}

variable "presign_rate" {
  description = "Requests for URLs a second, with jwt, and twice as many at once; the rest is refused."
  type        = number
  default     = 20

  validation {
    condition     = var.presign_rate >= 1
    error_message = "presign_rate: at least 1."
  }
}

variable "upload_types" {
  description = "Content types that may be uploaded."
  type        = list(string)
  default     = ["image/jpeg", "image/png", "image/webp"]

  validation {
    condition     = length(var.upload_types) > 0
    error_message = "upload_types: at least one."
  }
}

variable "upload_max_bytes" {
  description = "Largest upload that a URL is handed out for."
  type        = number
  default     = 50000000

  validation {
    condition     = var.upload_max_bytes >= 1 && var.upload_max_bytes <= 5368709120
    error_message = "upload_max_bytes: 1 to 5368709120, which is what one PUT may carry."
  }
}

variable "upload_expires_s" {
  description = "Seconds that a URL for an upload is good for."
  type        = number
  default     = 300

  validation {
    condition     = var.upload_expires_s >= 1 && var.upload_expires_s <= 3600
    error_message = "upload_expires_s: 1 to 3600; the function's own credentials do not last longer for certain."
  }
}

# ---- workers, where compute is not lambda

variable "vpc_id" {
  description = "Network of the workers."
  type        = string
  default     = null

  validation {
    condition     = var.compute == "lambda" || var.vpc_id != null
    error_message = "vpc_id: workers need a network."
  }
}

variable "subnet_ids" {
  description = "Subnets of the workers, with a way to S3 and SQS: a NAT gateway, endpoints, or worker_public_ip."
  type        = list(string)
  default     = []

  validation {
    condition     = var.compute == "lambda" || length(var.subnet_ids) > 0
    error_message = "subnet_ids: workers need at least one subnet."
  }
}

variable "worker_public_ip" {
  description = "Whether workers get public addresses, in public subnets without a NAT gateway. Nothing listens there: the security group lets nobody in."
  type        = bool
  default     = false
}

variable "worker_image" {
  description = "Image of the workers, with fargate and batch."
  type        = string
  default     = null

  validation {
    condition     = !contains(["fargate", "batch"], var.compute) || var.worker_image != null
    error_message = "worker_image: fargate and batch run an image."
  }
}

variable "worker_repository_arn" {
  description = "Repository of ECR that worker_image is in; null: one that needs no rights."
  type        = string
  default     = null
}

variable "worker_archive" {
  description = "s3://bucket/key of scantling-ARCHITECTURE.tar.gz, as ci/package makes it, with ec2."
  type        = string
  default     = null

  validation {
    condition     = var.compute != "ec2" || can(regex("^s3://[a-z0-9.-]+/[A-Za-z0-9!_./-]+$", var.worker_archive))
    error_message = "worker_archive: ec2 fetches its program from s3://bucket/key."
  }
}

variable "worker_instance_type" {
  description = "Instances of ec2; of the architecture that is set."
  type        = string
  default     = "c7g.large"
}

variable "worker_cpu" {
  description = "CPU of a worker with fargate and batch, in 1/1024: 256 to 16384."
  type        = number
  default     = 1024

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.worker_cpu)
    error_message = "worker_cpu: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }
}

variable "worker_memory_mb" {
  description = "Memory of a worker with fargate and batch, of the sizes that Fargate offers for worker_cpu."
  type        = number
  default     = 2048

  validation {
    condition     = var.worker_memory_mb >= 512
    error_message = "worker_memory_mb: at least 512."
  }
}

variable "worker_spot" {
  description = "Whether workers run on spare capacity, cheaper and stopped at any time: what they had begun comes again."
  type        = bool
  default     = false
}

variable "workers_min" {
  description = "Fewest workers of fargate and ec2."
  type        = number
  default     = 1

  validation {
    condition     = var.workers_min >= 1 && var.workers_min <= var.workers_max
    error_message = "workers_min: at least 1, at most workers_max; from none, a backlog per worker cannot be told."
  }
}

variable "workers_max" {
  description = "Most workers; with batch, most jobs at a time."
  type        = number
  default     = 10

  validation {
    condition     = var.workers_max >= 1
    error_message = "workers_max: at least 1."
  }
}

variable "backlog_per_worker" {
  description = "Messages waiting for each worker that fargate and ec2 scale to."
  type        = number
  default     = 100

  validation {
    condition     = var.backlog_per_worker >= 1
    error_message = "backlog_per_worker: at least 1."
  }
}

variable "batch_minutes" {
  description = "Minutes between two jobs that drain the queue, with batch."
  type        = number
  default     = 15

  validation {
    condition     = var.batch_minutes >= 2 && floor(var.batch_minutes) == var.batch_minutes
    error_message = "batch_minutes: a whole number, at least 2."
  }
}
