# Each value that has to be refused: one of each variable, then what a variable has a second validation for or
# cannot be looked at beside a bad region.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "one_of_each" {
  command = plan

  variables {
    addons                       = ["vpc-cni", "aws-ebs-csi"]
    alarm_email                  = "oncall"
    backup_retention_days        = 90
    broker                       = { engine_version = "3.13.7" }
    cluster_access               = { all = { principal_arn = "*" } }
    database                     = { engine_version = "17.4" }
    domain                       = { name = "https://influscope.example.com", hosted_zone_id = "Z0123456789ABC" }
    endpoint_public_access_cidrs = ["0.0.0.0/0"]
    environment                  = "prod"
    github_oidc_provider_arn     = "arn:aws:iam::123456789012:oidc-provider/example.com"
    github_repository            = "influscope/*"
    interface_endpoints          = ["sts "]
    kubernetes_version           = "1.35.1"
    log_retention_days           = 1
    monthly_budget_usd           = 0
    name                         = "influ-scope"
    node_groups                  = { services = { instance_types = ["m7g.large"], min_size = 0, max_size = 1 } }
    redis                        = { replicas = 6 }
    region                       = "us-east"
    vpc_cidr                     = "10.0.0.0/8"
    workload_identity            = "keys"
  }

  expect_failures = [
    var.addons,
    var.alarm_email,
    var.backup_retention_days,
    var.broker,
    var.cluster_access,
    var.database,
    var.domain,
    var.endpoint_public_access_cidrs,
    var.environment,
    var.github_oidc_provider_arn,
    var.github_repository,
    var.interface_endpoints,
    var.kubernetes_version,
    var.log_retention_days,
    var.monthly_budget_usd,
    var.name,
    var.node_groups,
    var.redis,
    var.region,
    var.vpc_cidr,
    var.workload_identity
  ]
}

run "second_validations" {
  command = plan

  variables {
    cluster_access = { ada = { principal_arn = "arn:aws:iam::123456789012:role/ada", policy = "AdministratorAccess" } }
    database       = { storage_gb = 100, max_storage_gb = 100 }
    node_groups    = { services = { instance_types = ["m7g.large"], min_size = 1, max_size = 1, capacity_type = "FREE" } }
    vpc_cidr       = "11.0.0.0/16"
    zones          = ["us-east-1a", "us-east-1b", "us-east-1b"]
  }

  expect_failures = [
    var.cluster_access,
    var.database,
    var.node_groups,
    var.vpc_cidr,
    var.zones
  ]
}
