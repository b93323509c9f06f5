# A bucket of Google Cloud Storage for the asset manager, and the rights of its backend.

variable "project" { type = string }
variable "location" { type = string }
variable "bucket" { type = string }

variable "portal" {
  type        = string
  description = "The origin of the portal as browsers name it, e.g. https://portal.example.com"
}

variable "backend_service_account" {
  type        = string
  description = "The e-mail address of the service account that the backend runs as"
}

resource "google_storage_bucket" "assets" {
  project                     = var.project
  name                        = var.bucket
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Browsers send straight to the bucket, and read large ranges from it.
  cors {
    origin          = [var.portal]
    method          = ["GET", "PUT"]
    response_header = ["Content-Type", "Content-Range", "ETag", "Range", "x-goog-hash", "x-goog-if-generation-match"]
    max_age_seconds = 3600
  }

  # Parts that nobody goes on with. An upload session lives seven days.
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      age            = 9
      matches_prefix = ["parts/"]
    }
  }

  # What was deleted by mistake can be restored for two weeks.
  soft_delete_policy { retention_duration_seconds = 1209600 }
}

# So that `asset doctor` can look by which rules the bucket deletes.
resource "google_storage_bucket_iam_member" "rules" {
  bucket = google_storage_bucket.assets.name
  role   = "roles/storage.bucketViewer"
  member = google_storage_bucket_iam_member.objects.member
}

# Creates, reads, lists and deletes objects; changes nothing about the bucket.
resource "google_storage_bucket_iam_member" "objects" {
  bucket = google_storage_bucket.assets.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${var.backend_service_account}"
}

# Signs addresses without a key file: the service account signs as itself.
resource "google_service_account_iam_member" "signs" {
  service_account_id = "projects/${var.project}/serviceAccounts/${var.backend_service_account}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "serviceAccount:${var.backend_service_account}"
}
