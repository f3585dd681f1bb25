/**
 * Fills the disk under a running instance, and looks whether anything is lost:
 *   bun bench/disk-full/check.ts
 * Mounts a small tmpfs, so it has to run as root on Linux. Prints what has to hold, writes bench/results/disk-full.json, and ends with 1 when something does not.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { importEnd, readAudit, readImport, readOut, submitImport, until } from "../support/Api.ts"
import { startApp } from "../support/App.ts"
import { inDirectory } from "../support/Directory.ts"
import { writeCsv } from "../support/ProfilesCsv.ts"
import { conclude, type Requirement } from "../support/Report.ts"

const must = (command: ReadonlyArray<string>): void => {
  const { exitCode, stderr } = Bun.spawnSync([...command])
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`)
}

const onDisk = async <A>(path: string, mebibytes: number, body: () => Promise<A>): Promise<A> => {
  mkdirSync(path, { recursive: true })
  must(["mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path])
  try {
    return await body()
  } finally {
    must(["umount", path])
  }
}

/** Takes all the room that is left, as another program would. */
const fill = (path: string): void => {
  try {
    for (const size of [1024 ** 2, 4096, 1])
      for (let n = 0; ; n++) {
        try {
          writeFileSync(join(path, `filler-${size}-${n}`), new Uint8Array(size))
        } catch {
          break
        }
        if (n > 10_000) break
      }
  } finally {
    // The file that did not fit is left empty.
  }
}

const requirements: Array<Requirement> = []
const check = (what: string, required: string, measured: string | number, met: boolean): void => {
  requirements.push({ what, required, measured, met })
}

await inDirectory(async (directory) => {
  const disk = join(directory, "disk")
  const dataDir = join(disk, "data")

  await onDisk(disk, 16, async () => {
    const start = Bun.spawnSync(
      [process.execPath, join(import.meta.dirname, "../../cli/src/main.ts"), "start"],
      {
        env: {
          ...process.env,
          PORT: "0",
          ANALYTICS_PORT: "0",
          INFLUSCOPE_USERS_PORT: "0",
          INFLUSCOPE_DATA_DIR: dataDir
        },
        timeout: 60_000
      }
    )
    const said = start.stderr.toString()
    check("start on a full disk ends", "code 1", `code ${start.exitCode}`, start.exitCode === 1)
    check("and says so", "disk ... is full", said.split("\n")[0] ?? "", /disk .* is full/.test(said))
  })

  await onDisk(disk, 256, async () => {
    const ids = new Set<string>()
    const file = join(directory, "creators.csv")
    await writeCsv(file, { seed: 3, rows: 40_000, each: ({ id }) => ids.add(id) })
    const app = await startApp({ dataDir, env: { INFLUSCOPE_SEED_PROFILES: "0" } })
    try {
      const { id } = await submitImport(app.url, file, "instagram")
      await until(
        () => readImport(app.url, id),
        ({ report }) => report.imported >= 5_000,
        { everyMs: 5, timeoutMs: 60_000 }
      )
      fill(disk)
      await Bun.sleep(4_000)
      const during = await readImport(app.url, id)
      check(
        "an import under way waits",
        "not failed",
        during.state,
        during.state !== "failed" && during.state !== "done"
      )
      const ready = await fetch(`${app.url}/readyz`)
      check(
        "/readyz",
        "503, names the disk",
        ready.status,
        ready.status === 503 && (await ready.text()).includes("disk")
      )
      const found = await fetch(`${app.url}/search?q=a`)
      check("search still answers", "200", found.status, found.status === 200)
      const refused = await fetch(`${app.url}/v1/imports?file=x.csv`, {
        method: "POST",
        body: Bun.file(file)
      })
      const problem = await refused.json()
      check("another upload", "507, a problem", `${refused.status} ${problem.title}`, refused.status === 507)

      for (const filler of new Bun.Glob("filler-*").scanSync(disk)) rmSync(join(disk, filler))
      const end = await importEnd(app.url, id, 50, 180_000)
      check("with room again it is done", "done", end.state, end.state === "done")
      const seen = new Map<string, number>()
      await readOut(app.url, (profile) => seen.set(profile.id, (seen.get(profile.id) ?? 0) + 1))
      const lost = [...ids].filter((known) => !seen.has(known)).length
      const twice = [...seen.values()].filter((times) => times > 1).length
      check("accounts lost", "0", lost, lost === 0)
      check(
        "accounts twice or foreign",
        "0",
        twice + seen.size - ids.size,
        twice === 0 && seen.size === ids.size
      )
      const { topics } = await readAudit(app.url)
      const missing = topics.reduce((sum, topic) => sum + topic.missing + topic.deadLettered, 0)
      check("audit: missing or dead", "0", missing, missing === 0)
    } finally {
      await app.stop()
    }
  })
})

await conclude("disk-full", {}, requirements, true)
