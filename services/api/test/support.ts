import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, vi } from "@effect/vitest"
import { Audit } from "@influscope/domain/api/OperationsApi"
import { FieldProblem, problemContentType } from "@influscope/domain/api/Problems"
import { BatchAccepted, type GivenProfile } from "@influscope/domain/api/ProfilesApi"
import { ImportJob } from "@influscope/domain/Imports"
import { SearchResult } from "@influscope/domain/Search"
import { program } from "@influscope/testing/Program"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"

/** Milliseconds something may take on a busy machine before it counts as not happening. */
const patience = 60_000

// A test waits for more than one such thing.
vi.setConfig({ testTimeout: 4 * patience, hookTimeout: 4 * patience })

export class AppDidNotStart extends Data.TaggedError("AppDidNotStart")<{ readonly output: string }> {
  override get message(): string {
    return `The app did not start. It said:\n${this.output}`
  }
}

export interface App {
  /** Without a trailing slash. */
  readonly url: string
  /** Of the users service's own port. */
  readonly usersUrl: string
  readonly port: number
  readonly directory: string
  readonly signal: (name: "SIGTERM" | "SIGKILL") => void
  /** The exit code; null when a signal ended the process. */
  readonly exited: Promise<number | null>
  /** Ends the process if it still runs and removes the directory. */
  readonly stop: () => Promise<void>
}

export interface AppOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A directory to go on with; a new one is made otherwise. */
  readonly directory?: string
}

export const temporaryDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), "influscope-api-"))

const Instance = Schema.parseJson(Schema.Struct({ url: Schema.String, users: Schema.String }))

const readInstance = (directory: string): Promise<typeof Instance.Type | undefined> =>
  readFile(join(directory, "instance.json"), "utf8").then(
    (text) => Schema.decodeSync(Instance)(text),
    () => undefined
  )

/** Settings of the caller's shell must not decide what is tested. */
const inherited = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      value === undefined || /^(?:INFLUSCOPE_|INDEXER_|OTEL_|HOST$)/.test(key) ? [] : [[key, value]]
    )
  )

const influscope = await program("cli")

/** Runs the command `influscope start` on a free port. */
export const spawnApp = (directory: string, env: Readonly<Record<string, string>> = {}) =>
  Bun.spawn([process.execPath, influscope, "start"], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    env: {
      ...inherited(),
      PORT: "0",
      ANALYTICS_PORT: "0",
      INFLUSCOPE_USERS_PORT: "0",
      INFLUSCOPE_DATA_DIR: directory,
      INFLUSCOPE_SEED_PROFILES: "0",
      ...env
    },
    stdout: "pipe",
    stderr: "pipe"
  })

/** Starts the whole system as a person does: every service in a process of its own, on a free port. */
export const startApp = async (options: AppOptions = {}): Promise<App> => {
  const directory = options.directory ?? (await temporaryDirectory())
  // A process that was killed leaves its address behind.
  await rm(join(directory, "instance.json"), { force: true })
  const child = spawnApp(directory, options.env)
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const exited = child.exited.then(() => child.exitCode)
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM")
    const hung = setTimeout(() => child.kill("SIGKILL"), patience)
    await child.exited
    clearTimeout(hung)
    await rm(directory, { recursive: true, force: true })
  }
  const end = Date.now() + patience
  let instance = await readInstance(directory)
  while (instance === undefined) {
    if (child.exitCode !== null || Date.now() > end) {
      await stop()
      throw new AppDidNotStart({ output: (await output).join("\n") })
    }
    await Bun.sleep(50)
    instance = await readInstance(directory)
  }
  return {
    url: instance.url,
    usersUrl: instance.users,
    port: Number(new URL(instance.url).port),
    directory,
    signal: (name) => child.kill(name),
    exited,
    stop
  }
}

/** Polls until the check passes; its last failure is the test's. */
export const eventually = <A>(check: () => Promise<A>): Promise<A> =>
  vi.waitFor(check, { timeout: patience, interval: 25 })

/** The body of an answer with this status, checked against the contract to the last field. */
export const body = async <A, I>(
  response: Response,
  schema: Schema.Schema<A, I>,
  status = 200
): Promise<A> => {
  const text = await response.text()
  assert.strictEqual(response.status, status, text)
  assert.strictEqual(response.headers.get("content-type"), "application/json")
  const decode = Schema.decodeUnknownSync(schema, { errors: "all", onExcessProperty: "error" })
  return decode(JSON.parse(text))
}

const Problem = Schema.Struct({
  type: Schema.String,
  title: Schema.NonEmptyString,
  status: Schema.Int,
  detail: Schema.NonEmptyString,
  errors: Schema.optionalWith(Schema.Array(FieldProblem), { default: () => [] })
})
export type ProblemAnswer = typeof Problem.Type

/** That what is expected is part of what there is. */
export const includes = (actual: object | undefined, expected: Readonly<Record<string, unknown>>): void => {
  const found: Record<string, unknown> = { ...actual }
  assert.deepInclude(found, expected)
}

/** What no answer may tell: where our files are, and what our code was doing. */
const leaks = /node_modules|\/src\/|\.ts:\d|\bat \w+ \(|SQLITE|ENOENT|_tag: |influscope-api-/

/** The problem that an answer is, with everything that holds for all of them checked. */
export const problem = async (response: Response, status: number, slug: string): Promise<ProblemAnswer> => {
  const text = await response.text()
  assert.strictEqual(response.status, status, text)
  assert.strictEqual(response.headers.get("content-type"), problemContentType)
  assert.match(response.headers.get("x-request-id") ?? "", /^[A-Za-z0-9._-]{1,128}$/)
  assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
  assert.notMatch(text, leaks)
  const found = Schema.decodeUnknownSync(Problem)(JSON.parse(text))
  assert.strictEqual(found.type, `urn:influscope:problem:${slug}`)
  assert.strictEqual(found.status, status)
  assert.match(found.detail, /^[A-Z].*[.]$|^There is /s, "the detail is a sentence")
  return found
}

/** The paths of a 400, which has one error per field. */
export const invalidPaths = async (response: Response): Promise<ReadonlyArray<string>> => {
  const { errors } = await problem(response, 400, "invalid-request")
  const paths = errors.map(({ path }) => path)
  assert.deepStrictEqual([...new Set(paths)], paths, "one error per field")
  for (const { message } of errors) assert.match(message, /^[^\n]{1,300}$/)
  return paths
}

export const postJson = (app: App, path: string, value: unknown): Promise<Response> =>
  fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value)
  })

export const search = async (app: App, query: string): Promise<SearchResult> =>
  body(await fetch(`${app.url}/v1/search?${query}`), SearchResult)

/** The audit as it is when nothing is on its way any more. */
export const settled = (app: App): Promise<typeof Audit.Type> =>
  eventually(async () => {
    const audit = await body(await fetch(`${app.url}/v1/audit`), Audit)
    for (const { missing, pending } of audit.topics) assert.strictEqual(missing + pending, 0)
    return audit
  })

type Given = typeof GivenProfile.Encoded

/** States profiles and waits until all of them can be read. */
export const stateProfiles = async (
  app: App,
  profiles: ReadonlyArray<Given>,
  more: { readonly source?: string; readonly observedAt?: string } = {}
): Promise<typeof BatchAccepted.Type> => {
  const accepted = await body(await postJson(app, "/v1/profiles", { ...more, profiles }), BatchAccepted, 202)
  for (const id of new Set(accepted.ids)) {
    await eventually(async () => {
      const response = await fetch(`${app.url}/v1/profiles/${encodeURIComponent(id)}`)
      assert.strictEqual(response.status, 200, id)
    })
  }
  return accepted
}

/** The import as it is when it is over. */
export const finished = (app: App, id: string): Promise<ImportJob> =>
  eventually(async () => {
    const job = await body(await fetch(`${app.url}/v1/imports/${id}`), ImportJob)
    assert.include(["done", "failed"], job.state)
    return job
  })

export type FileBody = Exclude<RequestInit["body"], null | undefined>

export const postImport = (
  app: App,
  query: string,
  file: FileBody,
  headers: Readonly<Record<string, string>> = {}
): Promise<Response> => fetch(`${app.url}/v1/imports?${query}`, { method: "POST", body: file, headers })

/** Sends a file as a raw body and waits for the end of its import. */
export const importFile = async (app: App, query: string, file: FileBody): Promise<ImportJob> => {
  const { id } = await body(await postImport(app, query, file), ImportJob, 202)
  return finished(app, id)
}

/** What a server answers to bytes that no HTTP client would send, until it closes the connection. */
export const exchange = (app: App, bytes: string | Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = ""
    const timer = setTimeout(
      () => reject(new AppDidNotStart({ output: `no end after: ${answer}` })),
      patience
    )
    const done = () => {
      clearTimeout(timer)
      resolve(answer)
    }
    Bun.connect({
      hostname: "127.0.0.1",
      port: app.port,
      socket: {
        open: (socket) => {
          socket.write(bytes)
        },
        data: (_, chunk) => {
          answer += chunk.toString("latin1")
        },
        close: done,
        error: done
      }
    }).catch(reject)
  })
