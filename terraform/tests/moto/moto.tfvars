# On top of production.tfvars: everything that is optional, without what the mock has no API for (add-ons, access entries,
# pod identity, members of a Redis group, subscribers of a budget).
addons              = []
workload_identity   = "irsa"
deletion_protection = false
github_repository   = "influscope/influscope"
alarm_email         = "oncall@example.com"
redis               = null
monthly_budget_usd  = null
