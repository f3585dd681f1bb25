import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * Makes answers by a schema of the contract. A value that breaks the schema is a mistake of ours and becomes a defect,
 * hence a 500; left to the framework it would be answered with 400, as if the request had been wrong.
 */
export const jsonAnswer = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encode(Schema.parseJson(schema))
  return (value: A): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    encode(value).pipe(
      Effect.map((text) => HttpServerResponse.text(text, { contentType: "application/json" })),
      Effect.orDie
    )
}
