import type { PlatformError } from "@effect/platform/Error"
import type { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import type { RequestError, ResponseError } from "@effect/platform/HttpClientError"
import type { ReplayImpossible } from "@influscope/adapters/replay/Provider"
import type { CannotListen } from "@influscope/analytics/Grpc"
import type { Problem } from "@influscope/domain/api/Problems"
import type { KeysUnusable } from "@influscope/http/KeyFile"
import type { CertificateUnusable, NotGuarded, PortTaken } from "@influscope/http/Listener"
import type { StorageError } from "@influscope/ports/StorageError"
import type * as ConfigError from "effect/ConfigError"
import * as Option from "effect/Option"
import type { ParseError } from "effect/ParseResult"
import { CliError } from "./CliError.ts"
import type { DataDirInUse, DataDirUnusable } from "./DataDir.ts"
import type { DiskFull } from "./DiskSpace.ts"

const codeOf = (cause: unknown): string | undefined =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : undefined

const innermost = (cause: unknown): unknown =>
  typeof cause === "object" && cause !== null && "cause" in cause && cause.cause !== undefined
    ? innermost(cause.cause)
    : cause

const otherDirectory = "Choose another: INFLUSCOPE_DATA_DIR=<directory> npm start"

const diskFull = (where: string): CliError =>
  new CliError({
    what: `The disk of the data directory ${where} is full.`,
    likelyCause: "There is no room left on it, or its quota is used up.",
    todo: `Free some space (df -h '${where}') and try again. What was accepted before is kept, and goes on by itself.`
  })

const ofDataDirUnusable = ({ cause, path }: DataDirUnusable): CliError => {
  const system = innermost(cause)
  const code = codeOf(system) ?? ""
  if (code === "ENOSPC" || code === "EDQUOT" || code === "SQLITE_FULL") return diskFull(path)
  const why: { readonly [code: string]: string } = {
    EACCES: "You may not write there.",
    EPERM: "You may not write there.",
    EROFS: "Its disk is mounted read-only.",
    ENOTDIR: "A part of the path is a file.",
    EEXIST: "There is a file of that name.",
    SQLITE_CANTOPEN: "You may not write there.",
    SQLITE_READONLY: "You may not write there."
  }
  return new CliError({
    what: `The data directory ${path} cannot be used.`,
    likelyCause: why[code] ?? (system instanceof Error ? system.message : String(system)),
    todo: `Mend it (ls -ld '${path}'), or choose another: INFLUSCOPE_DATA_DIR=<directory> npm start`
  })
}

const ofDataDirInUse = ({ instance, path }: DataDirInUse): CliError =>
  new CliError({
    what: `The data directory ${path} is in use by another InfluScope.`,
    likelyCause: Option.match(instance, {
      onNone: () => "Another command works on it, or an instance is just starting.",
      onSome: ({ pid, url }) => `It runs as process ${pid} and answers at ${url}.`
    }),
    todo: Option.match(instance, {
      onNone: () => "Wait until it is done and try again.",
      onSome: ({ pid, url }) => `Use that one (${url}), or stop it: kill ${pid}. ${otherDirectory}`
    })
  })

const ofPortTaken = ({ host, port, variable }: PortTaken): CliError =>
  new CliError({
    what: `Port ${port} on ${host} is taken.`,
    likelyCause: "Another program listens there; perhaps an InfluScope of another data directory.",
    todo: `Stop it, or choose another port: ${variable}=${port < 65_535 ? port + 1 : port - 1} npm start`
  })

const ofNotGuarded = ({ host, variable }: NotGuarded): CliError =>
  new CliError({
    what: `${variable}=${host} can be reached from other machines, and nothing says who may ask.`,
    likelyCause: "No keys are configured that tokens could be checked with.",
    todo: `Set INFLUSCOPE_JWT_KEY_FILE or INFLUSCOPE_JWKS_URL (influscope token makes a key), or ${variable}=127.0.0.1.`
  })

const ofKeysUnusable = ({ where, why }: KeysUnusable): CliError =>
  new CliError({
    what: `The keys of ${where} cannot be used.`,
    likelyCause: why,
    todo: "Give a PEM file, a JSON Web Key or a set of them, of EC, RSA or Ed25519. influscope token makes one."
  })

const ofCertificateUnusable = ({ cause }: CertificateUnusable): CliError =>
  new CliError({
    what: "The certificate, or its key, cannot be used.",
    likelyCause: cause instanceof Error ? cause.message : String(cause),
    todo: "Correct INFLUSCOPE_TLS_CERT_FILE and INFLUSCOPE_TLS_KEY_FILE: PEM files that belong together."
  })

const ofCannotListen = ({ cause, host, port }: CannotListen): CliError => {
  const text = cause instanceof Error ? cause.message : String(cause)
  return new CliError({
    what: `The analytics service cannot listen on ${host}:${port}.`,
    likelyCause: text.includes("EADDRINUSE") ? "Another program listens there." : text,
    todo: `Stop it, or choose another port: ANALYTICS_PORT=${port < 65_535 ? port + 1 : port - 1} npm start`
  })
}

const ofReplayImpossible = ({ detail, file }: ReplayImpossible): CliError =>
  new CliError({
    what: `${file} cannot be replayed.`,
    likelyCause: detail,
    todo: "Correct INFLUSCOPE_REPLAY_FILE, or unset it."
  })

const ofStorageError = (error: StorageError): CliError => {
  if (error.reason === "full") return diskFull(process.env["INFLUSCOPE_DATA_DIR"] ?? "./.influscope")
  return new CliError({
    what: `A store could not be used: ${error.operation}.`,
    likelyCause: error.cause instanceof Error ? error.cause.message : String(error.cause),
    todo:
      error.reason === "corrupt"
        ? `Keep a copy of the data directory before anything else. ${otherDirectory}`
        : "Try again; if it stays so, look at the rights and the disk of the data directory."
  })
}

/** The first of what may be several: one is enough to go on with. */
const firstOf = (error: ConfigError.ConfigError): { readonly key: string; readonly message: string } => {
  switch (error._op) {
    case "And":
    case "Or":
      return firstOf(error.left)
    default:
      return { key: error.path.join("_"), message: error.message }
  }
}

const ofConfigError = (error: ConfigError.ConfigError): CliError => {
  const { key, message } = firstOf(error)
  const value = process.env[key]
  return new CliError({
    what: `${key} has a value that cannot be used${value === undefined ? "" : `: ${JSON.stringify(value)}`}.`,
    likelyCause: message,
    todo: `Correct it, or unset it for the default. docs/configuration.md lists every key.`
  })
}

/** What the API refused, in its own words. */
const ofProblem = (problem: typeof Problem.Type): CliError => {
  const wrong =
    problem._tag === "InvalidRequest"
      ? problem.errors.map(({ message, path }) => `${path}: ${message}`).join("; ")
      : problem.title
  const todo: { readonly [tag: string]: string } = {
    InvalidRequest: "Correct it; --help tells what is expected.",
    Unauthorized: "Set INFLUSCOPE_TOKEN to a token that is valid now; influscope token makes one.",
    Forbidden: "Use a token with that scope: influscope token --scope SCOPE.",
    Conflict: "Look at what is there, and ask for something else.",
    PreconditionFailed: "Look at it again, then repeat the command.",
    TooManyRequests: "Wait that long, or raise INFLUSCOPE_RATE_LIMIT of the instance.",
    NotFound:
      "influscope search lists the profiles, influscope dlq list the dead letters, influscope alerts rules list the rules.",
    PayloadTooLarge: "Split the file, or raise INFLUSCOPE_MAX_IMPORT_BYTES and start again.",
    Unavailable: "Try again in a few seconds.",
    StorageFull: "Free some space on the disk of the data directory and try again."
  }
  return new CliError({
    what: problem.detail,
    likelyCause: `${wrong}.`,
    todo: todo[problem._tag] ?? "Look at the log of the instance."
  })
}

const ofLostInstance = (reason: string): CliError =>
  new CliError({
    what: "The running instance did not answer.",
    likelyCause: `It was stopped, or it is another version (${reason}).`,
    todo: "Start it again (npm start), then repeat the command; what was accepted before is kept."
  })

const ofPlatformError = (error: PlatformError): CliError =>
  new CliError({
    what: `${error.module}.${error.method} failed.`,
    likelyCause: error.message,
    todo: "Look at the rights of the file and try again."
  })

/** Everything that can stop a command. */
export type Failure =
  | CliError
  | DataDirUnusable
  | DataDirInUse
  | DiskFull
  | PortTaken
  | NotGuarded
  | CertificateUnusable
  | KeysUnusable
  | CannotListen
  | ReplayImpossible
  | StorageError
  | ConfigError.ConfigError
  | typeof Problem.Type
  | RequestError
  | ResponseError
  | HttpApiDecodeError
  | ParseError
  | PlatformError

/** A failure as three lines: what happened, the likely cause, what to do. */
export const explain = (error: Failure): CliError => {
  switch (error._tag) {
    case "CliError":
      return error
    case "DataDirUnusable":
      return ofDataDirUnusable(error)
    case "DataDirInUse":
      return ofDataDirInUse(error)
    case "DiskFull":
      return diskFull(error.path)
    case "PortTaken":
      return ofPortTaken(error)
    case "NotGuarded":
      return ofNotGuarded(error)
    case "CertificateUnusable":
      return ofCertificateUnusable(error)
    case "KeysUnusable":
      return ofKeysUnusable(error)
    case "CannotListen":
      return ofCannotListen(error)
    case "ReplayImpossible":
      return ofReplayImpossible(error)
    case "StorageError":
      return ofStorageError(error)
    case "ConfigError":
      return ofConfigError(error)
    case "InvalidRequest":
    case "Unauthorized":
    case "Forbidden":
    case "NotFound":
    case "Conflict":
    case "PreconditionFailed":
    case "PayloadTooLarge":
    case "UnsupportedMediaType":
    case "TooManyRequests":
    case "Unavailable":
    case "StorageFull":
    case "InternalError":
      return ofProblem(error)
    case "RequestError":
    case "ResponseError":
    case "HttpApiDecodeError":
    case "ParseError":
      return ofLostInstance(error.message)
    case "SystemError":
    case "BadArgument":
      return ofPlatformError(error)
  }
}
