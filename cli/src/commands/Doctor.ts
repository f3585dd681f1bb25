import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Command from "@effect/cli/Command"
import type { Check } from "@influscope/stack/checks/Check"
import { examine } from "@influscope/stack/Doctor"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CliError } from "../CliError.ts"
import { jsonOption } from "../CommonOptions.ts"
import { dataDirPath, Instance } from "../DataDir.ts"
import { print, printJson } from "../Output.ts"
import { counted, oneLine, styled } from "../Text.ts"

const settings = Config.all({
  dataDir: dataDirPath,
  port: Config.integer("PORT").pipe(Config.withDefault(8080)),
  analyticsPort: Config.integer("ANALYTICS_PORT").pipe(Config.withDefault(50_051)),
  usersPort: Config.integer("INFLUSCOPE_USERS_PORT").pipe(Config.withDefault(8081)),
  daprHttpPort: Config.integer("DAPR_HTTP_PORT").pipe(Config.withDefault(3500)),
  daprApiToken: Config.option(Config.redacted("DAPR_API_TOKEN"))
})

/** Who runs on the directory; nobody when there is no file, or it tells of none. */
const instancePid = (dataDir: string): number | undefined => {
  const path = join(dataDir, "instance.json")
  if (!existsSync(path)) return undefined
  return Option.getOrUndefined(
    Option.map(Schema.decodeOption(Schema.parseJson(Instance))(readFileSync(path, "utf8")), ({ pid }) => pid)
  )
}

const colours = { ok: "green", warn: "yellow", fail: "red" } as const

const line = ({ mend, name, state, why }: Check): string =>
  [
    `${styled(colours[state], state.padEnd(4))}  ${name.padEnd(22)}  ${oneLine(why)}`,
    ...(mend === undefined ? [] : [`      ${"".padEnd(22)}  to mend it: ${oneLine(mend)}`])
  ].join("\n")

export const doctor = Command.make("doctor", { json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { analyticsPort, daprApiToken, daprHttpPort, dataDir, port, usersPort } = yield* settings
    const checks = yield* examine({
      dataDir,
      root: join(dataDir, "stack"),
      ownPorts: { PORT: port, ANALYTICS_PORT: analyticsPort, INFLUSCOPE_USERS_PORT: usersPort },
      instancePid: instancePid(dataDir),
      daprHttpPort,
      daprApiToken: Option.getOrUndefined(Option.map(daprApiToken, Redacted.value))
    })
    const count = (state: Check["state"]) => checks.filter((check) => check.state === state).length
    const failed = checks.filter(({ state }) => state === "fail")
    const summary = `${counted(checks.length, "check")}: ${count("ok")} ok, ${count("warn")} to look at, ${failed.length} failed.`
    yield* given.json ? printJson({ checks }) : print([...checks.map(line), "", summary].join("\n"))
    if (failed.length > 0) {
      return yield* new CliError({
        what: `${counted(failed.length, "check")} failed.`,
        likelyCause: failed.map(({ name, why }) => `${name}: ${oneLine(why)}`).join("; "),
        todo: failed[0]?.mend ?? "influscope doctor tells what mends them."
      })
    }
  })
).pipe(
  Command.withDescription(
    "Look at everything InfluScope and its Dapr runtime need, and say what mends what is wrong."
  )
)
