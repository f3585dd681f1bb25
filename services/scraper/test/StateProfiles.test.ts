import { assert, describe, it } from "@effect/vitest"
import { GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import { Outbox } from "@influscope/ports/Outbox"
import { Profiles } from "@influscope/ports/Profiles"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { indexed, inInstance } from "./Embedded.ts"
import { failing } from "./Troubles.ts"

const given = Schema.decodeUnknownSync(GivenProfiles)

/** States profiles and waits until they are in the index. */
const state = (body: unknown) =>
  Effect.gen(function* () {
    const profiles = yield* Profiles
    const outbox = yield* Outbox
    const accepted = yield* profiles.state(given(body))
    yield* Effect.repeat(outbox.audit(60_000), {
      until: ([topic]) => topic?.pending === 0,
      schedule: Schedule.spaced("5 millis")
    })
    return accepted
  })

describe("profiles stated by a caller", () => {
  it.scopedLive("are in the index under their normalized handles, with who said so and when", () =>
    inInstance(
      Effect.gen(function* () {
        const accepted = yield* state({
          source: "crm",
          observedAt: "2025-03-04T05:06:07Z",
          profiles: [
            { platform: "instagram", handle: " @Ana.Ñ ", followers: 12, categories: ["Food"] },
            { platform: "x", handle: "bob", observedAt: "2024-01-01T00:00:00Z", verified: true }
          ]
        })
        assert.deepStrictEqual(accepted.ids.map(String), ["instagram:ana.ñ", "x:bob"])
        assert.strictEqual(accepted.accepted, 2)
        const profiles = yield* indexed
        const [ana, bob] = [profiles.get("instagram:ana.ñ"), profiles.get("x:bob")]
        assert.deepStrictEqual(ana?.fields, { followers: 12, categories: ["Food"] })
        assert.strictEqual(ana?.observedAt, Date.UTC(2025, 2, 4, 5, 6, 7))
        assert.strictEqual(ana?.provenance.followers?.source, "crm")
        assert.deepStrictEqual([bob?.fields, bob?.observedAt], [{ verified: true }, Date.UTC(2024, 0, 1)])
      })
    )
  )

  it.scopedLive("are taken all or none: a handle that cannot be one is named by its place", () =>
    inInstance(
      Effect.gen(function* () {
        const profiles = yield* Profiles
        const outbox = yield* Outbox
        for (const handle of ["has blanks", "@", "a/b", "a:b", "a#b", "a\u0000b"]) {
          const error = yield* Effect.flip(
            profiles.state({
              source: "test",
              profiles: [
                { platform: "x", handle: "fine" },
                { platform: "x", handle }
              ]
            })
          )
          assert.strictEqual(error._tag === "InvalidHandle" ? error.place : error, 1, handle)
        }
        assert.deepStrictEqual(yield* outbox.audit(0), [])
        assert.strictEqual((yield* indexed).size, 0)
      })
    )
  )

  it.scopedLive("one after the other within a millisecond: the last word counts", () =>
    inInstance(
      Effect.gen(function* () {
        const profiles = yield* Profiles
        const observedAt = "2025-01-01T00:00:00Z"
        for (let followers = 0; followers < 60; followers++)
          yield* profiles.state(
            given({ observedAt, profiles: [{ platform: "x", handle: "ana", followers }] })
          )
        yield* state({ observedAt, profiles: [{ platform: "x", handle: "ana", followers: 1_000 }] })
        assert.strictEqual((yield* indexed).get("x:ana")?.fields.followers, 1_000)
      })
    )
  )

  it.scopedLive("are turned away while the pipeline is full", () =>
    inInstance(
      Effect.gen(function* () {
        const profiles = yield* Profiles
        const outbox = yield* Outbox
        // The one batch there is room for cannot be indexed, and waits to be tried again.
        yield* profiles.state(given({ profiles: [{ platform: "x", handle: "ana" }] }))
        const error = yield* Effect.flip(
          profiles.state(given({ profiles: [{ platform: "x", handle: "bob" }] }))
        )
        assert.strictEqual(error._tag, "PipelineBusy")
        assert.strictEqual((yield* outbox.audit(0))[0]?.sent, 1)
      }),
      {
        settings: { INFLUSCOPE_MAX_QUEUED_BATCHES: "1" },
        trouble: failing((operation) => operation === "index")
      }
    )
  )

  it.scopedLive("are not accepted when they cannot be kept", () =>
    inInstance(
      Effect.gen(function* () {
        const body = { profiles: [{ platform: "x", handle: "ana" }] }
        assert.strictEqual((yield* Effect.flip(state(body)))._tag, "StorageError")
        assert.strictEqual((yield* state(body)).accepted, 1)
        assert.strictEqual((yield* indexed).size, 1)
      }),
      { trouble: failing((operation, number) => operation === "append" && number === 0) }
    )
  )
})
