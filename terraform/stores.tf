# What AWS runs instead of the cluster, each where its variable is set. All of it is in the data subnets, is encrypted with
# the key `data`, and answers nodes only.

locals {
  managed = {
    database = var.database != null
    broker   = var.broker != null
    redis    = var.redis != null
  }

  store_ports = {
    database = { postgresql = 5432 }
    # KEDA asks the management API.
    broker = { amqps = 5671, management = 443 }
    redis  = { redis = 6379 }
  }

  store_rules = merge([
    for store, ports in local.store_ports : {
      for name, port in ports : "${store}-${name}" => { store = store, port = port }
    } if local.managed[store]
  ]...)
}

resource "aws_security_group" "store" {
  for_each = toset([for store, managed in local.managed : store if managed])

  name        = "${var.name}-${each.key}"
  description = "Managed ${each.key}"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "store" {
  for_each = local.store_rules

  security_group_id            = aws_security_group.store[each.value.store].id
  description                  = "Nodes and pods"
  referenced_security_group_id = aws_security_group.node.id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# PostgreSQL

resource "aws_db_subnet_group" "this" {
  count = local.managed.database ? 1 : 0

  name       = var.name
  subnet_ids = local.subnet_ids.data
}

resource "aws_db_parameter_group" "this" {
  count = local.managed.database ? 1 : 0

  name_prefix = "${var.name}-"
  family      = "postgres${var.database.engine_version}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role" "database_monitoring" {
  count = local.managed.database ? 1 : 0

  name = "${var.name}-database-monitoring"
  path = "/${var.name}/"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "monitoring.rds.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  count = local.managed.database ? 1 : 0

  role       = aws_iam_role.database_monitoring[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_db_instance" "this" {
  count = local.managed.database ? 1 : 0

  identifier     = var.name
  engine         = "postgres"
  engine_version = var.database.engine_version
  instance_class = var.database.instance_class
  db_name        = var.name
  username       = var.name
  password       = local.passwords["postgresql"]

  storage_type          = "gp3"
  allocated_storage     = var.database.storage_gb
  max_allocated_storage = var.database.max_storage_gb
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.this["data"].arn

  multi_az               = var.database.multi_az
  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.this[0].name
  vpc_security_group_ids = [aws_security_group.store["database"].id]
  parameter_group_name   = aws_db_parameter_group.this[0].name

  iam_database_authentication_enabled = true

  # To any second of that time.
  backup_retention_period   = var.backup_retention_days
  backup_window             = "02:00-03:00"
  maintenance_window        = "sun:03:30-sun:04:30"
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${var.name}-last"

  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.database_monitoring[0].arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.this["data"].arn

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_cloudwatch_log_group" "database" {
  for_each = toset(local.managed.database ? ["postgresql", "upgrade"] : [])

  # The name that RDS writes to.
  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this["logs"].arn
}

# RabbitMQ

resource "aws_mq_broker" "this" {
  count = local.managed.broker ? 1 : 0

  broker_name                = var.name
  engine_type                = "RabbitMQ"
  engine_version             = var.broker.engine_version
  auto_minor_version_upgrade = true
  host_instance_type         = var.broker.instance_type
  deployment_mode            = var.broker.multi_az ? "CLUSTER_MULTI_AZ" : "SINGLE_INSTANCE"

  publicly_accessible = false
  subnet_ids          = var.broker.multi_az ? local.subnet_ids.data : [local.subnet_ids.data[0]]
  security_groups     = [aws_security_group.store["broker"].id]

  encryption_options {
    use_aws_owned_key = false
    kms_key_id        = aws_kms_key.this["data"].arn
  }

  logs {
    general = true
  }

  maintenance_window_start_time {
    day_of_week = "SUNDAY"
    time_of_day = "03:30"
    time_zone   = "UTC"
  }

  user {
    username = var.name
    password = local.passwords["rabbitmq"]
  }

  lifecycle {
    # A new password would make a new broker: it is changed by RabbitMQ's own API.
    ignore_changes = [user]
  }
}

# Redis

resource "aws_elasticache_subnet_group" "this" {
  count = local.managed.redis ? 1 : 0

  name       = var.name
  subnet_ids = local.subnet_ids.data
}

resource "aws_elasticache_parameter_group" "this" {
  count = local.managed.redis ? 1 : 0

  name   = var.name
  family = "redis${split(".", var.redis.engine_version)[0]}"

  # Dapr's configuration store tells of changes by these events.
  parameter {
    name  = "notify-keyspace-events"
    value = "Kg$xe"
  }

  # The cache's entries have a time to live, the configuration has none: it stays.
  parameter {
    name  = "maxmemory-policy"
    value = "volatile-lru"
  }
}

resource "aws_elasticache_replication_group" "this" {
  count = local.managed.redis ? 1 : 0

  replication_group_id = var.name
  description          = "Cache and configuration of ${var.name}"
  engine               = "redis"
  engine_version       = var.redis.engine_version
  node_type            = var.redis.node_type
  num_cache_clusters   = var.redis.replicas + 1
  parameter_group_name = one(aws_elasticache_parameter_group.this[*].name)

  automatic_failover_enabled = var.redis.replicas > 0
  multi_az_enabled           = var.redis.replicas > 0
  subnet_group_name          = aws_elasticache_subnet_group.this[0].name
  security_group_ids         = [aws_security_group.store["redis"].id]

  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.this["data"].arn
  transit_encryption_enabled = true
  auth_token                 = local.passwords["redis"]
  auth_token_update_strategy = "ROTATE"

  snapshot_retention_limit = var.backup_retention_days
  snapshot_window          = "02:00-03:00"
  maintenance_window       = "sun:03:30-sun:04:30"
}
