# environments/production.tfvars, with everything that is optional. What is promised of it, against a mocked provider.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  github_repository = "influscope/influscope"
  alarm_email       = "oncall@example.com"
  domain            = { name = "influscope.example.com", hosted_zone_id = "Z0123456789ABC" }
  cluster_access = {
    deploy = { principal_arn = "arn:aws:iam::123456789012:role/influscope/influscope-github-apply" }
    look   = { principal_arn = "arn:aws:iam::123456789012:role/analyst", policy = "AmazonEKSViewPolicy", namespaces = ["influscope"] }
  }
}

run "production" {
  # Network
  assert {
    condition     = length(distinct([for subnet in aws_subnet.this : subnet.availability_zone])) == 3 && length(distinct([for subnet in aws_subnet.this : subnet.cidr_block])) == 9
    error_message = "Three subnets in each of three zones."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.this : subnet.map_public_ip_on_launch == false])
    error_message = "No subnet gives out public addresses."
  }
  assert {
    condition     = alltrue([for name, subnet in local.subnets : subnet.tier == "private" ? startswith(subnet.table, "private-") : subnet.table == subnet.tier])
    error_message = "Each tier has routes of its own."
  }
  assert {
    condition     = toset([for route in aws_route.private : route.nat_gateway_id]) == toset([for gateway in aws_nat_gateway.this : gateway.id])
    error_message = "Each zone has its own way out."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group lets nothing through."
  }
  assert {
    condition = alltrue([for rule in concat(
      values(aws_vpc_security_group_ingress_rule.store), [aws_vpc_security_group_ingress_rule.endpoints]
    ) : rule.cidr_ipv4 != "0.0.0.0/0" && rule.cidr_ipv6 == null])
    error_message = "Nothing is open to the internet."
  }
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.store : rule.referenced_security_group_id == aws_security_group.node.id])
    error_message = "Managed stores answer nodes only."
  }

  # Cluster
  assert {
    condition     = toset(aws_eks_cluster.this.vpc_config[0].subnet_ids) == toset(local.subnet_ids.private) && alltrue([for group in aws_eks_node_group.this : toset(group.subnet_ids) == toset(local.subnet_ids.private)])
    error_message = "Control plane and nodes are in private subnets."
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The Kubernetes API is reached from the VPC only."
  }
  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5 && aws_cloudwatch_log_group.cluster.retention_in_days >= 365
    error_message = "All logs of the control plane are kept for a year."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access is by access entries, and who makes the cluster gets none by that."
  }
  assert {
    condition     = aws_eks_access_policy_association.this["look"].access_scope[0].type == "namespace" && aws_eks_access_policy_association.this["deploy"].access_scope[0].type == "cluster"
    error_message = "Access is for the namespaces that are named, or for all."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.before_nodes["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "NetworkPolicies have an effect."
  }
  assert {
    condition     = aws_launch_template.node.metadata_options[0].http_tokens == "required" && aws_launch_template.node.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods cannot take the role of their node."
  }
  assert {
    condition     = aws_launch_template.node.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.node.block_device_mappings[0].ebs[0].volume_type == "gp3"
    error_message = "Disks of nodes are encrypted gp3."
  }

  # Data
  assert {
    condition = alltrue([for block in aws_s3_bucket_public_access_block.this :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ]) && length(aws_s3_bucket_public_access_block.this) == length(aws_s3_bucket.this)
    error_message = "No bucket can be made public."
  }
  assert {
    condition     = alltrue([for policy in aws_s3_bucket_policy.this : jsondecode(policy.policy).Statement[0].Effect == "Deny" && jsondecode(policy.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"])
    error_message = "Buckets are used with TLS only."
  }
  assert {
    condition     = alltrue([for bucket in ["objects", "backups"] : one(one(aws_s3_bucket_server_side_encryption_configuration.this[bucket].rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"])
    error_message = "What people are in is encrypted under our key."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation])
    error_message = "Keys rotate."
  }
  assert {
    condition     = aws_db_instance.this[0].storage_encrypted && aws_db_instance.this[0].multi_az && aws_db_instance.this[0].deletion_protection && !aws_db_instance.this[0].publicly_accessible && !aws_db_instance.this[0].skip_final_snapshot
    error_message = "The database is encrypted, in two zones, private, and not destroyed by mistake."
  }
  assert {
    condition     = aws_mq_broker.this[0].deployment_mode == "CLUSTER_MULTI_AZ" && !aws_mq_broker.this[0].publicly_accessible
    error_message = "RabbitMQ is a cluster over three zones, and private."
  }
  assert {
    condition     = aws_elasticache_replication_group.this[0].transit_encryption_enabled && aws_elasticache_replication_group.this[0].at_rest_encryption_enabled == "true" && aws_elasticache_replication_group.this[0].automatic_failover_enabled
    error_message = "Redis is encrypted, and fails over."
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "A tag stays what it is."
  }

  # Secrets
  assert {
    condition = alltrue([for name, keys in {
      app-api-token  = ["token"]
      dapr-api-token = ["token"]
      elasticsearch  = ["password", "username"]
      postgresql     = ["connectionString", "password", "url", "username"]
      rabbitmq       = ["cookie", "managementUrl", "password", "url", "username"]
      redis          = ["host", "password"]
      s3             = ["bucket", "region"]
    } : toset(keys(jsondecode(aws_secretsmanager_secret_version.this[name].secret_string))) == toset(keys)])
    error_message = "Secrets have the keys that Dapr's components and the services name."
  }
  assert {
    condition     = jsondecode(aws_secretsmanager_secret_version.this["rabbitmq"].secret_string).url == "amqps://influscope:made-up-for-a-test@b-mock.mq.us-east-1.on.aws:5671"
    error_message = "The broker's address is that of Amazon MQ, with TLS."
  }
  assert {
    condition     = alltrue([for key in ["connectionString", "url"] : strcontains(jsondecode(aws_secretsmanager_secret_version.this["postgresql"].secret_string)[key], "sslmode=require")])
    error_message = "Connections to RDS are encrypted."
  }
  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.kms_key_id == aws_kms_key.this["secrets"].arn && startswith(secret.name, "influscope/")])
    error_message = "Secrets are encrypted under our key, and below our name."
  }

  # Roles of pods
  assert {
    condition = alltrue([for workload, role in aws_iam_role.workload :
      jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-service-account"] == local.service_accounts[workload] &&
      jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:RequestTag/kubernetes-namespace"] == local.workloads[workload].namespace
    ])
    error_message = "A role is for one service account of one namespace."
  }
  assert {
    condition     = toset(keys(aws_eks_pod_identity_association.this)) == toset(keys(aws_iam_role.workload))
    error_message = "Each role is handed to its service account."
  }
  assert {
    condition     = length(setintersection(keys(aws_iam_role.workload), ["analytics", "collector", "indexer", "messages", "posts", "tracker", "users"])) == 0
    error_message = "Services that use nothing of AWS have no role."
  }
  assert {
    condition = alltrue(flatten([for policy in aws_iam_role_policy.workload : [
      for statement in jsondecode(policy.policy).Statement : [
        for action in statement.Action : length(regexall("^[a-z0-9-]+:[A-Z]", action)) == 1
      ]
    ]]))
    error_message = "No workload has all rights of a service."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.workload["backup"].policy, "Delete") && !strcontains(aws_iam_role_policy.workload["scraper"].policy, "GetObject")
    error_message = "Backups cannot delete, and the scraper cannot read."
  }

  # Roles of GitHub
  assert {
    condition = {
      for name, role in aws_iam_role.github : name => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]
      } == {
      plan   = "repo:influscope/influscope:pull_request"
      apply  = "repo:influscope/influscope:environment:production"
      images = "repo:influscope/influscope:ref:refs/heads/main"
    }
    error_message = "Each role is for jobs of its own kind."
  }
  assert {
    condition     = { for role, attachment in aws_iam_role_policy_attachment.github : role => basename(attachment.policy_arn) } == { plan = "ReadOnlyAccess", apply = "PowerUserAccess" }
    error_message = "A plan reads, and nobody is administrator."
  }
  assert {
    condition     = one([for statement in jsondecode(aws_iam_role_policy.github["plan"].policy).Statement : statement if statement.Effect == "Deny"]).Action[0] == "s3:GetObject"
    error_message = "A plan does not read people's data."
  }

  # Outputs
  assert {
    condition     = !strcontains(output.overlay_env, "made-up-for-a-test")
    error_message = "No password is among them."
  }
  assert {
    condition     = output.certificate_arn != null && output.database_endpoint != null && output.broker_endpoint != null && output.redis_endpoint != null
    error_message = "What is managed has an address."
  }
}
