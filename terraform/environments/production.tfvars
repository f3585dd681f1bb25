# The overlay eks-managed: AWS runs broker, database and Redis; Elasticsearch is on the nodes `stores`.
environment        = "production"
monthly_budget_usd = 3000

database = {}
broker   = {}
redis    = {}
