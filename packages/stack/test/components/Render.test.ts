import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { afterEach, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { formatEnvironment, parseEnvironment } from "../../src/components/EnvironmentFile.ts"
import { lintPaths } from "../../src/components/Linter.ts"
import {
  choices,
  defaultProfile,
  formatProfile,
  type Profile,
  parseProfile
} from "../../src/components/Profile.ts"
import { apps, render, renderedProfile } from "../../src/components/Render.ts"
import { collect, secrets, variables } from "../../src/components/Secrets.ts"

const source = fileURLToPath(new URL("../../../../dapr", import.meta.url))
const places: Array<string> = []

const place = (): string => {
  const path = mkdtempSync(join(tmpdir(), "influscope-render-"))
  places.push(path)
  return join(path, "resources")
}

afterEach(() => {
  for (const path of places.splice(0)) rmSync(path, { recursive: true, force: true })
})

const everything = Object.fromEntries(variables.map((name) => [name, `${name}-value`]))
/** Every choice once, beside the defaults. */
const all: ReadonlyArray<Profile> = [
  ...choices.pubsub.map((pubsub) => ({ ...defaultProfile, pubsub })),
  ...choices.state.map((state) => ({ ...defaultProfile, state })),
  ...choices.objects.map((objects) => ({ ...defaultProfile, objects }))
]

const use = (profile: Profile, into: string, environment: Record<string, string | undefined> = everything) =>
  Effect.runPromise(render({ source, into, profile, environment }))

describe("choosing a profile", () => {
  it("reads three parts, with defaults for what is left out", () => {
    const read = (text: string) => Either.map(parseProfile(text), formatProfile)
    expect(read("")).toEqual(Either.right("rabbitmq+postgresql+minio"))
    expect(read("kafka")).toEqual(Either.right("kafka+postgresql+minio"))
    expect(read("+redis")).toEqual(Either.right("rabbitmq+redis+minio"))
    expect(read("snssqs+dynamodb+s3")).toEqual(Either.right("snssqs+dynamodb+s3"))
    expect(Either.getLeft(read("nats"))._tag).toBe("Some")
    expect(Either.getLeft(read("kafka+kafka"))._tag).toBe("Some")
    expect(Either.getLeft(read("a+b+c+d"))._tag).toBe("Some")
  })

  it("has a file for every choice and a choice for every file", () => {
    for (const [block, names] of Object.entries(choices))
      expect(readdirSync(join(source, "components", block)).sort()).toEqual(
        names.map((name) => `${name}.yaml`).sort()
      )
  })
})

describe("influscope components use", () => {
  it("puts sound files in place for every profile, with every secret they name", async () => {
    for (const profile of all) {
      const into = place()
      const rendered = await use(profile, into)
      expect([formatProfile(profile), rendered.missing]).toEqual([formatProfile(profile), []])
      const { findings } = await Effect.runPromise(lintPaths([into]))
      expect([formatProfile(profile), findings]).toEqual([formatProfile(profile), []])
      const names = new Set<string>()
      const stored: Record<string, Record<string, string>> = JSON.parse(
        readFileSync(rendered.secretsFile, "utf8")
      )
      for (const file of readdirSync(rendered.resources)) {
        const resource = parse(readFileSync(join(rendered.resources, file), "utf8"))
        if (resource.kind === "Component") names.add(resource.metadata.name)
        for (const { secretKeyRef } of resource.spec.metadata ?? [])
          if (secretKeyRef !== undefined) {
            expect(secrets[secretKeyRef.name]).toHaveProperty(secretKeyRef.key)
            expect(stored[secretKeyRef.name]).toHaveProperty(secretKeyRef.key)
          }
      }
      expect([...names].sort()).toEqual(["cache", "configuration", "objects", "pubsub", "secrets", "state"])
    }
  })

  it("keeps secrets and tokens to their owner, and tokens from one time to the next", async () => {
    const into = place()
    const first = await use(defaultProfile, into)
    for (const file of [first.secretsFile, first.environmentFile, first.config.api])
      expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(into).mode & 0o777).toBe(0o700)
    const before = parseEnvironment(readFileSync(first.environmentFile, "utf8"))
    expect(before["DAPR_API_TOKEN"]).toMatch(/^[0-9a-f]{48}$/)
    expect(before["APP_API_TOKEN"]).not.toBe(before["DAPR_API_TOKEN"])
    const second = await use({ ...defaultProfile, pubsub: "kafka" }, into)
    const after = parseEnvironment(readFileSync(second.environmentFile, "utf8"))
    expect(after).toEqual({ ...before, INFLUSCOPE_PROFILE: "kafka+postgresql+minio" })
    expect(renderedProfile(into)).toBe("kafka+postgresql+minio")
    expect(readFileSync(join(second.resources, "pubsub.yaml"), "utf8")).toContain("pubsub.kafka")
    expect(readdirSync(into).filter((name) => name.endsWith(".part"))).toEqual([])
  })

  it("says which variables a profile lacks", async () => {
    const rendered = await use({ pubsub: "kafka", state: "mongodb", objects: "minio" }, place(), {})
    expect(rendered.missing).toEqual([
      "KAFKA_BROKERS",
      "MONGODB_HOST",
      "S3_BUCKET",
      "REDIS_HOST",
      "S3_ENDPOINT"
    ])
    // A role takes the place of keys; SQLite needs nothing but a place.
    expect(
      collect(
        { pubsub: "snssqs", state: "sqlite", objects: "s3" },
        { S3_BUCKET: "b", REDIS_HOST: "r", DAPR_STATE_FILE: "f" }
      ).missing
    ).toEqual([])
  })

  it("makes a configuration for a laptop out of the one for a cluster", async () => {
    const into = place()
    const quiet = await use(defaultProfile, into)
    for (const app of apps) {
      const { spec } = parse(readFileSync(quiet.config[app], "utf8"))
      expect(spec.nameResolution).toMatchObject({
        component: "sqlite",
        configuration: { connectionString: join(into, "names.db") }
      })
      expect(spec.accessControl.defaultAction).toBe("allow")
      expect(spec.tracing).toEqual({ samplingRate: "0" })
      expect(
        parse(readFileSync(join(source, "config", `${app}.yaml`), "utf8")).spec.accessControl.defaultAction
      ).toBe("deny")
    }
    const traced = await use(defaultProfile, into, {
      ...everything,
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318"
    })
    expect(parse(readFileSync(traced.config.api, "utf8")).spec.tracing).toEqual({
      samplingRate: "1",
      otel: { endpointAddress: "127.0.0.1:4318", isSecure: false, protocol: "http" }
    })
  })

  it("fails for a directory without component files", async () => {
    const error = await Effect.runPromise(
      Effect.flip(render({ source: tmpdir(), into: place(), profile: defaultProfile, environment: {} }))
    )
    expect(error._tag).toBe("RenderFailed")
  })
})

describe("dapr.yaml", () => {
  it("runs every app on what is rendered, each on ports of its own", async () => {
    const file = parse(readFileSync(join(source, "dapr.yaml"), "utf8"))
    const into = place()
    const rendered = await use(defaultProfile, into)
    expect(file.common.resourcesPaths).toEqual([".resources/components"])
    const entries: ReadonlyArray<Record<string, string | number>> = file.apps
    expect(entries.map(({ appID }) => appID).sort()).toEqual([...apps].sort())
    for (const { appDirPath, appID, configFilePath } of entries) {
      const named = join(source, String(appDirPath), String(configFilePath))
      expect(named).toBe(
        join(
          source,
          ".resources",
          rendered.config[apps.find((app) => app === appID) ?? "api"].slice(into.length)
        )
      )
    }
    const ports = entries.flatMap(({ appPort, daprGRPCPort, daprHTTPPort, metricsPort }) => [
      appPort,
      daprHTTPPort,
      daprGRPCPort,
      metricsPort
    ])
    expect(new Set(ports).size).toBe(ports.length)
    expect(entries.find(({ appID }) => appID === "api")).toMatchObject({ appPort: 8080, daprHTTPPort: 3500 })
  })
})

describe("an environment file", () => {
  it("gives back what was put in, also through a shell", async () => {
    const variables = {
      PLAIN: "a",
      SPACES: "a b  c",
      QUOTES: `it's "so"`,
      DOLLAR: "$HOME `x` \\",
      EMPTY: "",
      HASH: "a#b"
    }
    const text = formatEnvironment(variables)
    expect(parseEnvironment(text)).toEqual(variables)
    const path = place()
    await Bun.write(path, text)
    const child = Bun.spawn(["sh", "-c", `set -a; . '${path}'; env`], { env: {}, stdout: "pipe" })
    expect(parseEnvironment(await new Response(child.stdout).text())).toMatchObject({
      PLAIN: "a",
      SPACES: "a b  c",
      HASH: "a#b"
    })
    const shell = Bun.spawn(["sh", "-c", `. '${path}'; printf %s "$QUOTES$DOLLAR"`], {
      env: {},
      stdout: "pipe"
    })
    expect(await new Response(shell.stdout).text()).toBe(variables.QUOTES + variables.DOLLAR)
  })

  it("reads what people write", () => {
    expect(parseEnvironment('# note\nexport A=1\nB="x \\"y\\""\n C=d # why\nnot a line\n')).toEqual({
      A: "1",
      B: 'x "y"',
      C: "d"
    })
  })
})
