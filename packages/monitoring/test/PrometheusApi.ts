import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A sample has a value, a series over time several. */
const Result = Schema.Struct({
  metric: Schema.Record({ key: Schema.String, value: Schema.String }),
  value: Schema.Tuple(Schema.Number, Schema.String)
})

const Answer = Schema.parseJson(
  Schema.Union(
    Schema.Struct({
      status: Schema.Literal("success"),
      data: Schema.Struct({ result: Schema.Array(Result) })
    }),
    Schema.Struct({ status: Schema.Literal("error"), error: Schema.String })
  )
)

/** What a query answers now; fails with what Prometheus says against it. */
export const query = (url: string, expr: string): Effect.Effect<ReadonlyArray<typeof Result.Type>, string> =>
  Effect.tryPromise({
    try: async (signal) => {
      const body = new URLSearchParams({ query: expr })
      return (await fetch(`${url}/api/v1/query`, { method: "POST", body, signal })).text()
    },
    catch: String
  }).pipe(
    Effect.flatMap((text) => Effect.mapError(Schema.decode(Answer)(text), String)),
    Effect.flatMap((answer) =>
      answer.status === "success" ? Effect.succeed(answer.data.result) : Effect.fail(answer.error)
    )
  )

/** Whether there is anything to draw: 0 is, what cannot be computed is not. */
export const hasData = (url: string, expr: string): Effect.Effect<boolean, string> =>
  Effect.map(query(url, expr), (results) => results.some(({ value: [, text] }) => text !== "NaN"))
