import { statSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { Workplace } from "./Commands.ts"

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe("influscope users", () => {
  let place: Workplace
  beforeAll(async () => {
    place = new Workplace()
    await place.start()
  })
  afterAll(() => place.remove())

  it("adds, lists, shows and removes", async () => {
    expect((await place.run(["users", "list"])).out).toBe("There are no users here.\n")
    const added = await place.run(["users", "add", "John Doe", "--created", "2024-01-23"])
    expect(added).toMatchObject({ code: 0, out: "User 1 is John Doe.\n", err: "" })
    for (let time = 0; time < 2; time++) {
      const keyed = await place.run(["users", "add", "Jane Doe", "--key", "jane", "--json"])
      expect(JSON.parse(keyed.out)).toMatchObject({ id: "2", name: "Jane Doe" })
    }
    const list = await place.run(["users", "list", "--limit", "1"])
    expect(list.out).toContain("John Doe")
    expect(list.err).toContain("--cursor 1")
    expect((await place.run(["users", "list", "--cursor", "1"])).out).toContain("Jane Doe")
    expect(JSON.parse((await place.run(["users", "show", "1", "--json"])).out)).toEqual({
      id: "1",
      name: "John Doe",
      roles: [],
      createdAt: "2024-01-23T00:00:00.000Z",
      revision: 1
    })
    expect((await place.run(["users", "remove", "1", "2"])).out).toBe("2 users removed.\n")
    const gone = await place.run(["users", "show", "1"])
    expect(gone.code).toBe(1)
    expect(gone.err).toContain("There is no user 1")
    expect((await place.run(["users", "add", "Queued", "--queue"])).out).toBe("User 3 will be made.\n")
  })
})

describe("influscope token", () => {
  let place: Workplace
  beforeAll(() => {
    place = new Workplace()
  })
  afterAll(() => place.remove())

  it("makes a key for its owner alone, and tokens that the instance takes", async () => {
    const first = await place.run(["token", "--subject", "ada", "--tenant", "acme", "--scope", "users:read"])
    expect(first.code).toBe(0)
    expect(first.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const key = join(place.dataDir, "keys", "tokens.pem")
    expect(first.err).toContain(`INFLUSCOPE_JWT_KEY_FILE=${key}`)
    expect(statSync(key).mode & 0o777).toBe(0o600)
    const claims = JSON.parse(Buffer.from(first.out.split(".")[1] ?? "", "base64url").toString())
    expect(claims).toMatchObject({ sub: "ada", tenant: "acme", scope: "users:read", iss: "influscope" })
    expect(claims.exp - claims.nbf).toBe(8 * 3_600)

    const second = await place.run(["token", "--role", "admin", "--hours", "1"])
    expect(second).toMatchObject({ code: 0, err: "" })

    const guarded = { INFLUSCOPE_JWT_KEY_FILE: key }
    await place.start(guarded)
    const without = await place.run(["users", "list"])
    expect(without.code).toBe(1)
    expect(without.err).toMatch(/error: Send a valid token.*\n.*likely cause.*\n.*INFLUSCOPE_TOKEN/)
    const reader = { INFLUSCOPE_TOKEN: first.out.trim() }
    expect(await place.run(["users", "list"], reader)).toMatchObject({ code: 0, err: "" })
    const refused = await place.run(["users", "add", "Eve"], reader)
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(/scope users:write.*\n.*likely cause.*\n.*influscope token --scope/)
    const admin = { INFLUSCOPE_TOKEN: second.out.trim() }
    expect((await place.run(["users", "add", "Grace"], admin)).code).toBe(0)
    expect((await place.run(["search", "--json"], admin)).code).toBe(0)
  })

  it("refuses what it cannot make", async () => {
    for (const args of [
      ["--scope", "everything"],
      ["--tenant", "Not One"],
      ["--hours", "0"],
      ["--subject", "a b"]
    ])
      expect((await place.run(["token", ...args])).code, args.join(" ")).toBe(1)
    const file = await place.file(
      "public.pem",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    )
    const unfit = await place.run(["token"], { INFLUSCOPE_JWT_KEY_FILE: file })
    expect(unfit.code).toBe(1)
    expect(unfit.err).toMatch(/error: No token can be made.*\n.*likely cause: .*\n.*what to do: /)
  })
})
