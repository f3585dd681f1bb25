# Roles for GitHub Actions, without keys. plan: pull requests of this repository, reads. apply: jobs of the GitHub
# environment named as ours, whose reviewers are the guard. images: pushes from main.
#
# To plan is to read the state, and with it the passwords that are in it: pull requests of forks get no token from GitHub,
# and who may push a branch is trusted that far.

locals {
  github = "token.actions.githubusercontent.com"

  github_roles = var.github_repository == null ? {} : {
    plan   = "repo:${var.github_repository}:pull_request"
    apply  = "repo:${var.github_repository}:environment:${var.environment}"
    images = "repo:${var.github_repository}:ref:refs/heads/main"
  }

  # As bootstrap/ names them. Without a lock, which `terraform plan -lock=false` can do without.
  state_bucket_arn = "arn:${local.partition}:s3:::${var.name}-terraform-${local.account_id}"
  read_state = [
    { Effect = "Allow", Action = ["s3:ListBucket"], Resource = local.state_bucket_arn },
    { Effect = "Allow", Action = ["s3:GetObject"], Resource = "${local.state_bucket_arn}/*" },
    {
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = "arn:${local.partition}:kms:${var.region}:${local.account_id}:key/*"
      Condition = { "ForAnyValue:StringEquals" = { "kms:ResourceAliases" = "alias/${var.name}-terraform" } }
    }
  ]

  own_iam = [for kind in ["role", "policy", "instance-profile"] : "arn:${local.partition}:iam::${local.account_id}:${kind}/${var.name}/*"]

  github_statements = {
    plan = concat(local.read_state, [
      # What the managed policy leaves out and a plan compares.
      {
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for secret in aws_secretsmanager_secret.this : secret.arn]
      },
      { Effect = "Allow", Action = ["secretsmanager:GetRandomPassword"], Resource = "*" },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = aws_kms_key.this["secrets"].arn
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
      # And what a plan has no business with: people's data.
      {
        Effect   = "Deny"
        Action   = ["s3:GetObject", "s3:GetObjectVersion"]
        Resource = ["${local.objects_arn}/*", "${local.backups_arn}/*"]
      }
    ])
    # The managed policy gives everything but IAM: of that only what is under our path, GitHub's and the cluster's
    # identity providers, and the roles that AWS makes for its services.
    apply = [
      { Effect = "Allow", Action = ["iam:Get*", "iam:List*"], Resource = "*" },
      { Effect = "Allow", Action = ["iam:*"], Resource = local.own_iam },
      {
        Effect   = "Allow"
        Action   = ["iam:*OpenIDConnectProvider*"]
        Resource = "arn:${local.partition}:iam::${local.account_id}:oidc-provider/*"
      },
      {
        Effect   = "Allow"
        Action   = ["iam:CreateServiceLinkedRole"]
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/aws-service-role/*"
      }
    ]
    images = [
      { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = "*" },
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"
        ]
        Resource = [for repository in aws_ecr_repository.this : repository.arn]
      }
    ]
  }

  github_managed_policies = { plan = "ReadOnlyAccess", apply = "PowerUserAccess" }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository != null && var.github_oidc_provider_arn == null ? 1 : 0

  url            = "https://${local.github}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.github_roles

  name                 = "${var.name}-github-${each.key}"
  path                 = "/${var.name}/"
  max_session_duration = each.key == "apply" ? 7200 : 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = coalesce(var.github_oidc_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn)) }
      Action    = ["sts:AssumeRoleWithWebIdentity"]
      Condition = {
        StringEquals = {
          "${local.github}:aud" = "sts.amazonaws.com"
          "${local.github}:sub" = each.value
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "github" {
  for_each = aws_iam_role.github

  name   = "needs"
  role   = each.value.id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.github_statements[each.key] })
}

resource "aws_iam_role_policy_attachment" "github" {
  for_each = { for role, policy in local.github_managed_policies : role => policy if var.github_repository != null }

  role       = aws_iam_role.github[each.key].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/${each.value}"
}
