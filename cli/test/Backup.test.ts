import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { whileHeld } from "../src/backup/WhileHeld.ts"
import { Workplace } from "./Commands.ts"

type Instance = Awaited<ReturnType<Workplace["start"]>>

const ids = (from: number, count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, place) => `x:account${from + place}`)

/** States accounts until it is stopped; `acknowledged` has those that were answered with 202 so far. */
const stating = (url: string) => {
  const acknowledged = new Set<string>()
  let stopped = false
  const work = async (): Promise<void> => {
    for (let from = 0; !stopped; from += 20) {
      const some = ids(from, 20)
      const profiles = some.map((id) => ({ platform: "x", handle: id.slice(2), followers: 1, bio: "backup" }))
      const answer = await fetch(`${url}/v1/profiles`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ source: "test", profiles })
      })
      if (answer.status === 202) for (const id of some) acknowledged.add(id)
    }
  }
  const working = work()
  return {
    acknowledged,
    stop: (): Promise<void> => {
      stopped = true
      return working
    }
  }
}

/** Every account that is there, once nothing is on its way any more. */
const found = async ({ url }: Instance): Promise<ReadonlySet<string>> => {
  for (;;) {
    const { topics } = await (await fetch(`${url}/v1/audit`)).json()
    if (topics.every((topic: { pending: number; missing: number }) => topic.pending + topic.missing === 0))
      break
    await Bun.sleep(100)
  }
  const lines = (await (await fetch(`${url}/v1/export`)).text()).trimEnd().split("\n").slice(1, -1)
  return new Set(lines.map((line) => JSON.parse(line)).map(({ handle, platform }) => `${platform}:${handle}`))
}

describe("influscope backup and restore", () => {
  let place: Workplace
  let backup: string
  beforeEach(() => {
    place = new Workplace()
    backup = join(place.path, "backup")
  })
  afterEach(() => place.remove())

  /** The data directory is lost, and a backup takes its place. */
  const restored = async (from: string): Promise<Instance> => {
    rmSync(place.dataDir, { recursive: true, force: true })
    const { code, err } = await place.run(["restore", from])
    expect({ code, err }).toMatchObject({ code: 0 })
    return place.start({ INFLUSCOPE_RELAY_GRACE: "1 second" })
  }

  it("has everything that was acknowledged before it, while more is coming in; without a part of it that is lost", async () => {
    const instance = await place.start()
    const { acknowledged, stop } = stating(instance.url)
    while (acknowledged.size < 1_000) await Bun.sleep(20)
    const before = new Set(acknowledged)
    const { code, err, out } = await place.run(["backup", backup, "--json"])
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(JSON.parse(out)).toMatchObject({ into: backup })
    // It did not stand still for that.
    const during = acknowledged.size
    while (acknowledged.size < during + 200) await Bun.sleep(20)
    await stop()
    expect(existsSync(join(place.dataDir, "held"))).toBe(false)
    instance.kill("SIGKILL")
    await instance.ended()

    const again = await restored(backup)
    const kept = await found(again)
    expect(before.difference(kept)).toEqual(new Set())
    expect(kept.difference(acknowledged)).toEqual(new Set())
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200)
    again.kill("SIGTERM")
    await again.ended()

    // The control: somebody has left a database out, and the comparison sees it.
    const manifest = join(backup, "backup.json")
    const { files, ...rest } = JSON.parse(readFileSync(manifest, "utf8"))
    const others = files.filter(({ path }: { path: string }) => !path.startsWith("profiles.db"))
    writeFileSync(manifest, JSON.stringify({ ...rest, files: others }))
    const partly = await restored(backup)
    expect(before.difference(await found(partly)).size).toBeGreaterThan(0)
  }, 120_000)

  it("keeps the file of an import that is under way, and the import goes on after the restore", async () => {
    const rows = Array.from({ length: 30_000 }, (_, row) => `imported${row},x,${row}`)
    const instance = await place.start()
    const started = await fetch(`${instance.url}/v1/imports?file=many.csv`, {
      method: "POST",
      body: ["handle,platform,followers", ...rows].join("\n")
    })
    const { id } = await started.json()
    expect((await place.run(["backup", backup])).code).toBe(0)
    instance.kill("SIGKILL")
    await instance.ended()
    expect(readdirSync(join(backup, "imports"))).toHaveLength(1)
    const again = await restored(backup)
    for (;;) {
      const job = await (await fetch(`${again.url}/v1/imports/${id}`)).json()
      if (job.state === "done" || job.state === "failed") {
        expect(job).toMatchObject({ state: "done", report: { rows: rows.length, rejected: 0 } })
        break
      }
      await Bun.sleep(200)
    }
  }, 240_000)

  it("of a directory that nobody serves, and refuses what is there already", async () => {
    const file = await place.file("one.csv", "handle,platform,followers\nsomeone,x,10\n")
    expect((await place.run(["import", file])).code).toBe(0)
    expect((await place.run(["backup", backup])).out).toMatch(/^Backed up \d+ files, \d+ MB, as of /)
    const twice = await place.run(["backup", backup])
    expect(twice.code).toBe(1)
    expect(twice.err).toContain("is there already")
    const inside = await place.run(["backup", join(place.dataDir, "backup")])
    expect(inside.err).toContain("is in the data directory")

    const over = await place.run(["restore", backup])
    expect(over.code).toBe(1)
    expect(over.err).toContain("is not empty")
    const elsewhere = { INFLUSCOPE_DATA_DIR: join(place.path, "elsewhere") }
    expect((await place.run(["restore", backup], elsewhere)).code).toBe(0)
    expect(JSON.parse((await place.run(["search", "--json"], elsewhere)).out).total).toBe(1)
    const nothing = await place.run(["backup", `${backup}2`], {
      INFLUSCOPE_DATA_DIR: join(place.path, "nothing")
    })
    expect(nothing.err).toContain("There is no influscope.db")
  }, 120_000)

  it("refuses a backup that is damaged, incomplete or unfinished, and leaves nothing behind", async () => {
    const file = await place.file("one.csv", "handle,platform,followers\nsomeone,x,10\n")
    await place.run(["import", file])
    await place.run(["backup", backup])
    rmSync(place.dataDir, { recursive: true })
    const refused = async (harm: (copy: string) => void): Promise<string> => {
      const copy = join(place.path, "harmed")
      rmSync(copy, { recursive: true, force: true })
      cpSync(backup, copy, { recursive: true })
      harm(copy)
      const { code, err } = await place.run(["restore", copy])
      expect(code).toBe(1)
      expect(readdirSync(place.dataDir).filter((name) => !name.startsWith("lock.db"))).toEqual([])
      return err
    }
    const flipped = await refused((copy) => {
      const path = join(copy, "profiles.db")
      const bytes = readFileSync(path)
      bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1
      writeFileSync(path, bytes)
    })
    expect(flipped).toContain("profiles.db is not what was backed up")
    expect(await refused((copy) => rmSync(join(copy, "influscope.db")))).toContain("influscope.db")
    expect(await refused((copy) => rmSync(join(copy, "backup.json")))).toContain("is no backup")
  }, 120_000)

  it("is not started on while a restore is unfinished", async () => {
    await place.file("data/restoring/influscope.db", "half")
    const { code, err } = await place.run(["search"])
    expect(code).toBe(1)
    expect(err).toContain("A restore was cut off")
  })

  it("is none when the instance was stopped while its files were copied", async () => {
    const instance = await place.start()
    const stopped = Effect.promise(async () => {
      instance.kill("SIGTERM")
      await instance.ended()
    })
    const outcome = await Effect.runPromise(Effect.either(whileHeld(place.dataDir, () => stopped)))
    expect(Either.isLeft(outcome) && outcome.left._tag).toBe("NotHeld")
    const late = await Effect.runPromise(Effect.either(whileHeld(place.dataDir, () => Effect.void)))
    expect(Either.isLeft(late)).toBe(true)
  })
})
