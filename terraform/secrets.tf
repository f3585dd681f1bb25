# One secret for each Secret of the namespace, with the same keys. What Terraform makes up is in its state too, which is
# why the state is encrypted under a key of its own (bootstrap/).

locals {
  # Passwords that nobody has to know.
  generated = toset(["app-api-token", "dapr-api-token", "elasticsearch", "messages", "postgresql", "rabbitmq", "rabbitmq-cookie", "redis"])
  passwords = { for name, made in terraform_data.password : name => sensitive(made.output) }

  in_cluster = "${local.namespace}.svc.cluster.local"
  hosts = {
    postgresql = local.managed.database ? aws_db_instance.this[0].address : "postgresql.${local.in_cluster}"
    rabbitmq   = local.managed.broker ? split(":", trimprefix(aws_mq_broker.this[0].instances[0].endpoints[0], "amqps://"))[0] : "rabbitmq.${local.in_cluster}"
    redis      = local.managed.redis ? aws_elasticache_replication_group.this[0].primary_endpoint_address : "redis.${local.in_cluster}"
  }
  postgresql_url = "postgresql://${var.name}:${local.passwords["postgresql"]}@${local.hosts.postgresql}:5432/${var.name}"
  rabbitmq_user  = "${var.name}:${local.passwords["rabbitmq"]}"

  secrets = {
    app-api-token  = { token = local.passwords["app-api-token"] }
    dapr-api-token = { token = local.passwords["dapr-api-token"] }
    elasticsearch = {
      username = var.name
      password = local.passwords["elasticsearch"]
    }
    postgresql = {
      username         = var.name
      password         = local.passwords["postgresql"]
      connectionString = local.managed.database ? "${local.postgresql_url}?sslmode=require" : local.postgresql_url
      # For node-postgres, which with `require` alone wants RDS's own authority. Other clients take the one above.
      url = local.managed.database ? "${local.postgresql_url}?sslmode=require&uselibpqcompat=true" : local.postgresql_url
    }
    rabbitmq = {
      username      = var.name
      password      = local.passwords["rabbitmq"]
      cookie        = local.passwords["rabbitmq-cookie"]
      url           = local.managed.broker ? "amqps://${local.rabbitmq_user}@${local.hosts.rabbitmq}:5671" : "amqp://${local.rabbitmq_user}@${local.hosts.rabbitmq}:5672"
      managementUrl = local.managed.broker ? "https://${local.rabbitmq_user}@${local.hosts.rabbitmq}" : "http://${local.rabbitmq_user}@${local.hosts.rabbitmq}:15672"
    }
    redis = {
      host     = "${local.hosts.redis}:6379"
      password = local.passwords["redis"]
    }
    s3 = {
      bucket = aws_s3_bucket.this["objects"].bucket
      region = var.region
    }
  }

  # Begun here and completed by people: what they write stays.
  begun = {
    messages = { secret = local.passwords["messages"] }
  }

  # Written by people alone.
  empty = toset(["access", "alerting"])
}

data "aws_secretsmanager_random_password" "this" {
  for_each = local.generated

  password_length = 40
  # They become parts of addresses.
  exclude_punctuation = true
}

# The data source answers another one each time it is read; this keeps the first. To make a new one:
# terraform apply -replace='terraform_data.password["<name>"]'.
resource "terraform_data" "password" {
  for_each = local.generated

  input = data.aws_secretsmanager_random_password.this[each.key].random_password

  lifecycle {
    ignore_changes = [input]
  }
}

resource "aws_secretsmanager_secret" "this" {
  for_each = setunion(keys(local.secrets), keys(local.begun), local.empty)

  name                    = "${var.name}/${each.key}"
  description             = "Secret ${each.key} of the namespace ${local.namespace}"
  kms_key_id              = aws_kms_key.this["secrets"].arn
  recovery_window_in_days = var.deletion_protection ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "this" {
  for_each = toset(keys(local.secrets))

  secret_id     = aws_secretsmanager_secret.this[each.key].id
  secret_string = jsonencode(local.secrets[each.key])
}

resource "aws_secretsmanager_secret_version" "begun" {
  for_each = toset(keys(local.begun))

  secret_id     = aws_secretsmanager_secret.this[each.key].id
  secret_string = jsonencode(local.begun[each.key])

  lifecycle {
    ignore_changes = [secret_string]
  }
}
