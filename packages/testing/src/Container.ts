import { randomBytes } from "node:crypto"
import { containerEnvironment, readComposeFile, type Service, serviceOf } from "@influscope/stack/ComposeFile"
import { ServerFailed, type ServerRecipe, type Where } from "@influscope/stack/Server"
import { freePorts } from "@influscope/stack/Supervisor"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { GenericContainer, getContainerRuntimeClient, Wait } from "testcontainers"
import type { TestServer } from "./TestServer.ts"

/** An image that is not here is pulled within this time. */
const pullTimeout = Duration.minutes(15)

interface Binding {
  readonly role: string
  /** Of this machine, in the compose file. */
  readonly usual: number
  /** Of this machine, for this container. */
  readonly host: number
  readonly container: number
}

/** Ports of this machine stay the same over a stop and a start only where they are named. */
const bindingsOf = (
  { ports }: Service,
  recipe: ServerRecipe,
  { ports: chosen }: Where
): ReadonlyArray<Binding> =>
  Object.entries(recipe.ports).flatMap(([role, usual]) => {
    const published = ports.find((port) => port.split(":")[1] === String(usual))
    const host = chosen[role]
    return published === undefined || host === undefined
      ? []
      : [{ role, usual, host, container: Number(published.split(":")[2]) }]
  })

/** What compose puts in the place of variables, and addresses with the ports chosen here. */
const filledIn =
  ({ secret }: Where, bindings: ReadonlyArray<Binding>) =>
  (text: string): string =>
    bindings.reduce(
      (filled, { host, usual }) => filled.replaceAll(`127.0.0.1:${usual}`, `127.0.0.1:${host}`),
      text.replaceAll(/\$\{INFLUSCOPE_STACK_SECRET[^}]*\}/g, secret).replaceAll("$$", "$")
    )

/** The service of the compose file that stands for a recipe, as testcontainers describes containers. */
export const describe = (
  recipe: ServerRecipe,
  where: Where,
  volume: (name: string) => string
): GenericContainer => {
  const { configs, services } = readComposeFile()
  const service = services[serviceOf(recipe.name)]
  if (service === undefined) throw new Error(`the compose file has no ${recipe.name}`)
  const { command, entrypoint, environment, healthcheck, hostname, image, ulimits, user, volumes } = service
  const bindings = bindingsOf(service, recipe, where)
  const fill = filledIn(where, bindings)
  const [form, ...words] = healthcheck.test.map(fill)
  const container = new GenericContainer(image)
    .withExposedPorts(...bindings.map(({ container, host }) => ({ container, host })))
    .withEnvironment(
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, fill(value)]))
    )
    .withUlimits(
      Object.fromEntries(Object.entries(ulimits).map(([name, value]) => [name, { hard: value, soft: value }]))
    )
    .withBindMounts(
      volumes.map((mounted) => {
        const [name = "", target = ""] = mounted.split(":")
        return { source: volume(name), target }
      })
    )
    .withCopyContentToContainer(
      service.configs.map(({ source, target }) => ({ content: configs[source]?.content ?? "", target }))
    )
    .withHealthCheck({
      test: form === "CMD-SHELL" ? ["CMD-SHELL", words.join(" ")] : ["CMD", ...words],
      interval: Duration.toMillis(healthcheck.interval),
      timeout: Duration.toMillis(healthcheck.timeout),
      retries: healthcheck.retries,
      startPeriod: Duration.toMillis(healthcheck.start_period)
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(Duration.toMillis(recipe.startTimeout) * 2)
  if (command.length > 0) container.withCommand(command.map(fill))
  if (entrypoint.length > 0) container.withEntrypoint(entrypoint.map(fill))
  if (hostname !== undefined) container.withHostname(hostname)
  if (user !== undefined) container.withUser(user)
  return container
}

/** A container of its own, from the image that the compose file names, for as long as the scope is open. */
export const container = (recipe: ServerRecipe) =>
  Effect.gen(function* () {
    const where: Where = {
      directory: "",
      ports: yield* freePorts(recipe),
      program: "",
      secret: randomBytes(24).toString("hex")
    }
    const attempt = <A>(what: string, work: () => Promise<A>) =>
      Effect.tryPromise({
        try: work,
        catch: (cause) =>
          new ServerFailed({
            server: recipe.name,
            why: `${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
            log: "of its container"
          })
      })
    const client = yield* attempt("the engine does not answer", () => getContainerRuntimeClient())
    const name = (volume: string) => `influscope-test-${where.secret.slice(0, 12)}-${volume}`
    const described = describe(recipe, where, name)
    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        const { Volumes } = await client.container.dockerode.listVolumes()
        for (const volume of Volumes.filter((one) => one.Name.startsWith(name(""))))
          await client.container.dockerode.getVolume(volume.Name).remove()
      })
    )
    const running = yield* Effect.acquireRelease(
      attempt("its container does not start", () => described.start()).pipe(
        Effect.timeoutFail({
          duration: pullTimeout,
          onTimeout: () =>
            new ServerFailed({ server: recipe.name, why: "no container in time", log: "of its container" })
        })
      ),
      (started) => Effect.promise(() => started.stop({ remove: true, removeVolumes: true }))
    )
    const afterStart = recipe.afterStart?.(where) ?? Effect.void
    yield* afterStart
    const handle = client.container.getById(running.getId())
    const state = attempt("its container cannot be looked at", async () => {
      const { State } = await client.container.inspect(handle)
      return State
    })
    const whileRunning = (end: () => Promise<unknown>) =>
      Effect.flatMap(state, ({ Running }) => (Running ? Effect.promise(end) : Effect.void)).pipe(Effect.orDie)
    const healthy = state.pipe(
      Effect.repeat({
        until: ({ Health }) => Health?.Status === "healthy",
        schedule: Schedule.spaced("200 millis")
      }),
      Effect.timeoutFail({
        duration: recipe.startTimeout,
        onTimeout: () =>
          new ServerFailed({ server: recipe.name, why: "not healthy in time", log: "of its container" })
      })
    )
    const server: TestServer = {
      recipe,
      where,
      environment: containerEnvironment(recipe, where),
      kill: whileRunning(() => handle.kill()),
      stop: whileRunning(() => handle.stop({ t: Math.ceil(Duration.toSeconds(recipe.stopTimeout)) })),
      start: Effect.gen(function* () {
        if ((yield* state).Running) return
        yield* attempt("its container does not start again", () => handle.start())
        yield* healthy
        yield* afterStart
      })
    }
    return server
  })
