import { join } from "node:path"
import { cached, install } from "@influscope/stack/Cache"
import { pythonPackages } from "@influscope/stack/Python"
import { InstallFailed } from "@influscope/stack/Server"
import * as Shell from "@influscope/stack/Shell"
import { buildGo } from "@influscope/stack/servers/Daprd"
import * as Effect from "effect/Effect"

const terraformVersion = "1.11.4"
const tflintVersion = "0.64.0"
const checkovVersion = "3.3.30"

/** Backends that are Go modules of their own, inside Terraform's, and so not to be had: nothing here uses one of them. */
const backends = ["azure", "consul", "cos", "gcs", "kubernetes", "oss", "pg", "s3"]
const terraformModule = "github.com/hashicorp/terraform"
const backendModule = (name: string): string => `${terraformModule}/internal/backend/remote-state/${name}`
const backendStub = (name: string): string => `package ${name}

import (
	"${terraformModule}/internal/backend"
	"${backendModule("inmem")}"
)

func New() backend.Backend { return inmem.New() }
`

const buildTerraform = cached("terraform", terraformVersion, (directory) =>
  buildGo("Terraform", directory, {
    files: Object.fromEntries(
      backends.flatMap((name) => [
        [`backends/${name}/go.mod`, `module ${backendModule(name)}\n`],
        [`backends/${name}/${name}.go`, backendStub(name)]
      ])
    ),
    edit: backends.flatMap((name) => ["-replace", `${backendModule(name)}=./backends/${name}`]),
    tool: `${terraformModule}@v${terraformVersion}`,
    build: [
      "-ldflags",
      `-s -w -X ${terraformModule}/version.dev=no`,
      "-o",
      join(directory, "terraform"),
      terraformModule
    ]
  })
).pipe(Effect.map((directory) => join(directory, "terraform")))

/** That of the PATH or, where there is none, one built from its sources, which cannot keep a state anywhere but here. */
export const terraform = Effect.suspend(() => {
  const found = Bun.which("terraform")
  return found === null ? buildTerraform : Effect.succeed(found)
})

/** tflint, built from its sources, with the rules that are part of it. */
export const tflint = cached("tflint", tflintVersion, (directory) =>
  Bun.which("go") === null
    ? new InstallFailed({
        server: "tflint",
        why: "it is built by Go, which is not here",
        remedy: "install Go 1.24 or newer: https://go.dev/doc/install"
      })
    : install(
        "tflint",
        `go install github.com/terraform-linters/tflint@v${tflintVersion}`,
        [
          "nice",
          "go",
          "install",
          "-trimpath",
          "-ldflags=-s -w",
          `github.com/terraform-linters/tflint@v${tflintVersion}`
        ],
        { env: { GOBIN: directory } }
      )
).pipe(Effect.map((directory) => join(directory, "tflint")))

/** checkov from Python's index, as an argv. */
export const checkov = pythonPackages("checkov", checkovVersion, [`checkov==${checkovVersion}`]).pipe(
  Effect.map((python) => [python, "-m", "checkov.main"])
)

/**
 * Arguments of `terraform init`, and its environment: the provider comes from a mirror on this machine, where there is one,
 * and from the registry elsewhere.
 */
export const providerSource = Effect.gen(function* () {
  const found = yield* Shell.run([
    "sh",
    "-c",
    "find / -xdev -path /proc -prune -o -name 'terraform-provider-aws_v5*' -path '*registry*' -print 2>/dev/null | head -n 1"
  ])
  // <mirror>/<host>/<namespace>/<type>/<version>/<platform>/<program>
  const mirror = found.trim().split("/").slice(0, -6).join("/")
  return mirror === ""
    ? { args: [], env: {} }
    : { args: [`-plugin-dir=${mirror}`], env: { TF_CLI_CONFIG_FILE: "/dev/null" } }
})
