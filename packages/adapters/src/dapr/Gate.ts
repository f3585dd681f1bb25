import { Health } from "@influscope/telemetry/Health"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import { Callbacks } from "./Callbacks.ts"
import { Sidecar, type SidecarMetadata } from "./Sidecar.ts"

/** A component this service cannot work without. */
export interface NeededComponent {
  readonly name: string
  /** The begin of its type: "pubsub.", "state.", "bindings.aws.s3". */
  readonly type: string
  /** As the sidecar lists them: "ETAG", "TRANSACTIONAL", "TTL". */
  readonly capabilities?: ReadonlyArray<string>
  /** Largest payload that this service publishes through it, in bytes. */
  readonly messageBytes?: number
}

/**
 * The largest payload that a broker is given, by type of component; the others take what a sidecar takes. Amazon's limit
 * of 256 KB holds for the whole event, in which every character that HTML escapes may be six.
 */
export const largestPayload: Readonly<Record<string, number>> = { "pubsub.aws.snssqs": 128 * 1024 }

export interface GateOptions {
  readonly components: ReadonlyArray<NeededComponent>
  /** How long it may take; 2 minutes when absent. */
  readonly patience?: Duration.DurationInput
}

/** The sidecar is not what this service needs. `missing` has a sentence each, which says where to look. */
export class GateClosed extends Data.TaggedError("GateClosed")<{
  readonly missing: ReadonlyArray<string>
}> {
  override get message(): string {
    return this.missing.join(" ")
  }
}

/** daprd goes on without a component whose file is wrong, and still calls itself healthy. */
const componentFault = (needed: NeededComponent, { components, id }: SidecarMetadata): string | undefined => {
  const found = components.find(({ name }) => name === needed.name)
  if (found === undefined)
    return (
      `The component "${needed.name}" (${needed.type}*) is not loaded: look for its file among the resources, ` +
      `for "${id}" in its scopes, and for "${needed.name}" in the log of daprd.`
    )
  if (!found.type.startsWith(needed.type))
    return `The component "${needed.name}" is of type ${found.type} instead of ${needed.type}*: look at its file.`
  const lacking = (needed.capabilities ?? []).filter((name) => !found.capabilities.includes(name))
  const largest = largestPayload[found.type]
  if (largest !== undefined && (needed.messageBytes ?? 0) > largest)
    return (
      `The component "${needed.name}" (${found.type}) takes no messages of ${needed.messageBytes} bytes, which batches may have: ` +
      `set INFLUSCOPE_MAX_BATCH_BYTES=${largest}, as influscope components use does.`
    )
  if (lacking.length === 0) return undefined
  return (
    `The component "${needed.name}" (${found.type} ${found.version}) lacks ${lacking.join(", ")}: ` +
    "choose a component that has it, or another version of this one."
  )
}

/** Asks one of the sidecar's health checks; a sentence when it is not content. */
const healthFault = (path: string, otherwise: (status: number) => string) =>
  Effect.flatMap(Sidecar, ({ request, url }) =>
    request({ method: "GET", path, timeout: "2 seconds" }).pipe(
      Effect.map(({ status }) => (status >= 200 && status < 300 ? undefined : otherwise(status))),
      Effect.catchTag("StorageError", (error) =>
        Effect.succeed(
          `The sidecar at ${url} does not answer (${String(error.cause)}): is daprd running, and is DAPR_HTTP_PORT its port?`
        )
      )
    )
  )

const answersFault = healthFault(
  "/v1.0/healthz/outbound",
  (status) =>
    `The sidecar answers ${status}: it is still starting, or a component cannot be reached; see the log of daprd.`
)

/**
 * Metadata lists a subscription before it is there. A message that is published while daprd subscribes to RabbitMQ can
 * break the channel that both share.
 */
const startedFault = healthFault(
  "/v1.0/healthz",
  (status) =>
    `The sidecar answers ${status}: it waits for this app's port, or is still subscribing; see the log of daprd.`
)

/** What is wrong now: a sentence each. */
const faults = (needed: ReadonlyArray<NeededComponent>) =>
  Effect.gen(function* () {
    const sidecar = yield* Sidecar
    const callbacks = yield* Callbacks
    const silent = yield* answersFault
    if (silent !== undefined) return [silent]
    const metadata = yield* Effect.either(sidecar.metadata)
    if (metadata._tag === "Left") return [`The sidecar says nothing of itself: ${metadata.left.message}.`]
    const known = metadata.right
    const components = needed.flatMap((one) => componentFault(one, known) ?? [])
    const routes = yield* callbacks.routes
    const unheard = routes.filter(
      ({ pubsubName, topic }) =>
        !known.subscriptions.some((one) => one.pubsubname === pubsubName && one.topic === topic)
    )
    if (unheard.length === 0) {
      const unfinished = yield* startedFault
      return unfinished === undefined ? components : [...components, unfinished]
    }
    const subscriptions =
      `The sidecar is not subscribed to ${unheard.map(({ topic }) => topic).join(", ")}: ` +
      'look in the log of daprd for "app is subscribed", and whether its app port is this app\'s and its APP_API_TOKEN is ours.'
    return [...components, subscriptions]
  })

/**
 * Waits until the sidecar answers, has every component with its type and capabilities, and is subscribed to what was
 * routed. Says in the log what it waits for. To be run after `Callbacks.open`, and before the service calls itself ready.
 * Answers the check that readiness goes by afterwards.
 */
export const wait = ({ components, patience = "2 minutes" }: GateOptions) =>
  Effect.gen(function* () {
    const last = yield* Ref.make<ReadonlyArray<string>>([])
    const look = Effect.gen(function* () {
      const missing = yield* faults(components)
      const before = yield* Ref.getAndSet(last, missing)
      if (missing.length > 0 && missing.join() !== before.join())
        yield* Effect.logInfo("Waiting for the sidecar", { missing })
      return missing.length === 0
    })
    yield* look.pipe(
      Effect.repeat({
        until: (open) => open,
        schedule: Schedule.exponential("50 millis").pipe(Schedule.union(Schedule.spaced("1 second")))
      }),
      Effect.timeoutOption(patience),
      Effect.flatMap((open) =>
        open._tag === "Some"
          ? Effect.void
          : Effect.flatMap(Ref.get(last), (missing) =>
              Effect.fail(
                new GateClosed({
                  missing:
                    missing.length > 0
                      ? missing
                      : [`The sidecar was not checked within ${Duration.format(patience)}.`]
                })
              )
            )
      )
    )
    yield* Effect.logInfo("The sidecar is ready", { components: components.map(({ name }) => name) })
    const sidecar = yield* Effect.context<Sidecar | Callbacks>()
    return { name: "sidecar", run: Effect.provide(check(components), sidecar) }
  })

/** As `wait`; from then on the service is ready for as long as that check succeeds. */
export const pass = (options: GateOptions) =>
  Effect.gen(function* () {
    const health = yield* Health
    yield* health.register(yield* wait(options))
    yield* health.started
  })

/** For readiness afterwards: fails with a sentence when the sidecar is gone or has become another. */
export const check = (
  components: ReadonlyArray<NeededComponent>
): Effect.Effect<void, string, Sidecar | Callbacks> =>
  Effect.flatMap(faults(components), (missing) =>
    missing.length === 0 ? Effect.void : Effect.fail(missing.join(" "))
  )
