# The overlay eks: everything is in the cluster, and may be thrown away.
environment         = "development"
deletion_protection = false
single_nat_gateway  = true
interface_endpoints = []
log_retention_days  = 30
monthly_budget_usd  = 700

node_groups = {
  services = { instance_types = ["m7g.large"], min_size = 2, max_size = 4 }
  stores   = { instance_types = ["r7g.large"], min_size = 3, max_size = 3 }
}
