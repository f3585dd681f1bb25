import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { create } from "@bufbuild/protobuf"
import { assert, describe, it } from "@effect/vitest"
import { status } from "@grpc/grpc-js"
import * as GrpcAnalytics from "@influscope/adapters/grpc/GrpcAnalytics"
import { fromEngagement, toProfile } from "@influscope/adapters/grpc/Messages"
import { pathOf } from "@influscope/adapters/grpc/ServiceDefinition"
import type { Engagement } from "@influscope/domain/engagement/Engagement"
import { platforms } from "@influscope/domain/Platform"
import { EngagementAnalytics, type EngagementInput } from "@influscope/ports/EngagementAnalytics"
import {
  AnalyticsService,
  ComputeBatchRequestSchema,
  ComputeRequestSchema,
  ComputeStreamRequestSchema,
  type ComputeStreamResponse
} from "@influscope/proto/gen/influscope/analytics/v1/analytics_pb"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { computeOne } from "../src/Compute.ts"
import type { ServerSettings } from "../src/Config.ts"
import * as DirectAnalytics from "../src/DirectAnalytics.ts"
import { AnalyticsServer, CannotListen, layer, layerConfig } from "../src/Grpc.ts"
import { type CallError, call, callBytes, collect, connect, openStream, streamRequest } from "./Client.ts"

const settings: ServerSettings = { host: "127.0.0.1", port: 0, drainTimeout: "5 seconds" }

const start = (options: Partial<ServerSettings> = {}) =>
  Effect.map(Layer.build(layer({ ...settings, ...options })), Context.get(AnalyticsServer))

const started = Effect.gen(function* () {
  const server = yield* start()
  return { ...server, client: yield* connect(server.address) }
})

const clientOf = (address: string, metadata: { readonly [key: string]: string } = {}) =>
  Effect.map(
    Layer.build(GrpcAnalytics.layer({ address, deadline: "5 seconds", retries: 8, metadata })),
    Context.get(EngagementAnalytics)
  )

const { compute, computeBatch } = AnalyticsService.method

const figure = FastCheck.oneof(
  FastCheck.nat(2_000_000_000),
  FastCheck.double({ min: 0, max: 1e12, noNaN: true }),
  FastCheck.constant(0)
)
const input: FastCheck.Arbitrary<EngagementInput> = FastCheck.record({
  platform: FastCheck.constantFrom(...platforms),
  fields: FastCheck.record(
    {
      followers: figure,
      avgLikes: figure,
      avgComments: figure,
      avgShares: figure,
      avgViews: figure,
      avgImpressions: figure,
      avgViewers: figure
    },
    { requiredKeys: [] }
  )
})

/** The same inputs on each run: what was found to differ once is found again. */
const sample = (count: number): ReadonlyArray<EngagementInput> =>
  FastCheck.sample(input, { numRuns: count, seed: 7 })

const answersOf = (answers: ReadonlyArray<ComputeStreamResponse>): ReadonlyArray<Engagement> =>
  answers.flatMap(({ engagement }) => (engagement === undefined ? [] : [fromEngagement(engagement)]))

const likes = (count: number): EngagementInput => ({
  platform: "instagram",
  fields: { followers: 1_000, avgLikes: count, avgComments: 0 }
})

/** A real Node: a Bun that runs with `--bun` puts a `node` of its own before it on the PATH. */
const node = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !/bun-node/.test(folder))
  .map((folder) => join(folder, "node"))
  .find((file) => existsSync(file))

/** Runs a script of `interop/` in Node: what it printed. */
const inNode = (script: string, ...args: ReadonlyArray<string>) =>
  Effect.tryPromise(async () => {
    assert.isDefined(node, "Node is not on the PATH")
    const file = fileURLToPath(new URL(`interop/${script}`, import.meta.url))
    const { stdout } = await promisify(execFile)(node ?? "node", [file, ...args], { timeout: 20_000 })
    return JSON.parse(stdout)
  })

describe("over gRPC as in process", () => {
  it.scopedLive("the port's two implementations give equal results, also beyond one batch", () =>
    Effect.gen(function* () {
      const { address } = yield* start()
      const remote = yield* clientOf(address)
      const direct = Context.get(yield* Layer.build(DirectAnalytics.layer), EngagementAnalytics)
      for (const count of [0, 1, 500, 1_301]) {
        const inputs = sample(count)
        assert.deepStrictEqual(yield* remote.computeBatch(inputs), yield* direct.computeBatch(inputs))
      }
    })
  )

  it.scopedLive("unary gives what the domain computes", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      for (const one of sample(150)) {
        const { engagement } = yield* call(
          client,
          compute,
          create(ComputeRequestSchema, { profile: toProfile(one) })
        )
        assert.deepStrictEqual(engagement && fromEngagement(engagement), computeOne(one))
      }
    })
  )

  it.scopedLive("the stream gives what the domain computes, in order", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const inputs = sample(2_000)
      const stream = openStream(client)
      const answers = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      for (const one of inputs) stream.write(streamRequest(one))
      stream.end()
      assert.deepStrictEqual(answersOf(yield* Fiber.join(answers)), inputs.map(computeOne))
    })
  )
})

describe("what cannot be worked with", () => {
  const refused = (error: CallError): string => {
    assert.strictEqual(error.code, status.INVALID_ARGUMENT)
    return error.details
  }

  it.scopedLive("a batch of 501 is refused, one of 500 is not", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const batch = (count: number) =>
        call(
          client,
          computeBatch,
          create(ComputeBatchRequestSchema, {
            profiles: Array.from({ length: count }, (_, i) => toProfile(likes(i)))
          })
        )
      assert.lengthOf((yield* batch(500)).engagements, 500)
      assert.include(refused(yield* Effect.flip(batch(501))), "501 profiles and may have 500")
    })
  )

  it.scopedLive("a bad item is named by its place", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const profiles = [toProfile(likes(1)), { ...toProfile(likes(2)), platform: 0 }]
      const error = yield* Effect.flip(
        call(client, computeBatch, create(ComputeBatchRequestSchema, { profiles }))
      )
      assert.include(refused(error), "profiles[1].platform is 0, which is none of: instagram, tiktok")
    })
  )

  it.scopedLive("figures below 0 or not finite are refused, and so is no profile at all", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const ask = (avgViews: number) =>
        call(
          client,
          compute,
          create(ComputeRequestSchema, { profile: toProfile({ platform: "tiktok", fields: { avgViews } }) })
        )
      for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        assert.include(refused(yield* Effect.flip(ask(bad))), `profile.figures.avgViews is ${bad}`)
      }
      const empty = yield* Effect.flip(call(client, compute, create(ComputeRequestSchema)))
      assert.strictEqual(refused(empty), "profile is not set.")
    })
  )

  it.scopedLive("any bytes get an answer or a refusal, and the server lives on", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const garbage = FastCheck.sample(FastCheck.uint8Array({ maxLength: 200 }), { numRuns: 200, seed: 3 })
      for (const bytes of [Uint8Array.of(10, 200, 1), ...garbage]) {
        const answer = yield* Effect.either(callBytes(client, pathOf(computeBatch), bytes))
        if (Either.isLeft(answer)) refused(answer.left)
      }
      const cutOff = yield* Effect.flip(callBytes(client, pathOf(computeBatch), Uint8Array.of(10, 200, 1)))
      assert.strictEqual(
        refused(cutOff),
        "The request is no valid influscope.analytics.v1.ComputeBatchRequest."
      )
      assert.lengthOf((yield* call(client, computeBatch, create(ComputeBatchRequestSchema))).engagements, 0)
    })
  )

  it.scopedLive("a message beyond the limit is refused", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const error = yield* Effect.flip(
        callBytes(client, pathOf(computeBatch), new Uint8Array(1024 * 1024 + 1))
      )
      assert.strictEqual(error.code, status.RESOURCE_EXHAUSTED)
    })
  )

  it.scopedLive("the first bad item of a stream ends it, after the answers before it", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const stream = openStream(client)
      const seen: Array<Engagement> = []
      stream.on("data", (answer: ComputeStreamResponse) => seen.push(...answersOf([answer])))
      const ended = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      stream.write(streamRequest(likes(5)))
      stream.write(create(ComputeStreamRequestSchema))
      stream.write(streamRequest(likes(6)))
      assert.strictEqual(refused(yield* Effect.flip(Fiber.join(ended))), "profile is not set.")
      assert.deepStrictEqual(seen, [computeOne(likes(5))])
    })
  )
})

describe("the stream", () => {
  it.scopedLive("reads no further while the caller does not take the answers", () =>
    Effect.gen(function* () {
      const { address } = yield* start()
      const total = 40_000
      const { answers, heldAt, sent, status: ended } = yield* inNode("slow.mjs", address, String(total))
      assert.isBelow(heldAt, total / 2)
      assert.deepStrictEqual({ answers, ended, sent }, { answers: total, ended: status.OK, sent: total })
    })
  )

  it.scopedLive("of a caller that hangs up is given up, and the server serves on", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      const stream = openStream(client)
      const ended = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      stream.write(streamRequest(likes(1)))
      yield* Effect.sleep("50 millis")
      stream.cancel()
      assert.strictEqual((yield* Effect.flip(Fiber.join(ended))).code, status.CANCELLED)
      yield* call(client, computeBatch, create(ComputeBatchRequestSchema))
    })
  )
})

/** HealthCheckRequest { string service = 1; } */
const healthOf = (service: string) => Uint8Array.of(10, service.length, ...new TextEncoder().encode(service))
const healthPath = "/grpc.health.v1.Health/Check"
const serving = Buffer.of(8, 1)
const notServing = Buffer.of(8, 2)

describe("health", () => {
  it.scopedLive("is serving, for the server and for the service, and knows no other", () =>
    Effect.gen(function* () {
      const { client } = yield* started
      assert.deepStrictEqual(yield* callBytes(client, healthPath, new Uint8Array()), serving)
      assert.deepStrictEqual(
        yield* callBytes(client, healthPath, healthOf(AnalyticsService.typeName)),
        serving
      )
      const other = yield* Effect.flip(callBytes(client, healthPath, healthOf("another.Service")))
      assert.strictEqual(other.code, status.NOT_FOUND)
    })
  )
})

describe("shutdown", () => {
  const startIn = (scope: Scope.Scope, options: Partial<ServerSettings> = {}) =>
    Scope.extend(start(options), scope)

  it.scopedLive("says so in its health, refuses new callers and lets a stream in flight finish", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* startIn(scope)
      const client = yield* connect(server.address)
      const stream = openStream(client)
      const answers = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      stream.write(streamRequest(likes(10)))
      yield* callBytes(client, healthPath, new Uint8Array())

      const watch = client.makeServerStreamRequest(
        "/grpc.health.v1.Health/Watch",
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        new Uint8Array()
      )
      const seen: Array<Buffer> = []
      watch.on("data", (bytes: Buffer) => seen.push(bytes))
      watch.on("error", () => seen.push(Buffer.from("closed")))
      yield* Effect.sleep("100 millis")

      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Effect.sleep("200 millis")
      assert.deepStrictEqual(seen, [serving, notServing])
      watch.cancel()
      const late = yield* connect(server.address)
      assert.strictEqual(
        (yield* Effect.flip(callBytes(late, healthPath, new Uint8Array(), 500))).code,
        status.UNAVAILABLE
      )

      stream.write(streamRequest(likes(20)))
      stream.end()
      assert.deepStrictEqual(
        answersOf(yield* Fiber.join(answers)).map(({ rate }) => rate),
        [1, 2]
      )
      yield* Fiber.join(closing)
    })
  )

  it.scopedLive("cuts off what outlasts the time to drain", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* startIn(scope, { drainTimeout: "200 millis" })
      const client = yield* connect(server.address)
      const stream = openStream(client)
      const ended = yield* Effect.fork(collect(stream))
      yield* Effect.yieldNow()
      stream.write(streamRequest(likes(10)))
      yield* Effect.sleep("100 millis")
      yield* Scope.close(scope, Exit.void).pipe(Effect.disconnect, Effect.timeout("2 seconds"))
      const error = yield* Effect.flip(Fiber.join(ended))
      assert.include([status.CANCELLED, status.UNAVAILABLE, status.INTERNAL], error.code)
    })
  )

  it.scopedLive("takes no longer than a moment when callers are connected but idle", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* startIn(scope)
      const client = yield* connect(server.address)
      yield* callBytes(client, healthPath, new Uint8Array())
      yield* Scope.close(scope, Exit.void).pipe(Effect.disconnect, Effect.timeout("1 second"))
    })
  )
})

describe("the client", () => {
  it.scopedLive("waits for a service that is not there yet, then gives up with a typed error", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { address, port } = yield* Scope.extend(start(), scope)
      yield* Scope.close(scope, Exit.void)
      const analytics = yield* clientOf(address)
      const asked = yield* Effect.fork(analytics.computeBatch([likes(10)]))
      yield* Effect.sleep("300 millis")
      yield* start({ port })
      const [engagement] = yield* Fiber.join(asked)
      assert.strictEqual(engagement?.rate, 1)

      const hopeless = yield* Layer.build(
        GrpcAnalytics.layer({ address: "127.0.0.1:1", deadline: "1 second", retries: 1, metadata: {} })
      )
      const error = yield* Effect.flip(Context.get(hopeless, EngagementAnalytics).computeBatch([likes(1)]))
      assert.strictEqual(error._tag, "AnalyticsUnavailable")
      assert.include(String(error.cause), "UNAVAILABLE")
    })
  )

  it.scopedLive("gives up after the deadline on a service that accepts and never answers", () =>
    Effect.gen(function* () {
      const silent = yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof createServer>>((resume) => {
          const server = createServer(() => {})
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const bound = silent.address()
      const port = bound === null || typeof bound === "string" ? 0 : bound.port
      const built = yield* Layer.build(
        GrpcAnalytics.layer({
          address: `127.0.0.1:${port}`,
          deadline: "300 millis",
          retries: 0,
          metadata: {}
        })
      )
      const error = yield* Effect.flip(
        Context.get(built, EngagementAnalytics)
          .computeBatch([likes(1)])
          .pipe(Effect.timeout("3 seconds"))
      )
      assert.strictEqual(error._tag, "AnalyticsUnavailable")
    })
  )
})

describe("traces", () => {
  it.scopedLive("go on from the caller into the service", () =>
    Effect.gen(function* () {
      const spans: Array<Tracer.Span> = []
      const native = yield* Effect.tracer
      const recording = Tracer.make({
        context: native.context,
        span: (...args) => {
          const span = native.span(...args)
          spans.push(span)
          return span
        }
      })
      yield* Effect.gen(function* () {
        const { address } = yield* start()
        const remote = yield* clientOf(address)
        yield* remote.computeBatch([likes(1)])
      }).pipe(Effect.withTracer(recording))
      const called = spans.find(({ name }) => name === "analytics.call")
      const computed = spans.find(({ name }) => name === "analytics.compute")
      assert.isDefined(called)
      assert.strictEqual(computed?.traceId, called?.traceId)
      assert.strictEqual(Option.getOrUndefined(computed?.parent ?? Option.none())?.spanId, called?.spanId)
      assert.strictEqual(computed?.attributes.get("analytics.profiles"), 1)
    })
  )
})

describe("set-up", () => {
  const configured = (entries: ReadonlyArray<readonly [string, string]>) =>
    Layer.build(layerConfig).pipe(
      Effect.map(Context.get(AnalyticsServer)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(entries), { pathDelim: "_" }))
    )

  it.scopedLive("listens where it is told", () =>
    Effect.gen(function* () {
      const { address, host, port } = yield* configured([["ANALYTICS_PORT", "0"]])
      assert.strictEqual(host, "127.0.0.1")
      assert.isAbove(port, 0)
      const client = yield* connect(address)
      assert.deepStrictEqual(yield* callBytes(client, healthPath, new Uint8Array()), serving)
    })
  )

  it.scopedLive("names the setting that will not do", () =>
    Effect.gen(function* () {
      for (const port of ["70000", "-1", "many"]) {
        const error = yield* Effect.flip(configured([["ANALYTICS_PORT", port]]))
        assert.include(String(error), "ANALYTICS")
        assert.include(String(error), "PORT")
      }
    })
  )

  it.scopedLive("says what to do when the port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* start()
      const error = yield* Effect.flip(start({ port }))
      assert.instanceOf(error, CannotListen)
      assert.strictEqual(
        error.message,
        `The analytics service cannot listen on 127.0.0.1:${port}: another program has that port. Stop it, or set ANALYTICS_PORT to a free port.`
      )
    })
  )
})

describe("a client in Node", () => {
  it.scopedLive("gets the same from unary, batch and stream, sees the service, and its deadline holds", () =>
    Effect.gen(function* () {
      const { address } = yield* start()
      const protoRoot = fileURLToPath(new URL("../../../proto", import.meta.url))
      const seen = yield* inNode("client.mjs", address, protoRoot)
      assert.match(seen.runtime, /^node v\d+/)
      assert.deepStrictEqual(seen.unary.engagement, {
        rate: 2.5,
        formula: "instagram/by-followers@1",
        tier: "TIER_STARTER"
      })
      assert.deepStrictEqual(seen.unknown.engagement, {
        formula: "tiktok/by-views@1",
        reason: "NO_RATE_REASON_MISSING_VIEWS"
      })
      assert.strictEqual(seen.invalid.code, status.INVALID_ARGUMENT)
      assert.deepStrictEqual(
        seen.batch,
        Array.from({ length: 500 }, (_, count) => computeOne(likes(count)).rate)
      )
      assert.deepStrictEqual(
        seen.stream,
        Array.from({ length: 300 }, (_, count) => computeOne(likes(count)).rate)
      )
      assert.sameMembers(seen.services, ["influscope.analytics.v1.AnalyticsService"])
      assert.isTrue(seen.describes)
      assert.deepStrictEqual([seen.byName, seen.undescribed], [1, status.NOT_FOUND])
      assert.deepStrictEqual(seen.olderServices, seen.services)
      assert.strictEqual(seen.late.code, status.DEADLINE_EXCEEDED)
    })
  )
})
