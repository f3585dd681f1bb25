# Laid beside a copy of the configuration, for a mock of AWS whose address comes from AWS_ENDPOINT_URL. Production code
# has nothing of it. What is ignored is what the mock (moto 5.2.5) does not give back as it got it.

terraform {
  backend "local" {}
}

provider "aws" {
  s3_use_path_style = true
  # What the mock has no API for fails at once.
  max_retries = 2
}

resource "aws_eks_cluster" "this" {
  lifecycle {
    ignore_changes = [access_config, upgrade_policy]
  }
}

resource "aws_eks_node_group" "this" {
  lifecycle {
    ignore_changes = [remote_access, scaling_config[0].desired_size, update_config]
  }
}

resource "aws_launch_template" "node" {
  lifecycle {
    ignore_changes = [tag_specifications]
  }
}

resource "aws_db_instance" "this" {
  lifecycle {
    ignore_changes = [performance_insights_enabled, performance_insights_kms_key_id]
  }
}

resource "aws_db_parameter_group" "this" {
  lifecycle {
    ignore_changes = [parameter]
  }
}

resource "aws_vpc_security_group_ingress_rule" "store" {
  lifecycle {
    ignore_changes = [description]
  }
}
