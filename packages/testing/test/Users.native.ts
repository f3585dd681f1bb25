import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@influscope/ports/conformance/Conformance"
import * as Supervisor from "@influscope/stack/Supervisor"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { assemble, server, urlOf } from "../src/Assembly.ts"
import { crash } from "../src/Faults.ts"
import { temporaryDirectory } from "../src/TemporaryDirectory.ts"

/** The users service beside its sidecar, with what it needs and no more. */
const usersSystem = Effect.gen(function* () {
  const options = { directory: yield* temporaryDirectory }
  const servers = yield* Effect.forEach([rabbitmq, postgres, redis], (recipe) => server(options, recipe), {
    concurrency: 2
  })
  const { appToken, pair } = yield* assemble(options, servers)
  const port = yield* Supervisor.freePort
  const { service } = yield* pair("users", () => Supervisor.isOpen(port), {
    INFLUSCOPE_USERS_PORT: String(port),
    INFLUSCOPE_USERS_CACHE: "on"
  })
  return { appToken, service, internal: urlOf(service), url: `http://127.0.0.1:${port}` }
})

const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, place) => place + 1)

describe("the users service beside a sidecar", () => {
  it.scopedLive(
    "keeps every user that it was asked for, once, though its process is killed in between",
    () =>
      Effect.gen(function* () {
        const { appToken, internal, service, url } = yield* usersSystem
        const create = (name: string, key: string) =>
          Effect.promise(() =>
            fetch(`${url}/create`, {
              method: "POST",
              headers: { "idempotency-key": key },
              body: JSON.stringify({ name, created_at: "2024-01-23" })
            })
          )
        const get = (id: string) => Effect.promise(() => fetch(`${url}/get?id=${id}`))

        const first = yield* Effect.forEach(upTo(50), () => create("John Doe", "john"), { concurrency: 50 })
        assert.deepStrictEqual(new Set(first.map(({ status }) => status)), new Set([204]))
        const found = yield* get("1")
        assert.strictEqual(
          yield* Effect.promise(() => found.text()),
          '{"user_id":"1","name":"John Doe","created_at":"2024-01-23"}'
        )
        assert.strictEqual((yield* get("2")).status, 404)

        /** As the API asks it; sent again until it is answered, as a client with a key may. */
        const request = (number: number) =>
          Effect.tryPromise(async () => {
            const response = await fetch(`${internal}/users/v1/local/requests`, {
              method: "POST",
              headers: { "content-type": "application/json", "dapr-api-token": appToken },
              body: JSON.stringify({ given: { name: `queued ${number}` }, clientKey: `queued-${number}` })
            })
            assert.strictEqual(response.status, 200)
            const id: unknown = await response.json()
            return String(id)
          }).pipe(Effect.retry(Schedule.upTo(Schedule.spaced("200 millis"), "90 seconds")))
        const killing = Effect.gen(function* () {
          yield* Effect.sleep("300 millis")
          yield* crash(service)
        })
        const [ids] = yield* Effect.all([Effect.forEach(upTo(300), request, { concurrency: 8 }), killing], {
          concurrency: 2
        })
        assert.strictEqual(new Set(ids).size, 300)
        yield* eventually(
          "every user is there",
          Effect.map(Effect.forEach(ids, get, { concurrency: 16 }), (answers) =>
            answers.every(({ status }) => status === 200)
          ),
          "90 seconds"
        )
      }),
    300_000
  )
})
