import * as Data from "effect/Data"
import type { InstallFailed, ServerFailed } from "./Server.ts"

/** Why something cannot be done, for a person: what happened, the likely cause, what to run. */
export class Trouble extends Data.TaggedError("Trouble")<{
  readonly what: string
  readonly likelyCause: string
  readonly todo: string
}> {
  override get message(): string {
    return `${this.what} ${this.likelyCause}`
  }
}

const sentence = (text: string): string => {
  const trimmed = text.trim()
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

export const explainInstall = ({ remedy, server, why }: InstallFailed): Trouble =>
  new Trouble({
    what: `${server} is not installed.`,
    likelyCause: sentence(why),
    todo: `${remedy}\n                then: influscope stack up`
  })

export const explainFailure = ({ log, server, why }: ServerFailed): Trouble =>
  new Trouble({
    what: `${server} did not start.`,
    likelyCause: sentence(why),
    todo: `influscope stack logs ${server}   shows its log, ${log}`
  })

/** What nobody foresaw, so that one server's bug does not hold up the others. */
export const explainDefect = (server: string, defect: unknown): Trouble =>
  new Trouble({
    what: `${server} could not be started.`,
    likelyCause: sentence(defect instanceof Error ? defect.message : String(defect)),
    todo: "influscope doctor   looks at disk, rights and programs"
  })

export const explainPort = (
  server: string,
  role: string,
  port: number,
  listener: { readonly pid: number; readonly name: string } | undefined
): Trouble =>
  new Trouble({
    what: `${server} cannot start: port ${port} (${role}) is taken.`,
    likelyCause:
      listener === undefined
        ? "A program of another user listens there."
        : `${listener.name} (process ${listener.pid}) listens there.`,
    todo: `Stop it, or use another port: influscope stack up --port ${server}.${role}=${port < 65_000 ? port + 1 : port - 1}`
  })
