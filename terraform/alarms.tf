# What Prometheus in the cluster cannot see: the stores that AWS runs, NAT, and the bill.

locals {
  alarms = merge(
    { for zone, gateway in aws_nat_gateway.this : "nat-${zone}-ports" => {
      description = "NAT gateway ${zone} has no ports left: connections to the outside fail."
      namespace   = "AWS/NATGateway"
      metric      = "ErrorPortAllocation"
      dimensions  = { NatGatewayId = gateway.id }
      statistic   = "Sum"
      comparison  = "GreaterThanThreshold"
      threshold   = 0
    } },
    { for name, alarm in {
      cpu = {
        description = "PostgreSQL is busy."
        metric      = "CPUUtilization"
        statistic   = "Average"
        comparison  = "GreaterThanThreshold"
        threshold   = 85
      }
      storage = {
        description = "PostgreSQL has less than 10 GB of disk left, in spite of growing by itself."
        metric      = "FreeStorageSpace"
        statistic   = "Minimum"
        comparison  = "LessThanThreshold"
        threshold   = 10 * pow(1024, 3)
      }
    } : "database-${name}" => merge(alarm, { namespace = "AWS/RDS", dimensions = { DBInstanceIdentifier = var.name } }) if local.managed.database },
    { for name, alarm in {
      memory = {
        description = "RabbitMQ is about to stop its producers for want of memory."
        metric      = "RabbitMQMemUsed"
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = 2.5 * pow(1024, 3)
      }
      disk = {
        description = "RabbitMQ is about to stop its producers for want of disk."
        metric      = "RabbitMQDiskFree"
        statistic   = "Minimum"
        comparison  = "LessThanThreshold"
        threshold   = 20 * pow(1024, 3)
      }
    } : "broker-${name}" => merge(alarm, { namespace = "AWS/AmazonMQ", dimensions = { Broker = var.name } }) if local.managed.broker },
    { for name, alarm in {
      memory = {
        description = "Redis is nearly full: the cache is thrown out early."
        metric      = "DatabaseMemoryUsagePercentage"
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = 85
      }
    } : "redis-${name}" => merge(alarm, { namespace = "AWS/ElastiCache", dimensions = { CacheClusterId = "${var.name}-001" } }) if local.managed.redis }
  )
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.this["logs"].arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudgetOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_budgets_budget" "this" {
  count = var.monthly_budget_usd == null ? 0 : 1

  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.alarms]
}
