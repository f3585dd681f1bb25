import { existsSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { parseEnvironment } from "@influscope/stack/components/EnvironmentFile"
import type { Finding } from "@influscope/stack/components/Finding"
import { lintPaths } from "@influscope/stack/components/Linter"
import { choices, formatProfile, parseProfile } from "@influscope/stack/components/Profile"
import { render } from "@influscope/stack/components/Render"
import { type Environment, variables } from "@influscope/stack/components/Secrets"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CliError } from "../CliError.ts"
import { jsonOption, plainArg } from "../CommonOptions.ts"
import { dataDirPath } from "../DataDir.ts"
import { declareTopology } from "../DeclareTopology.ts"
import { print, printJson, remark } from "../Output.ts"
import { counted } from "../Text.ts"

const described = ({ file, instead, key, line, why }: Finding): string =>
  `${file}:${line}: ${key}: ${why}${instead === undefined ? "" : `\n    instead: ${instead}`}`

const lint = Command.make(
  "lint",
  { paths: plainArg("path").pipe(Args.repeated), json: jsonOption },
  ({ json, paths }) =>
    Effect.gen(function* () {
      const { files, findings } = yield* lintPaths(paths.length === 0 ? ["dapr"] : paths).pipe(
        Effect.mapError(
          (error) =>
            new CliError({
              what: `${error.message}.`,
              likelyCause: "The path is mistyped, or this is not the directory it is relative to.",
              todo: "Name files or directories with Dapr's YAML files: influscope components lint dapr"
            })
        )
      )
      if (json) yield* printJson({ files, findings })
      else if (findings.length > 0) yield* print(findings.map(described).join("\n"))
      else yield* print(`${counted(files, "file")}: nothing is lost or ignored by them.`)
      if (findings.length > 0)
        return yield* new CliError({
          what: `${counted(findings.length, "setting")} in ${counted(files, "file")} would lose data or count for nothing.`,
          likelyCause:
            "Dapr ignores keys it does not know, and several of its defaults favour speed over safety.",
          todo: "Change the lines above; docs/dapr.md says why each is refused."
        })
    })
).pipe(
  Command.withDescription(
    "Refuse component, resiliency and run files that lose data, or have keys that Dapr ignores."
  )
)

/** What the stack wrote, and what this shell says instead. */
const environmentOf = (dataDir: string): Environment => {
  const file = join(dataDir, "stack", "environment")
  const stack = existsSync(file) ? parseEnvironment(readFileSync(file, "utf8")) : {}
  const named = [
    ...variables,
    "RABBITMQ_MANAGEMENT_URL",
    "DAPR_API_TOKEN",
    "APP_API_TOKEN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "INFLUSCOPE_TRACE_SAMPLING"
  ]
  const own = named.flatMap((name) => {
    const value = process.env[name]
    return value === undefined || value === "" ? [] : [[name, value] as const]
  })
  return { ...stack, ...Object.fromEntries(own) }
}

const choice = <A extends string>(name: string, known: ReadonlyArray<A>) =>
  Options.choice(name, known).pipe(Options.optional)

const use = Command.make(
  "use",
  {
    profile: plainArg("profile").pipe(
      Args.withDescription("Broker, state and objects, such as kafka+redis+minio; parts may be left out."),
      Args.optional
    ),
    pubsub: choice("pubsub", choices.pubsub),
    state: choice("state", choices.state),
    objects: choice("objects", choices.objects),
    dapr: Options.directory("dapr", { exists: "yes" }).pipe(
      Options.withDescription("The directory with the component files."),
      Options.withDefault("dapr")
    ),
    json: jsonOption
  },
  ({ dapr, json, objects, profile, pubsub, state }) =>
    Effect.gen(function* () {
      const text = Option.getOrElse(profile, () => process.env["INFLUSCOPE_PROFILE"] ?? "")
      const base = yield* Effect.mapError(
        parseProfile(text),
        (why) =>
          new CliError({
            what: why,
            likelyCause: Option.isSome(profile)
              ? "The profile is mistyped."
              : "INFLUSCOPE_PROFILE is mistyped.",
            todo: `Name them in this order: ${Object.values(choices)
              .map((known) => known.join("|"))
              .join(" + ")}`
          })
      )
      const chosen = {
        pubsub: Option.getOrElse(pubsub, () => base.pubsub),
        state: Option.getOrElse(state, () => base.state),
        objects: Option.getOrElse(objects, () => base.objects)
      }
      const dataDir = yield* dataDirPath
      const rendered = yield* render({
        source: dapr,
        into: join(dapr, ".resources"),
        profile: chosen,
        environment: environmentOf(dataDir)
      }).pipe(
        Effect.mapError(
          (error) =>
            new CliError({
              what: `The components could not be put in place: ${error.message}`,
              likelyCause: "The directory is not the repository's dapr directory, or cannot be written to.",
              todo: "Run it in the repository, or name the directory: influscope components use --dapr path/to/dapr"
            })
        )
      )
      if (json) {
        yield* printJson({ ...rendered, profile: formatProfile(chosen) })
        return
      }
      const shown = (path: string) => relative(process.cwd(), path) || path
      yield* print(
        [
          `${formatProfile(chosen)} is in ${shown(rendered.resources)}. Sidecars that are running keep what they have.`,
          `    set -a; . ${shown(rendered.environmentFile)}; set +a`,
          `    dapr run -f ${join(dapr, "dapr.yaml")}`
        ].join("\n")
      )
      if (rendered.missing.length > 0)
        yield* remark(
          `Not set: ${rendered.missing.join(", ")}. Start the servers (influscope stack up) or set them, then run this again.`
        )
    })
).pipe(
  Command.withDescription(
    "Choose broker and stores for dapr run -f dapr/dapr.yaml, with this machine's secrets."
  )
)

const declare = Command.make("declare", {}, () =>
  Effect.gen(function* () {
    const declared = yield* declareTopology(
      environmentOf(yield* dataDirPath),
      "Try again when it is up: declaring what is there changes nothing."
    )
    if (!declared)
      return yield* new CliError({
        what: "There is no RabbitMQ to declare queues in.",
        likelyCause: "RABBITMQ_URL or RABBITMQ_MANAGEMENT_URL is not set.",
        todo: "Set both, as influscope stack up does: amqp:// and http:// addresses with user and password."
      })
    yield* print("Exchanges, queues and policies are there.")
  })
).pipe(
  Command.withDescription(
    "Declare exchanges, queues and policies in RabbitMQ: once, before anything is published."
  )
)

export const components = Command.make("components").pipe(
  Command.withDescription("Check Dapr's component files, choose which ones are used, and declare queues."),
  Command.withSubcommands([lint, use, declare])
)
