import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll } from "vitest"
import { type Account, describeAccount } from "../src/Account.ts"
import { type DaprSystem, type SystemOptions, start } from "../src/DaprSystem.ts"
import {
  deadBatches,
  type Followers,
  found,
  groupsAfter,
  groupsOf,
  state,
  unsettled
} from "../src/Discovery.ts"
import { drill, untilStill } from "../src/Drill.ts"

export interface SystemDrill {
  /** As it is printed. */
  readonly what: string
  /** A word of its own, which all its accounts have. */
  readonly name: string
  readonly faults: Effect.Effect<unknown, unknown>
  /** How many are stated in any case, and in one batch; 1,500 and 25 when absent. */
  readonly accounts?: number
  readonly groupSize?: number
  readonly followers?: Followers
  /** At every batch that was told to be kept. */
  readonly acknowledged?: Effect.Effect<unknown>
  /** Between two batches; 300 ms when absent, so that some are stated before, during and after a fault. */
  readonly pause?: Duration.DurationInput
  /** Whether further accounts are stated for as long as the faults last. */
  readonly endless?: boolean
  /** The outbox is off, so the audit knows of nothing: the system is at rest when no more accounts are found. */
  readonly unaudited?: boolean
}

/** A system of this file's own, from before its first test until after its last. */
export const runningSystem = (options: Pick<SystemOptions, "tracking" | "env"> = {}) => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-system-"))
  const scope = Effect.runSync(Scope.make())
  let running: DaprSystem | undefined

  beforeAll(async () => {
    // A batch whose way was cut off is sent again soon, not after half a minute.
    const env = { INFLUSCOPE_RELAY_GRACE: "3 seconds", ...options.env }
    running = await Effect.runPromise(Scope.extend(start({ ...options, directory, env }), scope))
  }, 1_800_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)

  const system = (): DaprSystem => {
    if (running === undefined) throw new Error("the system is asked for before it is up")
    return running
  }

  /** What those wrote last that accounts pass through. */
  const sayWhatWasLogged = () => {
    const { servers, services, sidecars } = system()
    const passed = [services.scraper, sidecars.scraper, servers.rabbitmq, sidecars.indexer, services.indexer]
    for (const { log } of [...passed, servers.elasticsearch]) {
      const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-12)
      process.stdout.write(`-- ${log}\n${lines.map((line) => `   ${line.slice(0, 500)}`).join("\n")}\n`)
    }
  }

  /** States accounts while something happens, waits until the audit has nothing pending or missing, and compares ids. */
  const runDrill = async (options: SystemDrill): Promise<Account> => {
    const { accounts = 1_500, endless = false, groupSize = 25, pause = "300 millis" } = options
    const { acknowledged = Effect.void, faults, followers, name, unaudited = false, what } = options
    const { environment, url } = system()
    // Searches are a moment behind the audit.
    const visible = Effect.promise(() =>
      fetch(`${environment["ELASTICSEARCH_URL"]}/profiles/_refresh`, { method: "POST" })
    )
    const read = Effect.zipRight(visible, found(url, name))
    const account = await Effect.runPromise(
      drill({
        groups: groupsOf(name, accounts, groupSize),
        more: endless ? groupsAfter(name, accounts, groupSize) : [],
        write: (ids) =>
          Effect.tap(state(url, name, followers)(ids), (told) =>
            told === "acknowledged" ? acknowledged : Effect.void
          ),
        pause,
        faults: Effect.zipRight(Effect.sleep("1 second"), Effect.asVoid(faults)),
        unsettled: unsettled(url),
        patience: "3 minutes",
        read: unaudited ? untilStill(read, "4 seconds") : read,
        readDead: Effect.map(deadBatches(url, name), (batches) => batches.flatMap(({ accounts }) => accounts))
      }).pipe(Effect.tapError(() => Effect.sync(sayWhatWasLogged)))
    )
    process.stdout.write(`${describeAccount(what, account)}\n`)
    return account
  }

  /** As `runDrill`, and everything that was sent has to be there, once. */
  const losesNothing = async (options: SystemDrill): Promise<void> => {
    const { acknowledged, dead, duplicates, lost, received, sent, strange } = await runDrill(options)
    assert.deepStrictEqual([acknowledged, received], [sent, sent])
    assert.deepStrictEqual(
      { dead, duplicates, lost, strange },
      { dead: [], duplicates: [], lost: [], strange: [] }
    )
  }

  const json = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${system().url}${path}`, init)
    assert.isTrue(response.ok, `${path} answered ${response.status}`)
    return response.json()
  }

  /** An import or a discovery, once it is over. */
  const jobEnd = async (path: string) => {
    for (;;) {
      const job = await json(path)
      if (job.state === "done" || job.state === "failed") return job
      await Bun.sleep(100)
    }
  }

  return { system, runDrill, losesNothing, json, jobEnd }
}
