import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { keysOfUrl } from "../src/KeySource.ts"
import { algorithms, verifyToken } from "../src/Tokens.ts"
import { jwkOf, namedTokenOf, names, newKey, tokenOf } from "./Keys.ts"

/** An issuer whose answer can be changed, and which counts how often it was asked. */
const issuer = Effect.gen(function* () {
  const state = { asked: 0, answer: (): Response => Response.json({ keys: [] }) }
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: () => {
          state.asked++
          return state.answer()
        }
      })
    ),
    (server) => Effect.promise(() => server.stop(true))
  )
  return { state, url: new URL(`http://127.0.0.1:${server.port}/keys`) }
})

/** Checks tokens at a time that can be moved. */
const checking = (url: URL) => {
  const clock = { now: Date.now() }
  const keys = keysOfUrl(url, () => clock.now)
  const rules = { keys, algorithms, skew: Duration.seconds(30), ...names }
  const outcome = (token: string) =>
    Effect.match(verifyToken(`Bearer ${token}`, rules), {
      onSuccess: () => "good",
      onFailure: ({ _tag }) => _tag
    })
  return { clock, outcome }
}

describe("keys that an issuer publishes", () => {
  it.live("are fetched once for many tokens, and again when they are old", () =>
    Effect.gen(function* () {
      const key = newKey()
      const { state, url } = yield* issuer
      state.answer = () => Response.json({ keys: [jwkOf(key, "1")] })
      const { clock, outcome } = checking(url)
      const token = yield* tokenOf(key, "users:read")
      const all = yield* Effect.all(
        Array.from({ length: 20 }, () => outcome(token)),
        { concurrency: 20 }
      )
      assert.deepStrictEqual(new Set(all), new Set(["good"]))
      assert.strictEqual(state.asked, 1)
      clock.now += 11 * 60_000
      assert.strictEqual(yield* outcome(token), "good")
      assert.strictEqual(state.asked, 2)
    }).pipe(Effect.scoped)
  )

  it.live("are known as soon as a token comes with a new one, but not fetched for every strange one", () =>
    Effect.gen(function* () {
      const [old, next] = [newKey(), newKey()]
      const { state, url } = yield* issuer
      state.answer = () => Response.json({ keys: [jwkOf(old, "old")] })
      const { clock, outcome } = checking(url)
      assert.strictEqual(yield* outcome(yield* namedTokenOf(old, "old")), "good")
      state.answer = () => Response.json({ keys: [jwkOf(old, "old"), jwkOf(next, "next")] })
      clock.now += 31_000
      assert.strictEqual(yield* outcome(yield* namedTokenOf(next, "next")), "good")
      assert.strictEqual(state.asked, 2)
      for (let number = 0; number < 50; number++)
        assert.strictEqual(yield* outcome(yield* namedTokenOf(next, `strange-${number}`)), "TokenRefused")
      assert.strictEqual(state.asked, 2)
    }).pipe(Effect.scoped)
  )

  it.live("go on being used while the issuer does not answer, and without any nothing is decided", () =>
    Effect.gen(function* () {
      const key = newKey()
      const token = yield* tokenOf(key, "users:read")
      const { state, url } = yield* issuer
      const { clock, outcome } = checking(url)
      for (const answer of [
        () => new Response("no", { status: 500 }),
        () => new Response("no JSON"),
        () => Response.json({ no: "keys" }),
        () => Response.redirect("http://127.0.0.1:1/elsewhere")
      ]) {
        state.answer = answer
        clock.now += 3_000
        assert.strictEqual(yield* outcome(token), "KeysUnavailable")
      }
      const asked = state.asked
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* outcome(token), "KeysUnavailable")
      assert.strictEqual(state.asked, asked, "an issuer in trouble is left alone for a while")
      state.answer = () => Response.json({ keys: [jwkOf(key, "1")] })
      clock.now += 3_000
      assert.strictEqual(yield* outcome(token), "good")
      state.answer = () => new Response("no", { status: 500 })
      clock.now += 20 * 60_000
      assert.strictEqual(yield* outcome(token), "good")
      clock.now += 25 * 3_600_000
      assert.strictEqual(yield* outcome(token), "KeysUnavailable")
    }).pipe(Effect.scoped)
  )
})
