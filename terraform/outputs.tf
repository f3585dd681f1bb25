# What the manifests need. None of it is a secret: passwords are in Secrets Manager, under the names below.

output "region" {
  description = "Region everything is in."
  value       = var.region
}

output "cluster_name" {
  description = "Name of the EKS cluster."
  value       = aws_eks_cluster.this.name
}

output "cluster_endpoint" {
  description = "Address of the Kubernetes API."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate the Kubernetes API is verified with, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "kubeconfig_command" {
  description = "What makes kubectl talk to the cluster."
  value       = "aws eks update-kubeconfig --region ${var.region} --name ${aws_eks_cluster.this.name}"
}

output "oidc_provider_arn" {
  description = "Provider that service accounts are trusted through where workload_identity is irsa."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "vpc_id" {
  description = "VPC of the cluster, for the load balancer controller."
  value       = aws_vpc.this.id
}

output "repository_urls" {
  description = "Container repository by service."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.repository_url }
}

output "workload_role_arns" {
  description = "IAM role by workload: services, elasticsearch, backup and the cluster's controllers."
  value       = { for workload, role in aws_iam_role.workload : workload => role.arn }
}

output "github_role_arns" {
  description = "Roles that GitHub Actions takes: plan on pull requests, apply and images from the protected places."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}

output "bucket_names" {
  description = "Buckets by what they hold: objects, backups, logs."
  value       = { for name, bucket in aws_s3_bucket.this : name => bucket.bucket }
}

output "secret_names" {
  description = "Secrets in Secrets Manager by the name that Dapr's components use."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.name }
}

output "kms_key_arns" {
  description = "Keys by what they encrypt: the StorageClass names that of volumes."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}

output "database_endpoint" {
  description = "RDS for PostgreSQL as host:port; null where PostgreSQL is in the cluster."
  value       = one(aws_db_instance.this[*].endpoint)
}

output "broker_endpoint" {
  description = "Amazon MQ as amqps://host:port; null where RabbitMQ is in the cluster."
  value       = try(aws_mq_broker.this[0].instances[0].endpoints[0], null)
}

output "redis_endpoint" {
  description = "Primary of ElastiCache, a host name, port 6379 with TLS; null where Redis is in the cluster."
  value       = one(aws_elasticache_replication_group.this[*].primary_endpoint_address)
}

output "certificate_arn" {
  description = "ACM certificate of the domain, for the load balancer; null without a domain."
  value       = one(aws_acm_certificate.this[*].arn)
}

output "alarm_topic_arn" {
  description = "SNS topic of alarms and budget."
  value       = aws_sns_topic.alarms.arn
}

# terraform output -raw overlay_env > k8s/overlays/<overlay>/terraform.env
output "overlay_env" {
  description = "The values that the overlays eks and eks-managed take from here, as KEY=value lines."
  value       = join("", [for key, value in local.overlay_values : "${key}=${value}\n"])
}
