import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Workplace } from "./Commands.ts"

/** An error says what happened, the likely cause and what to do, on one line each. */
const threeLines = (err: string, what: string | RegExp): void => {
  const lines = err.trim().split("\n").slice(-3)
  expect(lines[0]).toMatch(what)
  expect(lines[0]).toMatch(/^error: /)
  expect(lines[1]).toMatch(/^ {2}likely cause: \S/)
  expect(lines[2]).toMatch(/^ {2}what to do: {3}\S/)
}

describe("influscope beside a running instance", () => {
  let place: Workplace
  let instance: Awaited<ReturnType<Workplace["start"]>>
  beforeAll(async () => {
    place = new Workplace()
    instance = await place.start({ INFLUSCOPE_SEED_PROFILES: "120" })
  })
  afterAll(() => place.remove())

  it("talks to it, and what it does is there for everybody", async () => {
    const file = await place.file("one.csv", "handle,platform,followers\nnew_one,twitch,10\n")
    expect(JSON.parse((await place.run(["import", file, "--json"])).out)).toMatchObject({ imported: 1 })
    const profile = await fetch(`${instance.url}/v1/profiles/twitch:new_one`)
    expect(await profile.json()).toMatchObject({ followers: 10 })
    expect(JSON.parse((await place.run(["search", "--json"])).out).total).toBe(121)
  })

  it("refuses a second instance on the directory, naming the first", async () => {
    const second = await place.run(["start"])
    expect(second.code).toBe(1)
    threeLines(second.err, /in use by another InfluScope/)
    expect(second.err).toContain(instance.url)
    expect(second.err).toContain(String(instance.pid))
  })

  it("names a port that is taken, of either server", async () => {
    const port = new URL(instance.url).port
    const other = { INFLUSCOPE_DATA_DIR: join(place.path, "other") }
    const web = await place.run(["start"], { ...other, PORT: port })
    expect(web.code).toBe(1)
    threeLines(web.err, `Port ${port} on 127.0.0.1 is taken`)
    const grpcPort = instance.grpc.split(":").at(-1) ?? ""
    const grpc = await place.run(["start"], { ...other, ANALYTICS_PORT: grpcPort })
    expect(grpc.code).toBe(1)
    threeLines(grpc.err, `127.0.0.1:${grpcPort}`)
  })

  it("survives a kill, is not asked afterwards, and comes back with its data", async () => {
    instance.kill("SIGKILL")
    await instance.ended()
    expect(existsSync(join(place.dataDir, "instance.json"))).toBe(true)
    expect(JSON.parse((await place.run(["search", "--json"])).out).total).toBe(121)

    instance = await place.start({ INFLUSCOPE_SEED_PROFILES: "120" })
    expect((await fetch(`${instance.url}/readyz`)).status).toBe(200)
    instance.kill("SIGINT")
    instance.kill("SIGINT")
    instance.kill("SIGTERM")
    const { code, err, out } = await instance.ended()
    expect(code).toBe(0)
    expect(err).toContain("Stopping")
    expect(out).toContain("Reusing the data")
    expect(out).toContain("121 profiles")
    expect(out).toContain(`curl '${instance.url}/search?q=tech'`)
    expect(existsSync(join(place.dataDir, "instance.json"))).toBe(false)
  })
})

describe("a start that cannot be", () => {
  let place: Workplace
  beforeAll(() => {
    place = new Workplace()
  })
  afterAll(() => place.remove())

  it.each([
    ["PORT", "http"],
    ["PORT", "70000"],
    ["INFLUSCOPE_LOG_LEVEL", "loud"],
    ["INFLUSCOPE_LOG_FORMAT", "xml"],
    ["INFLUSCOPE_SEED_PROFILES", "-1"],
    ["INFLUSCOPE_MAX_IMPORT_BYTES", "4GB"],
    ["INFLUSCOPE_OUTBOX", "maybe"],
    ["INDEXER_CONCURRENCY", "0"],
    ["ANALYTICS_PORT", "x"],
    ["INFLUSCOPE_USERS_PORT", "x"],
    ["INFLUSCOPE_JWT_ALGORITHMS", "ES256,HS256"],
    ["INFLUSCOPE_JWKS_URL", "http://issuer.example/keys"],
    ["INFLUSCOPE_RATE_LIMIT", "0"]
  ])("names %s when it is %s", async (key, value) => {
    const { code, err } = await place.run(["start"], { [key]: value })
    expect(code).toBe(1)
    threeLines(err, `error: ${key} has a value that cannot be used: "${value}"`)
  })

  it("says what is wrong with the data directory", async () => {
    const file = await place.file("a-file", "")
    const taken = await place.run(["start"], { INFLUSCOPE_DATA_DIR: file })
    expect(taken.code).toBe(1)
    threeLines(taken.err, /a-file cannot be used/)
    const below = await place.run(["start"], { INFLUSCOPE_DATA_DIR: join(file, "below") })
    threeLines(below.err, /cannot be used/)
    expect(below.err).toContain("A part of the path is a file")
  })

  it("does not take a damaged store for an empty one", async () => {
    await place.file(
      "data/profiles.db",
      "this is not a database, and it is long enough to be looked at ".repeat(100)
    )
    const { code, err } = await place.run(["search"])
    expect(code).toBe(1)
    threeLines(err, /profiles\.db/)
  })
})
