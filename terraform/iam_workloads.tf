# One role for each service account that asks AWS for something, with what it asks for and no more. A service that is not
# here (analytics, collector, indexer, messages, posts, tracker, users) uses nothing of AWS: its pods get no credentials at all.

locals {
  objects_arn = aws_s3_bucket.this["objects"].arn
  backups_arn = aws_s3_bucket.this["backups"].arn

  # For buckets that are encrypted with our key.
  use_data_key = {
    Effect    = "Allow"
    Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource  = aws_kms_key.this["data"].arn
    Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
  }

  workloads = {
    # Uploads avatars.
    scraper = {
      namespace = local.namespace
      statements = [
        local.use_data_key,
        { Effect = "Allow", Action = ["s3:AbortMultipartUpload", "s3:PutObject"], Resource = "${local.objects_arn}/avatars/*" }
      ]
    }

    # Serves avatars, and writes one object to know whether the bucket answers. Only who may list is told 404 of what is
    # not there; others get 403.
    api = {
      namespace = local.namespace
      statements = [
        local.use_data_key,
        { Effect = "Allow", Action = ["s3:GetObject"], Resource = "${local.objects_arn}/avatars/*" },
        { Effect = "Allow", Action = ["s3:PutObject"], Resource = "${local.objects_arn}/probe/*" },
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.objects_arn }
      ]
    }

    # Dumps of PostgreSQL, and their restore. It cannot delete: that is the bucket's rule alone.
    backup = {
      namespace = local.namespace
      statements = [
        local.use_data_key,
        { Effect = "Allow", Action = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], Resource = "${local.backups_arn}/postgresql/*" },
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.backups_arn, Condition = { StringLike = { "s3:prefix" = "postgresql/*" } } }
      ]
    }

    # Its own snapshots.
    elasticsearch = {
      namespace = local.namespace
      statements = [
        local.use_data_key,
        {
          Effect   = "Allow"
          Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
          Resource = "${local.backups_arn}/elasticsearch/*"
        },
        { Effect = "Allow", Action = ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], Resource = local.backups_arn },
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.backups_arn, Condition = { StringLike = { "s3:prefix" = "elasticsearch/*" } } }
      ]
    }

    # Makes Kubernetes Secrets of those in Secrets Manager.
    external-secrets = {
      namespace = "external-secrets"
      statements = [
        {
          Effect   = "Allow"
          Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          Resource = [for secret in aws_secretsmanager_secret.this : secret.arn]
        },
        {
          Effect    = "Allow"
          Action    = ["kms:Decrypt"]
          Resource  = aws_kms_key.this["secrets"].arn
          Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
        }
      ]
    }

    # Adds and removes nodes, of this cluster's groups only.
    cluster-autoscaler = {
      namespace = "kube-system"
      statements = [
        {
          Effect = "Allow"
          Action = [
            "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags",
            "ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetInstanceTypesFromInstanceRequirements"
          ]
          Resource = "*"
        },
        {
          Effect   = "Allow"
          Action   = ["eks:DescribeNodegroup"]
          Resource = "arn:${local.partition}:eks:${var.region}:${local.account_id}:nodegroup/${var.name}/*"
        },
        {
          Effect    = "Allow"
          Action    = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:ResourceTag/eks:cluster-name" = var.name } }
        }
      ]
    }

    # Makes load balancers of Services and Ingresses, and changes only those that it made.
    aws-load-balancer-controller = {
      namespace = "kube-system"
      statements = [
        {
          Effect = "Allow"
          Action = [
            "acm:DescribeCertificate", "acm:ListCertificates", "ec2:Describe*", "ec2:GetSecurityGroupsForVpc",
            "elasticloadbalancing:Describe*"
          ]
          Resource = "*"
        },
        {
          Effect    = "Allow"
          Action    = ["iam:CreateServiceLinkedRole"]
          Resource  = "*"
          Condition = { StringEquals = { "iam:AWSServiceName" = "elasticloadbalancing.amazonaws.com" } }
        },
        {
          Effect   = "Allow"
          Action   = ["ec2:CreateSecurityGroup"]
          Resource = aws_vpc.this.arn
        },
        {
          Effect    = "Allow"
          Action    = ["ec2:CreateSecurityGroup", "ec2:CreateTags"]
          Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account_id}:security-group/*"
          Condition = { StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = var.name } }
        },
        {
          Effect    = "Allow"
          Action    = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
          Resource  = "arn:${local.partition}:ec2:${var.region}:${local.account_id}:security-group/*"
          Condition = { StringEquals = { "ec2:Vpc" = aws_vpc.this.arn } }
        },
        {
          Effect    = "Allow"
          Action    = ["ec2:DeleteSecurityGroup"]
          Resource  = "*"
          Condition = { StringEquals = { "aws:ResourceTag/elbv2.k8s.aws/cluster" = var.name } }
        },
        {
          Effect = "Allow"
          Action = [
            "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:CreateRule", "elasticloadbalancing:CreateTargetGroup"
          ]
          Resource  = "*"
          Condition = { StringEquals = { "aws:RequestTag/elbv2.k8s.aws/cluster" = var.name } }
        },
        {
          Effect = "Allow"
          Action = [
            "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:AddTags", "elasticloadbalancing:Delete*",
            "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:Modify*", "elasticloadbalancing:RegisterTargets",
            "elasticloadbalancing:RemoveListenerCertificates", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:Set*"
          ]
          Resource  = "*"
          Condition = { StringEquals = { "aws:ResourceTag/elbv2.k8s.aws/cluster" = var.name } }
        }
      ]
    }

    # Disks for claims; its rights are AWS's own policy, below, and the key's.
    ebs-csi-controller = {
      namespace       = "kube-system"
      service_account = "ebs-csi-controller-sa"
      statements      = []
    }
  }

  # By default a service account has the name of its workload.
  service_accounts = { for workload, role in local.workloads : workload => try(role.service_account, workload) }

  issuer = trimprefix(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://")
}

resource "aws_iam_role" "workload" {
  for_each = local.workloads

  name = "${var.name}-${each.key}"
  path = "/${var.name}/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      pod-identity = {
        Effect    = "Allow"
        Principal = { Service = "pods.eks.amazonaws.com" }
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Condition = {
          StringEquals = {
            "aws:SourceAccount"                         = local.account_id
            "aws:RequestTag/kubernetes-namespace"       = each.value.namespace
            "aws:RequestTag/kubernetes-service-account" = local.service_accounts[each.key]
          }
          ArnEquals = { "aws:SourceArn" = aws_eks_cluster.this.arn }
        }
      }
      irsa = {
        Effect    = "Allow"
        Principal = { Federated = aws_iam_openid_connect_provider.cluster.arn }
        Action    = ["sts:AssumeRoleWithWebIdentity"]
        Condition = {
          StringEquals = {
            "${local.issuer}:aud" = "sts.amazonaws.com"
            "${local.issuer}:sub" = "system:serviceaccount:${each.value.namespace}:${local.service_accounts[each.key]}"
          }
        }
      }
    }[var.workload_identity]]
  })
}

resource "aws_iam_role_policy" "workload" {
  for_each = { for workload, role in local.workloads : workload => role.statements if length(role.statements) > 0 }

  name   = "needs"
  role   = aws_iam_role.workload[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  role       = aws_iam_role.workload["ebs-csi-controller"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = var.workload_identity == "pod-identity" ? local.service_accounts : {}

  cluster_name    = aws_eks_cluster.this.name
  namespace       = local.workloads[each.key].namespace
  service_account = each.value
  role_arn        = aws_iam_role.workload[each.key].arn
}
