import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { accountOf, describeAccount } from "../src/Account.ts"
import { drill } from "../src/Drill.ts"

const set = (...ids: ReadonlyArray<string>) => new Set(ids)

describe("an account", () => {
  it("tells what was lost, came twice or from nowhere, and lets open outcomes be either", () => {
    const outcomes = { acknowledged: set("a", "b", "c"), failed: set("d"), unknown: set("e", "f") }
    const account = accountOf(outcomes, ["a", "b", "b", "e", "x"])
    assert.deepStrictEqual(account, {
      sent: 6,
      acknowledged: 3,
      received: 4,
      dead: [],
      duplicates: ["b"],
      lost: ["c"],
      strange: ["x"]
    })
    assert.strictEqual(
      describeAccount("a try", account),
      "a try: sent 6, acknowledged 3, received 4, duplicates 1, lost 1, strange 1"
    )
  })

  it("does not call lost what is among the dead letters", () => {
    const outcomes = { acknowledged: set("a", "b", "c"), failed: set(), unknown: set() }
    const account = accountOf(outcomes, ["a"], ["c", "c"])
    assert.deepStrictEqual([account.lost, account.dead], [["b"], ["c", "c"]])
    assert.strictEqual(
      describeAccount("a try", account),
      "a try: sent 3, acknowledged 3, received 1, dead 2, duplicates 0, lost 1"
    )
  })
})

describe("a drill", () => {
  const groups = [["a", "b"], ["c"], ["d", "e"]]
  /** A store that forgets what it took while it was broken. */
  const forgetful = Effect.gen(function* () {
    const broken = yield* Ref.make(false)
    const kept = yield* Ref.make<ReadonlyArray<string>>([])
    const write = (ids: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        if (!(yield* Ref.get(broken))) yield* Ref.update(kept, (all) => [...all, ...ids])
        return "acknowledged" as const
      })
    return { broken, read: Ref.get(kept), write }
  })

  it.live("finds what a store forgot, and nothing when it forgot nothing", () =>
    Effect.gen(function* () {
      for (const breaks of [true, false]) {
        const { broken, read, write } = yield* forgetful
        const account = yield* drill({
          groups,
          write,
          pause: "100 millis",
          faults: Effect.zipRight(
            Effect.sleep("30 millis"),
            Effect.zipRight(Ref.set(broken, breaks), Effect.sleep("1 second"))
          ),
          unsettled: Effect.sync((): string | undefined => undefined),
          patience: "1 second",
          read
        })
        assert.strictEqual(account.sent, 5)
        assert.deepStrictEqual(account.lost, breaks ? ["d", "e"] : [])
      }
    })
  )

  it.live("goes on writing for as long as the faults last", () =>
    Effect.gen(function* () {
      const { read, write } = yield* forgetful
      const endless = function* () {
        for (let n = 0; ; n++) yield [`more ${n}`]
      }
      const account = yield* drill({
        groups,
        more: endless(),
        write,
        pause: "10 millis",
        faults: Effect.sleep("300 millis"),
        unsettled: Effect.sync((): string | undefined => undefined),
        patience: "1 second",
        read
      })
      assert.isAbove(account.sent, 5)
      assert.isBelow(account.sent, 100)
      assert.deepStrictEqual(account.lost, [])
    })
  )

  it.live("gives up on a system that does not come to rest, and says why", () =>
    Effect.gen(function* () {
      const { read, write } = yield* forgetful
      const error = yield* Effect.flip(
        drill({
          groups,
          write,
          pause: "1 millis",
          faults: Effect.void,
          unsettled: Effect.succeed("3 batches are on their way"),
          patience: "200 millis",
          read
        })
      )
      assert.include(error.message, "3 batches are on their way")
    })
  )
})
