# Without managed stores, with service accounts trusted through OIDC, and without what is optional.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  database           = null
  broker             = null
  redis              = null
  monthly_budget_usd = null
  single_nat_gateway = true
  workload_identity  = "irsa"
}

run "in_cluster" {
  assert {
    condition     = length(aws_db_instance.this) + length(aws_mq_broker.this) + length(aws_elasticache_replication_group.this) + length(aws_security_group.store) == 0
    error_message = "Nothing is made that was not asked for."
  }
  assert {
    condition     = jsondecode(aws_secretsmanager_secret_version.this["rabbitmq"].secret_string).url == "amqp://influscope:made-up-for-a-test@rabbitmq.influscope.svc.cluster.local:5672"
    error_message = "The broker is that of the cluster."
  }
  assert {
    condition     = output.database_endpoint == null && output.broker_endpoint == null && output.redis_endpoint == null && output.certificate_arn == null
    error_message = "What is in the cluster has no address here."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(toset([for route in aws_route.private : route.nat_gateway_id])) == 1
    error_message = "All zones share the one way out."
  }
  assert {
    condition     = length(aws_iam_role.github) == 0 && length(aws_budgets_budget.this) == 0
    error_message = "No roles for GitHub, and no budget."
  }
  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 0
    error_message = "One way to a role, not two."
  }
  assert {
    condition = jsondecode(aws_iam_role.workload["ebs-csi-controller"].assume_role_policy).Statement[0].Condition.StringEquals == {
      "oidc.eks.us-east-1.amazonaws.com/id/MOCK:aud" = "sts.amazonaws.com"
      "oidc.eks.us-east-1.amazonaws.com/id/MOCK:sub" = "system:serviceaccount:kube-system:ebs-csi-controller-sa"
    }
    error_message = "A role is for one service account, and for tokens that were made for AWS."
  }
  assert {
    condition     = aws_eks_addon.after_nodes["aws-ebs-csi-driver"].service_account_role_arn == aws_iam_role.workload["ebs-csi-controller"].arn
    error_message = "The driver of disks is told its role."
  }
}
