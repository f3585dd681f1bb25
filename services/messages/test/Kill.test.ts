import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { mailServer, messageIdIn, type ReceivedMail } from "@influscope/testing/MailServer"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { outgoingOf } from "./System.ts"

const program = fileURLToPath(new URL("./KillProcess.ts", import.meta.url))

const count = 120
/** The messages during which the process is killed, by their number. */
const fatal: ReadonlySet<number> = new Set([5, 40, 90])

const States = Schema.parseJson(
  Schema.Array(
    Schema.Struct({ address: Schema.NullOr(Schema.String), message: Schema.String, state: Schema.String })
  )
)

/** The processes of a drill, one after another: each is killed at moments that the receiver chooses. */
class Drill {
  private child: ChildProcess | undefined
  kills = 0

  readonly kill = (): Promise<void> => {
    const { child } = this
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    this.kills++
    return new Promise((dead) => {
      child.once("exit", () => dead())
      child.kill("SIGKILL")
    })
  }

  /** Runs a process to its end; answers what it said last. */
  readonly run = (args: ReadonlyArray<string>, settings: Readonly<Record<string, string>>) =>
    Effect.async<string>((resume) => {
      const child = spawn(process.execPath, [program, ...args], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, MESSAGES_BATCHES: "1", ...settings }
      })
      this.child = child
      let said = ""
      child.stdout.setEncoding("utf8")
      child.stdout.on("data", (text: string) => {
        said += text
      })
      child.on("close", () => resume(Effect.succeed(said)))
      return Effect.sync(() => child.kill("SIGKILL"))
    })
}

/** Starts processes until one has come to the end; answers the states of all recipients. */
const untilOver = (drill: Drill, args: ReadonlyArray<string>, settings: Readonly<Record<string, string>>) =>
  drill.run(args, settings).pipe(
    Effect.repeat({ until: (said) => said.includes("over "), times: 2 * fatal.size }),
    Effect.map((said) => Schema.decodeSync(States)(/^over (.*)$/m.exec(said)?.[1] ?? "[]"))
  )

const duplicatesIn = (ids: ReadonlyArray<string>): ReadonlyArray<string> =>
  ids.filter((id, place) => ids.indexOf(id) !== place)

/** Sends by mail; the process is killed when the server has the bytes of some mails, and has not said so yet. */
const byMail = (settings: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const drill = new Drill()
    let arrived = 0
    const { mails, url } = yield* mailServer({
      beforeTaken: async (_mail: ReceivedMail) => {
        if (fatal.has(++arrived)) await drill.kill()
      }
    })
    const states = yield* untilOver(drill, [directory, "smtp", String(count)], {
      MESSAGES_SMTP_URL: url,
      ...settings
    })
    const ids = mails.map(messageIdIn)
    yield* Effect.logInfo(
      `mail: recipients ${states.length}, mails ${ids.length}, kills ${drill.kills}, duplicates ${duplicatesIn(ids).length}`
    )
    return { ids, kills: drill.kills, states }
  })

const inState = (
  states: ReadonlyArray<{ readonly message: string; readonly state: string }>,
  state: string
): ReadonlyArray<string> => states.filter((each) => each.state === state).map(({ message }) => message)

describe("a process that is killed while it sends", () => {
  it.scopedLive("sends no mail twice, and says of which it does not know", () =>
    Effect.gen(function* () {
      const { ids, kills, states } = yield* byMail({})
      assert.strictEqual(kills, fatal.size)
      assert.strictEqual(states.length, count)
      assert.deepStrictEqual(duplicatesIn(ids), [])
      const [sent, unknown] = [inState(states, "sent"), inState(states, "unknown")]
      assert.strictEqual(sent.length + unknown.length, count)
      // What counts as sent was sent, and what was sent counts as sent or as unknown.
      const received = new Set(ids)
      assert.deepStrictEqual(
        sent.filter((id) => !received.has(id)),
        []
      )
      const known = new Set([...sent, ...unknown])
      assert.deepStrictEqual(
        ids.filter((id) => !known.has(id)),
        []
      )
      // At most the mails that were being sent at the kills.
      assert.isAtLeast(unknown.length, fatal.size)
      assert.isAtMost(unknown.length, 8 * fatal.size)
    })
  )

  it.scopedLive("would be seen to send mail twice, if it did not note beforehand what it sends", () =>
    Effect.gen(function* () {
      const { ids, states } = yield* byMail({ MESSAGES_UNKNOWN_OUTCOME: "resend" })
      assert.strictEqual(inState(states, "sent").length, count)
      assert.strictEqual(new Set(ids).size, count)
      assert.isAtLeast(duplicatesIn(ids).length, 1)
    })
  )

  it.scopedLive("posts every message, again under the same id where it was killed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const drill = new Drill()
      const ids: Array<string> = []
      const server = yield* Effect.acquireRelease(
        Effect.sync(() =>
          Bun.serve({
            hostname: "127.0.0.1",
            port: 0,
            fetch: async (request) => {
              ids.push(request.headers.get("webhook-id") ?? "none")
              if (fatal.has(ids.length)) await drill.kill()
              return new Response("", { status: 204 })
            }
          })
        ),
        (running) => Effect.promise(() => running.stop(true))
      )
      const hook = `http://127.0.0.1:${server.port}/hook`
      const states = yield* untilOver(drill, [directory, "webhook", String(count), hook], {})
      assert.strictEqual(drill.kills, fatal.size)
      assert.strictEqual(inState(states, "delivered").length, count)
      assert.deepStrictEqual(new Set(ids), new Set(states.map(({ message }) => message)))
      assert.isAtLeast(duplicatesIn(ids).length, 1)
    })
  )

  it.scopedLive("writes every file once", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const outgoing = outgoingOf(directory)
      const written = () =>
        existsSync(outgoing) ? readdirSync(outgoing).filter((name) => name.endsWith(".json")) : []
      const drill = new Drill()
      const thresholds = [...fatal]
      yield* Effect.acquireRelease(
        Effect.sync(() =>
          setInterval(() => {
            const [next = Number.POSITIVE_INFINITY] = thresholds
            if (written().length < next) return
            thresholds.shift()
            void drill.kill()
          }, 1)
        ),
        (timer) => Effect.sync(() => clearInterval(timer))
      )
      const states = yield* untilOver(drill, [directory, "file", String(count)], {
        MESSAGES_RATE: "60",
        MESSAGES_BURST: "1"
      })
      assert.isAtLeast(drill.kills, 1)
      assert.strictEqual(inState(states, "delivered").length, count)
      assert.deepStrictEqual(new Set(written()), new Set(states.map(({ message }) => `${message}.json`)))
    })
  )
})
