# All images, from one Dockerfile:
#   docker buildx bake -f images/docker-bake.hcl
#   TAGS=1.2.3,latest REGISTRY=ghcr.io/somebody docker buildx bake -f images/docker-bake.hcl --push api users

variable "REGISTRY" {
  default = "ghcr.io/influscope"
}

# Separated by commas.
variable "TAGS" {
  default = "dev"
}

# "linux/amd64,linux/arm64"; empty is that of the builder.
variable "PLATFORMS" {
  default = ""
}

variable "SOURCE" {
  default = "https://github.com/influscope/influscope"
}

variable "REVISION" {
  default = ""
}

group "default" {
  targets = ["services", "cli"]
}

target "_image" {
  context    = "."
  dockerfile = "images/Dockerfile"
  platforms  = compact(split(",", PLATFORMS))
}

function "tags" {
  params = [name]
  result = [for tag in split(",", TAGS) : "${REGISTRY}/${name}:${tag}"]
}

function "labels" {
  params = [name]
  result = {
    "org.opencontainers.image.title"    = "InfluScope: ${name}"
    "org.opencontainers.image.source"   = SOURCE
    "org.opencontainers.image.revision" = REVISION
    "org.opencontainers.image.licenses" = "MIT"
  }
}

target "services" {
  inherits = ["_image"]
  name     = service
  matrix = {
    service = ["analytics", "api", "collector", "indexer", "messages", "mockstagram", "posts", "scraper", "tracker", "users"]
  }
  target = "service"
  args   = { SERVICE = service }
  tags   = tags(service)
  labels = labels(service)
}

target "cli" {
  inherits = ["_image"]
  target   = "cli"
  args     = { SERVICE = "cli" }
  tags     = tags("cli")
  labels   = labels("cli")
}
