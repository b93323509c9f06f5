# An S3 bucket for the asset manager, and the rights of its backend.

variable "bucket" { type = string }

variable "portal" {
  type        = string
  description = "The origin of the portal as browsers name it, e.g. https://portal.example.com"
}

variable "backend_role" {
  type        = string
  description = "The name of the IAM role that the backend runs as"
}

resource "aws_s3_bucket" "assets" {
  bucket = var.bucket
}

resource "aws_s3_bucket_public_access_block" "assets" {
  bucket                  = aws_s3_bucket.assets.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# Browsers send straight to the bucket, and read large ranges from it.
resource "aws_s3_bucket_cors_configuration" "assets" {
  bucket = aws_s3_bucket.assets.id

  cors_rule {
    allowed_origins = [var.portal]
    allowed_methods = ["GET", "PUT"]
    allowed_headers = ["*"]
    expose_headers  = ["Content-Range", "ETag"]
    max_age_seconds = 3600
  }
}

# Parts that nobody goes on with. An upload session lives seven days.
resource "aws_s3_bucket_lifecycle_configuration" "assets" {
  bucket = aws_s3_bucket.assets.id

  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload { days_after_initiation = 9 }
  }
}

data "aws_iam_policy_document" "assets" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = ["${aws_s3_bucket.assets.arn}/*"]
  }
  statement {
    actions   = ["s3:ListBucket", "s3:GetLifecycleConfiguration"]
    resources = [aws_s3_bucket.assets.arn]
  }
}

resource "aws_iam_role_policy" "assets" {
  name   = "asset-manager"
  role   = var.backend_role
  policy = data.aws_iam_policy_document.assets.json
}
