variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[1-9]$", var.region))
    error_message = "Not the name of a region, as in us-east-1."
  }
}

variable "name" {
  description = "First part of every name, and the path of IAM roles. One account is one environment, so it does not tell them apart."
  type        = string
  default     = "influscope"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{2,19}$", var.name))
    error_message = "3 to 20 lower case letters and digits, beginning with a letter: the names of buckets, roles and databases are made from it."
  }
}

variable "environment" {
  description = "What this account is for: a tag, and the GitHub environment whose jobs may change it."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["development", "staging", "production"], var.environment)
    error_message = "development, staging or production."
  }
}

variable "deletion_protection" {
  description = "Whether databases, buckets, images and secrets refuse to be destroyed, and databases leave a last snapshot."
  type        = bool
  default     = true
  nullable    = false
}

# Network

variable "vpc_cidr" {
  description = "Addresses of the VPC, /16 to /20. Each node and each pod takes one of the private subnets: five eighths are left spare."
  type        = string
  default     = "10.42.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrnetmask(var.vpc_cidr)) && try(tonumber(split("/", var.vpc_cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.vpc_cidr)[1]), 99) <= 20
    error_message = "An IPv4 block of /16 to /20, as in 10.42.0.0/16."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.vpc_cidr))
    error_message = "Only private addresses: 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}

variable "zones" {
  description = "Three zones of the region. Named, so that subnets stay where they are when AWS opens or closes one."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b", "us-east-1c"]
  nullable    = false

  validation {
    condition     = length(distinct(var.zones)) == 3 && alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "Three different zones of the region."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway instead of one a zone: cheaper, and without a way out for all nodes when its zone fails."
  type        = bool
  default     = false
  nullable    = false
}

variable "interface_endpoints" {
  description = "AWS services that nodes reach inside the VPC instead of through NAT. S3 always is, at no cost."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "eks-auth", "logs", "secretsmanager", "sts"]
  nullable    = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", service))])
    error_message = "Names without their prefix, as in ecr.api."
  }
}

# Cluster

variable "kubernetes_version" {
  description = "Minor version of EKS. Upgrades go one minor version at a time."
  type        = string
  default     = "1.35"
  nullable    = false

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "A minor version, as in 1.35."
  }
}

variable "endpoint_public_access_cidrs" {
  description = "Networks that may reach the Kubernetes API from the internet. Empty: only the VPC does."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.endpoint_public_access_cidrs : can(cidrnetmask(cidr)) && try(tonumber(split("/", cidr)[1]), 0) >= 16])
    error_message = "IPv4 networks of /16 or smaller: never the whole internet."
  }
}

variable "cluster_access" {
  description = "Who may use the Kubernetes API, by a name of your choice: an IAM role or user, one of EKS's access policies, and the namespaces it is for (all when empty)."
  type = map(object({
    principal_arn = string
    policy        = optional(string, "AmazonEKSClusterAdminPolicy")
    namespaces    = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for access in var.cluster_access : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", access.principal_arn))])
    error_message = "principal_arn is the ARN of an IAM role or user."
  }

  validation {
    condition = alltrue([for access in var.cluster_access : contains(
      ["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy"], access.policy
    )])
    error_message = "policy is AmazonEKSClusterAdminPolicy, AmazonEKSAdminPolicy, AmazonEKSEditPolicy or AmazonEKSViewPolicy."
  }
}

variable "addons" {
  description = "EKS add-ons to install, at the version that EKS recommends for the cluster's."
  type        = set(string)
  default     = ["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server", "vpc-cni"]
  nullable    = false

  validation {
    condition = length(setsubtract(var.addons, [
      "aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "metrics-server", "vpc-cni"
    ])) == 0
    error_message = "Of aws-ebs-csi-driver, coredns, eks-pod-identity-agent, kube-proxy, metrics-server and vpc-cni."
  }
}

variable "workload_identity" {
  description = "How pods get their IAM roles: pod-identity, or irsa (the manifests then annotate service accounts with the role's ARN)."
  type        = string
  default     = "pod-identity"
  nullable    = false

  validation {
    condition     = contains(["pod-identity", "irsa"], var.workload_identity)
    error_message = "pod-identity or irsa."
  }
}

variable "node_groups" {
  description = "Managed node groups by name, which nodes have as their label node-group."
  type = map(object({
    instance_types = list(string)
    min_size       = number
    max_size       = number
    ami_type       = optional(string, "AL2023_ARM_64_STANDARD")
    capacity_type  = optional(string, "ON_DEMAND")
  }))
  default = {
    services = { instance_types = ["m7g.large"], min_size = 3, max_size = 9 }
    stores   = { instance_types = ["r7g.xlarge"], min_size = 3, max_size = 6 }
  }
  nullable = false

  validation {
    condition     = alltrue([for group in var.node_groups : group.min_size >= 1 && group.max_size >= group.min_size])
    error_message = "At least one node, and max_size not below min_size."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : contains(["ON_DEMAND", "SPOT"], group.capacity_type)])
    error_message = "capacity_type is ON_DEMAND or SPOT."
  }
}

# Stores that AWS runs. Null leaves each in the cluster (overlay eks); all three are the overlay eks-managed.

variable "database" {
  description = "RDS for PostgreSQL; null keeps PostgreSQL in the cluster. RDS has no TimescaleDB: series then use native partitions."
  type = object({
    engine_version = optional(string, "17")
    instance_class = optional(string, "db.m7g.large")
    storage_gb     = optional(number, 100)
    max_storage_gb = optional(number, 1000)
    multi_az       = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.database == null ? true : can(regex("^[0-9]+$", var.database.engine_version))
    error_message = "engine_version is a major version: minor ones are installed by AWS."
  }

  validation {
    condition     = var.database == null ? true : var.database.storage_gb >= 20 && var.database.max_storage_gb > var.database.storage_gb
    error_message = "storage_gb is 20 or more, and max_storage_gb above it."
  }
}

variable "broker" {
  description = "Amazon MQ for RabbitMQ; null keeps RabbitMQ in the cluster."
  type = object({
    engine_version = optional(string, "4.2")
    instance_type  = optional(string, "mq.m7g.large")
    multi_az       = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.broker == null ? true : can(regex("^[0-9]+\\.[0-9]+$", var.broker.engine_version))
    error_message = "engine_version is major.minor: a patch level is refused by Amazon MQ."
  }
}

variable "redis" {
  description = "ElastiCache for Redis; null keeps Redis in the cluster."
  type = object({
    engine_version = optional(string, "7.1")
    node_type      = optional(string, "cache.m7g.large")
    replicas       = optional(number, 1)
  })
  default = null

  validation {
    condition     = var.redis == null ? true : var.redis.replicas >= 0 && var.redis.replicas <= 5
    error_message = "replicas is 0 to 5."
  }
}

variable "backup_retention_days" {
  description = "Days that backups are kept: of RDS and Redis, and dumps and snapshots in the bucket."
  type        = number
  default     = 35
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "7 to 35: RDS keeps none longer."
  }
}

# Names, pipelines, watching

variable "domain" {
  description = "Public name of the API and the hosted zone it belongs to, which has to be there. Null: no certificate and no records."
  type = object({
    name           = string
    hosted_zone_id = string
  })
  default = null

  validation {
    condition     = var.domain == null ? true : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain.name))
    error_message = "name is a domain name, as in influscope.example.com."
  }
}

variable "github_repository" {
  description = "owner/name of the GitHub repository whose workflows plan, apply and push images. Null: no roles for GitHub."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null ? true : can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "owner/name, without wildcards."
  }
}

variable "github_oidc_provider_arn" {
  description = "GitHub's OIDC provider where the account has it already: there can be but one. Null: it is made."
  type        = string
  default     = null

  validation {
    condition     = var.github_oidc_provider_arn == null ? true : can(regex(":oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn))
    error_message = "The ARN of token.actions.githubusercontent.com."
  }
}

variable "log_retention_days" {
  description = "Days that logs of control plane, network, database and broker are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([30, 90, 180, 365, 731], var.log_retention_days)
    error_message = "30, 90, 180, 365 or 731."
  }
}

variable "alarm_email" {
  description = "Address that alarms and the budget are mailed to; it has to confirm. Null: the topic has no subscriber."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null ? true : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alarm_email))
    error_message = "A mail address."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly cost in dollars that is warned of at 80 % and when it is forecast. Null: no budget."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null ? true : var.monthly_budget_usd > 0
    error_message = "More than 0."
  }
}
