/**
 * Sends a campaign to 10,000 recipients by each channel in turn, and then hands as many messages to the channel in a bare loop:
 *   bun bench/campaign/send.ts [--recipients 10000] [--seconds 180] [--growth 150] [--no-gate]
 * The campaign is sent by a process of its own on the files of a directory; a mail server and a receiver of webhooks in this
 * one take what comes and compare ids. Prints the time from the making of the campaign to its end, how much the memory of the
 * process grew at most meanwhile, and both loops in messages a second; writes bench/results/campaign.json.
 */
import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as DeliveryLayer from "@influscope/adapters/delivery/Delivery"
import { type Channel, OutreachId } from "@influscope/domain/messages/Campaign"
import { EmailAddress } from "@influscope/domain/messages/Contact"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { Delivery, type OutgoingMessage } from "@influscope/ports/Delivery"
import { mailServer, messageIdIn } from "@influscope/testing/MailServer"
import { settings } from "@influscope/testing/Settings"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { memoryOf, resetPeak } from "../support/Machine.ts"
import { rounded } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({ recipients: 10_000, seconds: 180, growth: 150 })
const concurrency = 8
const program = join(import.meta.dirname, "../../services/messages/test/KillProcess.ts")

interface Run {
  readonly seconds: number
  readonly growthMb: number
}

/** Runs the process that sends; answers how long it took, and how much its memory grew. */
const runCampaign = (
  directory: string,
  channel: Channel,
  environment: Readonly<Record<string, string>>,
  hook: string
): Promise<Run> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [program, directory, channel, String(numbers.recipients), ...(channel === "webhook" ? [hook] : [])],
      { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...environment } }
    )
    const pid = child.pid ?? 0
    let [began, before, peak] = [0, 0, 0]
    const watch = setInterval(async () => {
      const memory = await memoryOf(pid).catch(() => undefined)
      // A process that has ended has none.
      if (memory !== undefined && began > 0 && memory.peak > 0) peak = Math.max(peak, memory.peak)
    }, 100)
    let said = ""
    child.stdout.setEncoding("utf8")
    child.stdout.on("data", async (text: string) => {
      said += text
      if (began > 0 || !said.includes("begun\n")) return
      began = performance.now()
      before = (await memoryOf(pid)).resident
      await resetPeak(pid)
    })
    child.on("close", () => {
      clearInterval(watch)
      const seconds = (performance.now() - began) / 1_000
      if (said.includes("\nover ")) resolve({ seconds, growthMb: peak - before })
      else reject(new Error(`the process ended before it was done: ${said.slice(0, 1_000)}`))
    })
  })

const newMessage = (channel: Channel, hook: string, place: number): OutgoingMessage => ({
  id: OutreachId.make(place.toString(16).padStart(32, "0")),
  channel,
  sender: { name: "Jo", address: EmailAddress.make("jo@acme.example") },
  to: {
    id: makeProfileId("instagram", `bare${place}`),
    address: EmailAddress.make(`bare${place}@example.com`)
  },
  content: { subject: "Hello", text: "Dear friend, you have 1,200 followers.", html: null },
  unsubscribeUrl: `https://example.com/unsubscribe/${place}`,
  webhook: { url: hook, secret: Redacted.make("whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0") }
})

/** Hands as many messages to the channel, and keeps nothing of them. */
const runBare = (
  directory: string,
  channel: Channel,
  environment: Readonly<Record<string, string>>,
  hook: string
): Promise<number> =>
  Effect.gen(function* () {
    const { send } = yield* Delivery
    const places = Array.from({ length: numbers.recipients }, (_, place) => place)
    const [took] = yield* Effect.timed(
      Effect.forEach(places, (place) => send(newMessage(channel, hook, place)), {
        concurrency,
        discard: true
      })
    )
    return Duration.toSeconds(took)
  }).pipe(
    Effect.provide(Layer.provide(DeliveryLayer.layer(join(directory, "bare")), settings(environment))),
    Effect.runPromise
  )

const measure = (channel: Channel) =>
  inDirectory((directory) =>
    Effect.gen(function* () {
      const ids = new Set<string>()
      let arrived = 0
      const take = (id: string): void => {
        arrived++
        ids.add(id)
      }
      const { mails, url } = yield* mailServer({
        beforeTaken: async (mail) => {
          take(messageIdIn(mail))
          mails.length = 0
        }
      })
      const server = yield* Effect.acquireRelease(
        Effect.sync(() =>
          Bun.serve({
            hostname: "127.0.0.1",
            port: 0,
            fetch: (request) => {
              take(request.headers.get("webhook-id") ?? "none")
              return new Response(null, { status: 204 })
            }
          })
        ),
        (running) => Effect.promise(() => running.stop(true))
      )
      const hook = `http://127.0.0.1:${server.port}/hook`
      const environment = {
        MESSAGES_SMTP_URL: url,
        MESSAGES_WEBHOOK_PRIVATE: "allow",
        MESSAGES_RATE: "100000"
      }
      const run = yield* Effect.promise(() => runCampaign(directory, channel, environment, hook))
      const received =
        channel === "file"
          ? readdirSync(join(directory, "outgoing")).filter((name) => name.endsWith(".json")).length
          : ids.size
      const twice = channel === "file" ? 0 : arrived - ids.size
      const bareSeconds = yield* Effect.promise(() => runBare(directory, channel, environment, hook))
      return {
        channel,
        received,
        twice,
        seconds: rounded(run.seconds),
        growthMb: rounded(run.growthMb, 1),
        perSecond: rounded(numbers.recipients / run.seconds, 1),
        barePerSecond: rounded(numbers.recipients / bareSeconds, 1)
      }
    }).pipe(Effect.scoped, Effect.runPromise)
  )

printMachine()
const rows: Array<Awaited<ReturnType<typeof measure>>> = []
for (const channel of ["file", "webhook", "smtp"] as const) rows.push(await measure(channel))

table(
  ["channel", "received", "twice", "s", "memory grew MB", "messages/s", "bare loop/s"],
  rows.map((row) => [
    row.channel,
    row.received,
    row.twice,
    row.seconds,
    row.growthMb,
    row.perSecond,
    row.barePerSecond
  ])
)
print()

await conclude(
  "campaign",
  { arguments: numbers, rows },
  rows.flatMap(({ channel, growthMb, received, seconds, twice }) => [
    {
      what: `${channel}: recipients that got it, once`,
      required: String(numbers.recipients),
      measured: received - twice,
      met: received === numbers.recipients && twice === 0
    },
    {
      what: `${channel}: seconds`,
      required: `at most ${numbers.seconds}`,
      measured: seconds,
      met: seconds <= numbers.seconds
    },
    {
      what: `${channel}: MB that the memory grew at most`,
      required: `at most ${numbers.growth}`,
      measured: growthMb,
      met: growthMb <= numbers.growth
    }
  ]),
  gate
)
