import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Secrets } from "../Secrets.ts"
import { awkwardText, suite } from "./Conformance.ts"

/** What the store under test has to hold: by secret and key. */
export const conformanceSecrets = {
  broker: { url: "amqp://user:p%40ss@127.0.0.1:5672", "key with spaces/and more?": "1" },
  "awkward name/with: all?": { text: awkwardText, empty: "" }
} as const

/** What every Secrets must do. */
export const secretsConformance = <E>(name: string, layer: Layer.Layer<Secrets, E>): void => {
  suite(`Secrets: ${name}`, layer, (test) => {
    test("answers each key of each secret, character for character", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets
        for (const [secret, keys] of Object.entries(conformanceSecrets))
          for (const [key, value] of Object.entries(keys))
            assert.strictEqual(Redacted.value(yield* secrets.get(secret, key)), value)
      }))

    test("shows no value in a log", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets
        const url = yield* secrets.get("broker", "url")
        assert.notInclude(
          `${String(url)} ${Inspectable.toStringUnknown(url)} ${JSON.stringify(url)}`,
          "p%40ss"
        )
      }))

    test("names what is missing", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets
        for (const [secret, key] of [
          ["broker", "password"],
          ["nothing", "url"],
          ["broker", ""]
        ] as const) {
          const error = yield* Effect.flip(secrets.get(secret, key))
          assert.strictEqual(error._tag, "SecretMissing")
          assert.include(error.message, `no ${key} in the secret ${secret}`)
          assert.notInclude(error.message, "p%40ss")
        }
      }))
  })
}
