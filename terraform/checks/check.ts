import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Shell from "@influscope/stack/Shell"
import * as Supervisor from "@influscope/stack/Supervisor"
import { moto } from "@influscope/stack/servers/Moto"
import { check, refused, runChecks, Unmet } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"
import { checkov, providerSource, terraform, tflint } from "./Tools.ts"

// Holds the configuration against tools, and against a mock of AWS: it is applied, has to have nothing left to change, and
// is destroyed. What has to be refused is shown to each tool too. Works on copies; needs no account.
//
//   bun terraform/checks/check.ts

const root = join(import.meta.dirname, "..")
const quiet = { TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1" }
const production = "-var-file=environments/production.tfvars"

const keysOf = (lines: string): string =>
  [...lines.matchAll(/^(\w+)=/gm)]
    .map(([, key]) => key)
    .sort()
    .join(" ")

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "influscope-terraform-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const place = (directory: string, files: Readonly<Record<string, string>>): string => {
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

/** That terraform.env of both overlays has exactly the keys of what Terraform puts out for it. */
const overlaysAgree = (output: string): Effect.Effect<void, Unmet> =>
  Effect.forEach(
    ["eks", "eks-managed"],
    (overlay) => {
      const example = readFileSync(join(root, "../k8s/overlays", overlay, "terraform.env"), "utf8")
      return keysOf(example) === keysOf(output)
        ? Effect.void
        : new Unmet({ why: `${overlay} has ${keysOf(example)}, not ${keysOf(output)}` })
    },
    { discard: true }
  )

const openGroup = `resource "aws_security_group_rule" "bad" {
  type              = "ingress"
  security_group_id = "sg-1"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = ["0.0.0.0/0"]
}
`
const bareBucket = `resource "aws_s3_bucket" "bad" {
  bucket = "bad"
}
`
const unusedVariable = `variable "bad" {
}
`
const unknownArgument = `resource "aws_s3_bucket" "bad" {
  buket = "bad"
}
`

const program = Effect.gen(function* () {
  const scratch = yield* temporaryDirectory
  const { args, env } = yield* providerSource
  const programs = { terraform: yield* terraform, tflint: yield* tflint, checkov: yield* checkov }

  /** A copy of the configuration, and Terraform in it. */
  const workspace = (name: string, environment: Readonly<Record<string, string>> = {}) => {
    const directory = join(scratch, name)
    cpSync(root, directory, { recursive: true, filter: (path) => !/\.terraform$|\.tfstate/.test(path) })
    const terraformIn =
      (folder: string) =>
      (...command: ReadonlyArray<string>) =>
        Shell.run([programs.terraform, ...command], {
          cwd: join(directory, folder),
          env: { ...env, ...quiet, ...environment }
        })
    return { directory, main: terraformIn("."), bootstrap: terraformIn("bootstrap") }
  }
  const init = ["init", "-no-color", "-lockfile=readonly", ...args]

  const tools = Effect.gen(function* () {
    const { bootstrap, directory, main } = workspace("plain")
    yield* check(
      "init",
      Effect.all([main(...init, "-backend=false"), bootstrap(...init)], { concurrency: 2 })
    )
    const inRoot = { cwd: root, env: quiet }
    const bad = (name: string, files: Readonly<Record<string, string>>) =>
      place(join(scratch, "bad", name), files)

    yield* check("fmt", Shell.run([programs.terraform, "fmt", "-check", "-diff", "-recursive"], inRoot))
    yield* check(
      "fmt refuses what is not formatted",
      refused(
        Shell.run([programs.terraform, "fmt", "-check", bad("fmt", { "bad.tf": 'locals { a= "b" }\n' })]),
        "ended with 3"
      )
    )

    yield* check("validate", Effect.zip(main("validate", "-no-color"), bootstrap("validate", "-no-color")))
    place(join(directory, "bootstrap"), { "bad.tf": unknownArgument })
    yield* check(
      "validate refuses an argument that there is not",
      refused(bootstrap("validate", "-no-color"), "Unsupported argument")
    )

    const lint = (folder: string) =>
      Shell.run([programs.tflint, `--chdir=${folder}`, `--config=${join(root, ".tflint.hcl")}`, "--no-color"])
    yield* check("tflint", Effect.zip(lint(root), lint(join(root, "bootstrap"))))
    yield* check(
      "tflint refuses a variable without type, description and use",
      refused(
        lint(bad("tflint", { "bad.tf": unusedVariable })),
        "terraform_typed_variables",
        "terraform_documented_variables",
        "terraform_unused_declarations"
      )
    )

    const scan = (folder: string) =>
      Shell.run(
        [
          ...programs.checkov,
          ...["--directory", folder],
          ...["--config-file", join(root, ".checkov.yaml")],
          "--skip-download"
        ],
        { cwd: root }
      )
    yield* check("checkov", scan(root))
    yield* check(
      "checkov refuses SSH for all and a bare bucket",
      refused(
        scan(bad("checkov", { "group.tf": openGroup, "bucket.tf": bareBucket })),
        "CKV_AWS_24",
        "CKV_AWS_145",
        "CKV2_AWS_6"
      )
    )

    yield* check("terraform test", main("test", "-no-color", production))
    yield* check(
      "terraform test refuses production without protection against its deletion",
      refused(
        main(
          "test",
          "-no-color",
          production,
          "-var=deletion_protection=false",
          "-filter=tests/production.tftest.hcl"
        ),
        "not destroyed by mistake"
      )
    )
  })

  const applied = Effect.gen(function* () {
    // The mock of the stack's, which here also has to know the policies that AWS keeps, and to validate certificates at once.
    const recipe: typeof moto = {
      ...moto,
      command: (where) => {
        const command = moto.command(where)
        return {
          ...command,
          env: { ...command.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true", MOTO_ACM_VALIDATION_WAIT: "1" }
        }
      }
    }
    const { where } = yield* Supervisor.scoped(recipe, { directory: join(scratch, "moto-server") })
    const environment = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${where.ports["aws"] ?? 0}`,
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_REGION: "us-east-1",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_EC2_METADATA_DISABLED: "true"
    }
    const { bootstrap, directory, main } = workspace("moto", environment)
    for (const file of ["override.tf", "bootstrap/override.tf"])
      cpSync(join(root, "tests/moto", file), join(directory, file))
    yield* check("init beside the mock", Effect.all([main(...init), bootstrap(...init)], { concurrency: 2 }))
    const zone = yield* Shell.run(
      [
        where.program,
        "-c",
        "import boto3; print(boto3.client('route53', 'us-east-1').create_hosted_zone(Name='example.com', CallerReference='1')['HostedZone']['Id'].split('/')[-1])"
      ],
      { env: environment }
    )
    const inputs = [
      production,
      "-var-file=tests/moto/moto.tfvars",
      `-var=domain={name="influscope.example.com",hosted_zone_id="${zone.trim()}"}`
    ]
    // Nearly all of the time the provider waits, as it has to for AWS itself.
    const unattended = ["-no-color", "-auto-approve", "-parallelism=40"]
    yield* Effect.all(
      [
        check("bootstrap is applied", bootstrap("apply", ...unattended)),
        check("production is applied", main("apply", ...unattended, ...inputs))
      ],
      { concurrency: 2 }
    )
    const plan = (...more: ReadonlyArray<string>) =>
      main("plan", "-no-color", "-detailed-exitcode", "-lock=false", ...inputs, ...more)
    yield* check(
      "the overlays name every value",
      Effect.flatMap(main("output", "-raw", "overlay_env"), overlaysAgree)
    )
    yield* check(
      "a second plan has nothing to change",
      Effect.zip(plan(), bootstrap("plan", "-no-color", "-detailed-exitcode"), { concurrent: true })
    )
    yield* check(
      "a plan shows what does change",
      refused(plan("-refresh=false", "-var=log_retention_days=90"), "ended with 2", "to change")
    )
    yield* Effect.all(
      [
        check("production is destroyed", main("destroy", ...unattended, ...inputs)),
        check("bootstrap is destroyed", bootstrap("destroy", ...unattended))
      ],
      { concurrency: 2 }
    )
  })

  yield* Effect.all([tools, applied], { concurrency: 2 })
})

runChecks("terraform", program)
