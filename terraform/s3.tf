# objects: avatars, through Dapr's binding. backups: dumps of PostgreSQL and snapshots of Elasticsearch. logs: who asked
# the other two for what.

locals {
  buckets = {
    objects = { old_versions_days = 30 }
    backups = { old_versions_days = var.backup_retention_days }
    logs    = { old_versions_days = 7 }
  }

  # What is not the log of the others.
  data_buckets = toset(["objects", "backups"])
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_145:the logs cannot be under our key; that the other two are is in tests/production.tftest.hcl
  for_each = local.buckets

  bucket        = "${var.name}-${each.key}-${local.account_id}"
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.data_buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.this["data"].arn
    }
  }
}

# The service that writes access logs can only use S3's own key.
resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.this["logs"].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

locals {
  # Days until what is below a prefix goes. Not snapshots: Elasticsearch deletes what none of them needs, and only it knows.
  expiry = {
    objects = {}
    backups = { "postgresql/" = var.backup_retention_days }
    logs    = { "" = 90 }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "tidy"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.value.old_versions_days
    }
  }

  dynamic "rule" {
    for_each = local.expiry[each.key]

    content {
      id     = "expire"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.data_buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["logs"].id
  target_prefix = "${each.key}/"

  # Of the bucket that is written to.
  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OnlyWithTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for source in each.key == "logs" ? local.data_buckets : [] : {
        Sid       = "AccessLogsOf${title(source)}"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.this[each.key].arn}/${source}/*"
        Condition = {
          ArnLike      = { "aws:SourceArn" = aws_s3_bucket.this[source].arn }
          StringEquals = { "aws:SourceAccount" = local.account_id }
        }
      }]
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
