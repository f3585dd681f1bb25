import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import * as Logging from "@influscope/telemetry/Logging"
import * as Tracing from "@influscope/telemetry/Tracing"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { version } from "../package.json"
import { alerts } from "./commands/Alerts.ts"
import { audit } from "./commands/Audit.ts"
import { backup, restore } from "./commands/Backup.ts"
import { campaigns } from "./commands/Campaigns.ts"
import { components } from "./commands/Components.ts"
import { discover } from "./commands/Discover.ts"
import { dlq } from "./commands/Dlq.ts"
import { doctor } from "./commands/Doctor.ts"
import { exportProfiles } from "./commands/Export.ts"
import { importFiles } from "./commands/Import.ts"
import { messages } from "./commands/Messages.ts"
import { reindex } from "./commands/Reindex.ts"
import { search } from "./commands/Search.ts"
import { show } from "./commands/Show.ts"
import { stack } from "./commands/Stack.ts"
import { start } from "./commands/Start.ts"
import { templates } from "./commands/Templates.ts"
import { token } from "./commands/Token.ts"
import { track } from "./commands/Track.ts"
import { users } from "./commands/Users.ts"
import { explain } from "./Explain.ts"
import {
  helpConfig,
  isOverviewAsked,
  optionWithoutValue,
  overview,
  splitValues,
  withPlainHelp
} from "./Help.ts"
import { outliveReaders, print, remark } from "./Output.ts"
import { interruptedCode, watchSignals } from "./Signals.ts"

const influscope = Command.make("influscope").pipe(
  Command.withDescription("Find, track and analyse social-media influencers."),
  Command.withSubcommands([
    start,
    importFiles,
    exportProfiles,
    search,
    show,
    discover,
    track,
    alerts,
    templates,
    campaigns,
    messages,
    users,
    token,
    audit,
    dlq,
    backup,
    restore,
    doctor,
    stack,
    components,
    reindex
  ])
)

const run = Command.run(influscope, { name: "InfluScope", version, executable: "influscope" })

const MainLive = Layer.mergeAll(Logging.layer, Tracing.layer("influscope"), helpConfig).pipe(
  Layer.provideMerge(BunContext.layer)
)

const args = splitValues(process.argv.slice(2))

/** The parser has said itself what it did not understand; everything else becomes three lines. */
const report = (error: Effect.Effect.Error<ReturnType<typeof run>>) =>
  ValidationError.isValidationError(error)
    ? remark(`Run influscope ${args[0] ?? ""} --help.`)
    : remark(`error: ${explain(error).message}`)

const incomplete = optionWithoutValue(args)

const command =
  incomplete === undefined
    ? run([...process.argv.slice(0, 2), ...args])
    : Effect.zipRight(
        remark(`${incomplete} has no value.`),
        Effect.fail(ValidationError.missingValue(HelpDoc.p(`${incomplete} has no value.`)))
      )

const program = isOverviewAsked(args)
  ? print(overview)
  : command.pipe(withPlainHelp, Effect.provide(MainLive), Effect.tapError(report))

outliveReaders()
watchSignals()
BunRuntime.runMain(program, {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => {
    if (Exit.isSuccess(exit)) return onExit(0)
    if (!Cause.isInterruptedOnly(exit.cause)) return onExit(1)
    // An instance that was told to stop has done what it was told.
    return onExit(args[0] === "start" ? 0 : interruptedCode())
  }
})
