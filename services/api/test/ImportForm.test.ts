import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ImportJob } from "@influscope/domain/Imports"
import * as Schema from "effect/Schema"
import { type App, body, finished, invalidPaths, problem, startApp } from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp({ env: { INFLUSCOPE_MAX_IMPORT_BYTES: "100000" } })
})
afterAll(() => app?.stop())

type Entry = readonly [name: string, value: string | Blob, fileName?: string]

const formOf = (entries: ReadonlyArray<Entry>): FormData => {
  const form = new FormData()
  for (const [name, value, fileName] of entries) {
    if (typeof value === "string") form.append(name, value)
    else form.append(name, value, fileName)
  }
  return form
}
const send = (entries: ReadonlyArray<Entry>, query = ""): Promise<Response> =>
  fetch(`${app.url}/v1/imports${query}`, { method: "POST", body: formOf(entries) })
const file = (text: string, name: string): Entry => ["file", new Blob([text]), name]
const imports = async () => body(await fetch(`${app.url}/v1/imports`), Schema.Array(ImportJob))

describe("an import as a form", () => {
  it("is read with the fields that stand before the file", async () => {
    const response = await send([
      ["platform", "linkedin"],
      ["source", "Büro"],
      ["observedAt", "2026-01-02"],
      ["map", "who=handle"],
      ["map", "n="],
      ["unknown", "ignored"],
      file("who,n\nformed,9\n", 'bücher "x".csv'),
      ["submit", "Upload"]
    ])
    assert.match(response.headers.get("location") ?? "", /^\/v1\/imports\/imp-/)
    const job = await finished(app, (await body(response, ImportJob, 202)).id)
    assert.strictEqual(job.state, "done", job.failure ?? "")
    assert.strictEqual(job.file, 'bücher "x".csv')
    assert.strictEqual(job.source, "Büro")
    assert.deepStrictEqual(job.observedAt, new Date("2026-01-02"))
    assert.strictEqual(job.report.imported, 1)
    assert.strictEqual((await fetch(`${app.url}/v1/profiles/linkedin:formed`)).status, 200)
  })

  it("believes the address rather than the form", async () => {
    const entries: ReadonlyArray<Entry> = [
      ["platform", "tiktok"],
      ["dryRun", "false"],
      file("handle\naddressed\n", "form.csv")
    ]
    const response = await send(entries, "?platform=twitch&dryRun=true&file=address.csv")
    const job = await finished(app, (await body(response, ImportJob, 202)).id)
    assert.strictEqual(job.file, "address.csv")
    assert.isTrue(job.dryRun)
    // Overruled or not, what is wrong is wrong.
    const wrong = await send([["platform", "myspace"], file("handle\na\n", "a.csv")], "?platform=x")
    assert.deepStrictEqual(await invalidPaths(wrong), ["platform"])
    assert.strictEqual(job.report.imported, 1)
    assert.isTrue(
      job.report.notes.some((note) => note.includes("twitch")),
      job.report.notes.join()
    )
  })

  it("says what is wrong with it, and then nothing of it was done", async () => {
    const before = (await imports()).length
    const good = file("handle\nrefused\n", "refused.csv")
    const cases: ReadonlyArray<readonly [ReadonlyArray<Entry>, ReadonlyArray<string>]> = [
      [[], ["file"]],
      [[["platform", "x"]], ["file"]],
      [[file("", "empty.csv")], ["file"]],
      [
        [["platform", "myspace"], ["observedAt", "soon"], good],
        ["platform", "observedAt"]
      ],
      [[["platform", "x"], ["platform", "x"], good], ["platform"]],
      [[["map", "nonsense"], good], ["map.0"]],
      [[good, ["dryRun", "true"]], ["dryRun"]],
      [[good, ["map", "a=handle"]], ["map"]],
      [[good, file("handle\nsecond\n", "second.csv")], ["file"]],
      [[file("handle\na\n", `${"n".repeat(256)}.csv`)], ["file"]],
      [[["source", "s".repeat(9_000)], good], ["body"]]
    ]
    for (const [entries, paths] of cases) {
      const found = await invalidPaths(await send(entries))
      assert.sameMembers([...found], [...paths], entries.map(([name]) => name).join())
    }
    await problem(await send([file("a".repeat(100_001), "large.csv")]), 413, "payload-too-large")
    assert.strictEqual((await imports()).length, before)
    await problem(await fetch(`${app.url}/v1/profiles/x:refused`), 404, "not-found")
  })

  it("that is no form, or half a one, is refused at once", async () => {
    const raw = (contentType: string, text: string): Promise<Response> =>
      fetch(`${app.url}/v1/imports?platform=x`, {
        method: "POST",
        headers: { "content-type": contentType },
        body: text
      })
    const start =
      '--BB\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nhandle\r\nhalf\r\n'
    const cases = [
      ["multipart/form-data", start],
      ["multipart/form-data; boundary=BB", start],
      ["multipart/form-data; boundary=BB", start.slice(0, 30)],
      ["multipart/form-data; boundary=BB", "garbage"],
      ["multipart/form-data; boundary=other", `${start}--BB--\r\n`],
      ["multipart/form-data; boundary=BB", ""]
    ] as const
    for (const [contentType, text] of cases)
      assert.deepStrictEqual(await invalidPaths(await raw(contentType, text)), ["body"], text)
  })
})
