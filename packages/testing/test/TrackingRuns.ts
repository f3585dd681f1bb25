import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll } from "vitest"
import { request, type Unanswered } from "../src/Asking.ts"
import { describeTracking, type TrackingAccount } from "../src/Tracking.ts"

/** Something of a test file's own, from before its first test until after its last. */
export const running = <A, E>(start: (directory: string) => Effect.Effect<A, E, Scope.Scope>) => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-tracking-"))
  const scope = Effect.runSync(Scope.make())
  let started: { readonly value: A } | undefined
  beforeAll(async () => {
    started = { value: await Effect.runPromise(Scope.extend(start(directory), scope)) }
  }, 900_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)
  return (): A => {
    if (started === undefined) throw new Error("the system is asked for before it is up")
    return started.value
  }
}

/** How well mockstagram answers from now on; see `Conditions` of it. */
export const change = (
  mockstagramUrl: string,
  conditions: Readonly<Record<string, number | boolean>>
): Effect.Effect<void, Unanswered> =>
  Effect.asVoid(
    request(`${mockstagramUrl}/control/conditions`, { method: "PUT", body: JSON.stringify(conditions) })
  )

export const say = (what: string, drilled: TrackingAccount): void => {
  process.stdout.write(`${describeTracking(what, drilled)}\n`)
}

/** Every slot that was due has its point, and there is no other. */
export const assertComplete = ({ account, missed }: TrackingAccount): void => {
  const { acknowledged, dead, duplicates, lost, received, strange } = account
  assert.isAbove(acknowledged, 0)
  assert.strictEqual(received, acknowledged)
  assert.deepStrictEqual(
    { dead, duplicates, lost, missed, strange },
    { dead: [], duplicates: [], lost: [], missed: 0, strange: [] }
  )
}
