locals {
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # The namespace of all manifests in k8s/, and the services that run in it. Not mockstagram: it is a provider for tests.
  namespace = "influscope"
  services  = toset(["analytics", "api", "collector", "indexer", "messages", "posts", "scraper", "tracker", "users"])

  # As in terraform.env of the overlays, which the check compares.
  overlay_values = {
    REGION          = var.region
    VPC_CIDR        = var.vpc_cidr
    CLUSTER_NAME    = aws_eks_cluster.this.name
    IMAGE_REGISTRY  = "${local.account_id}.dkr.ecr.${var.region}.amazonaws.com/${var.name}"
    OBJECTS_BUCKET  = aws_s3_bucket.this["objects"].bucket
    BACKUPS_BUCKET  = aws_s3_bucket.this["backups"].bucket
    SECRETS_PREFIX  = "${var.name}/"
    VOLUMES_KEY_ARN = aws_kms_key.this["volumes"].arn
    DOMAIN          = var.domain == null ? "" : var.domain.name
    CERTIFICATE_ARN = var.domain == null ? "" : aws_acm_certificate_validation.this[0].certificate_arn
  }
}
