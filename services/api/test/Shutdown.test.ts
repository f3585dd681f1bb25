import { assert, describe, it, onTestFinished } from "@effect/vitest"
import { ImportJob } from "@influscope/domain/Imports"
import {
  type App,
  body,
  eventually,
  finished,
  includes,
  postImport,
  postJson,
  search,
  settled,
  startApp
} from "./support.ts"

const start = async (directory?: string): Promise<App> => {
  const app = await startApp(directory === undefined ? {} : { directory })
  onTestFinished(app.stop)
  return app
}

/** A body that is sent as far as it goes and then waits to be let on. */
const heldBody = (before: string, after: string) => {
  let letOn = () => {}
  const held = new Promise<void>((resolve) => {
    letOn = resolve
  })
  const encoder = new TextEncoder()
  const stream = new ReadableStream({
    start: async (controller) => {
      controller.enqueue(encoder.encode(before))
      await held
      controller.enqueue(encoder.encode(after))
      controller.close()
    }
  })
  return { stream, letOn }
}

const rowsOf = (prefix: string, count: number): string =>
  `handle,followers\n${Array.from({ length: count }, (_, at) => `${prefix}${at},${at + 1}\n`).join("")}`

const crowd = (batch: number) =>
  Array.from({ length: 100 }, (_, at) => ({ platform: "x", handle: `crowd-${batch}-${at}` }))

describe("SIGTERM", () => {
  it("lets a running request finish, and says meanwhile that nobody else should come", async () => {
    const app = await start()
    const { letOn, stream } = heldBody("handle,followers\n", "late,7\n")
    const upload = postImport(app, "file=late.csv&platform=x", stream)
    // The upload has begun when its file is there.
    await eventually(async () => {
      const parts = new Bun.Glob("imports/*.part").scan(app.directory)
      assert.isFalse((await parts.next()).done ?? false)
    })
    app.signal("SIGTERM")
    await eventually(async () => {
      const response = await fetch(`${app.url}/readyz`)
      assert.strictEqual(response.status, 503)
      assert.strictEqual(response.headers.get("retry-after"), "2")
      includes(await response.json(), { ready: false })
    })
    assert.strictEqual((await fetch(`${app.url}/livez`)).status, 200)
    letOn()
    const job = await body(await upload, ImportJob, 202)
    assert.strictEqual(await app.exited, 0)

    const again = await start(app.directory)
    includes((await finished(again, job.id)).report, { rows: 1, imported: 1 })
    assert.strictEqual((await search(again, "q=late")).total, 1)
  })

  it("ends a stream of events in order, and the import goes on after the next start", async () => {
    const app = await start()
    const rows = 40_000
    const { id } = await body(
      await postImport(app, "file=long.csv&platform=x", rowsOf("long", rows)),
      ImportJob,
      202
    )
    const response = await fetch(`${app.url}/v1/imports/${id}/events`)
    const ended = response.text()
    app.signal("SIGTERM")
    const events = (await ended).split("\n\n").filter((block) => block.startsWith("event: import"))
    assert.isAbove(events.length, 0)
    assert.strictEqual(await app.exited, 0)

    const again = await start(app.directory)
    const job = await finished(again, id)
    assert.strictEqual(job.state, "done", job.failure ?? "")
    includes(job.report, { rows, imported: rows, updated: 0, unchanged: 0, rejected: 0 })
    await settled(again)
    assert.strictEqual((await search(again, "platform=x&limit=1")).total, rows)
  })

  it("is not held up by connections that nobody uses", async () => {
    const app = await start()
    const idle = await Promise.all(
      Array.from({ length: 5 }, () =>
        Bun.connect({ hostname: "127.0.0.1", port: app.port, socket: { data: () => {} } })
      )
    )
    await (await fetch(`${app.url}/livez`)).text()
    app.signal("SIGTERM")
    assert.strictEqual(await app.exited, 0)
    for (const socket of idle) socket.end()
  })
})

describe("what was answered with 2xx", () => {
  for (const [name, signals] of [
    ["a second SIGTERM", ["SIGTERM", "SIGTERM"]],
    ["SIGKILL", ["SIGKILL"]]
  ] as const) {
    it(`survives ${name}`, async () => {
      const app = await start()
      const answers = Array.from({ length: 20 }, (_, batch) =>
        postJson(app, "/v1/profiles", { profiles: crowd(batch) }).then(
          (response) => response.status,
          () => undefined
        )
      )
      await Promise.race(answers)
      const file = await body(
        await postImport(app, "file=f.csv&platform=tiktok", rowsOf("f", 3_000)),
        ImportJob,
        202
      )
      for (const signal of signals) app.signal(signal)
      const accepted = (await Promise.all(answers)).flatMap((status, batch) =>
        status === 202 ? [batch] : []
      )
      await app.exited
      assert.isAbove(accepted.length, 0)

      const again = await start(app.directory)
      includes((await finished(again, file.id)).report, { rows: 3_000, imported: 3_000 })
      const { topics } = await settled(again)
      for (const { applied, deadLettered, sent } of topics)
        assert.deepStrictEqual([applied, deadLettered], [sent, 0])
      for (const batch of accepted) {
        const { total } = await search(again, `q=crowd-${batch}-99&platform=x&limit=1`)
        assert.isAbove(total, 0, `batch ${batch}`)
        const last = await fetch(`${again.url}/v1/profiles/x:crowd-${batch}-99`)
        assert.strictEqual(last.status, 200, `batch ${batch}`)
      }
    })
  }
})
