import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  name: Schema.String,
  attributes: Schema.Array(
    Schema.Struct({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
  )
})
export type Span = typeof Span.Type

const Traces = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({
        attributes: Schema.Array(
          Schema.Struct({
            key: Schema.String,
            value: Schema.Record({ key: Schema.String, value: Schema.Unknown })
          })
        )
      }),
      scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
    })
  )
})

const decodeTraces = Schema.decodeUnknownSync(Traces)

/** A collector on a free port of this machine, which keeps all it is sent. */
export const otlpReceiver = Effect.gen(function* () {
  const paths: Array<string> = []
  const spans: Array<Span> = []
  const services = new Set<unknown>()
  const server = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Bun.serve({
        hostname: "127.0.0.1",
        port: 0,
        fetch: async (request) => {
          const { pathname } = new URL(request.url)
          paths.push(`${request.method} ${pathname}`)
          const body: unknown = await request.json()
          if (pathname !== "/v1/traces") return new Response("{}")
          for (const { resource, scopeSpans } of decodeTraces(body).resourceSpans) {
            services.add(resource.attributes.find(({ key }) => key === "service.name")?.value["stringValue"])
            spans.push(...scopeSpans.flatMap((scope) => scope.spans))
          }
          return new Response("{}")
        }
      })
    ),
    (server) => Effect.promise(() => server.stop(true))
  )
  return { url: `http://127.0.0.1:${server.port}`, paths, spans, services }
})
