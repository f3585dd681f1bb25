import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ApiClient } from "./ApiClient.ts"
import { remark } from "./Output.ts"

const Readiness = Schema.Struct({
  checks: Schema.Array(Schema.Struct({ ok: Schema.Boolean, detail: Schema.NullOr(Schema.String) }))
})

/** Says why work does not go on, as far as the instance knows: a full disk, a store that does not answer. */
export const sayWhatHinders = Effect.gen(function* () {
  const { http } = yield* ApiClient
  const { checks } = yield* Effect.flatMap(http.get("/readyz"), HttpClientResponse.schemaBodyJson(Readiness))
  yield* Effect.forEach(
    checks.filter(({ ok }) => !ok),
    ({ detail }) => remark(`waiting: ${detail ?? "a part of the instance is not ready"}`),
    { discard: true }
  )
}).pipe(Effect.scoped)
