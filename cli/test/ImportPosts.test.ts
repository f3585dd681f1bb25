import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { Workplace } from "./Commands.ts"

const table = [
  "Post ID;Usuario;Fecha;Texto;Me gusta;Comentarios",
  'a1;@Ana.Cooks;31/01/2026 20:15;"Hola, #cocina";1.234;5',
  "a2;@Ana.Cooks;01/02/2026;Más;12,5 mil;7",
  "a3;;01/02/2026;nadie;1;1"
].join("\n")

describe("influscope import --posts", () => {
  let place: Workplace
  beforeAll(() => {
    place = new Workplace()
  })
  afterAll(() => place.remove())

  it("previews a file, imports it, and recognises it the next time", async () => {
    const path = await place.file("publicaciones.csv", table)
    const report = async (...args: ReadonlyArray<string>) => {
      const { code, err, out } = await place.run([
        "import",
        "--posts",
        path,
        "--platform",
        "instagram",
        "--json",
        ...args
      ])
      expect({ code, err }).toMatchObject({ code: 0 })
      return JSON.parse(out)
    }
    expect(await report("--dry-run")).toMatchObject({ rows: 3, imported: 2, rejected: 1 })
    const imported = await report()
    expect(imported).toMatchObject({ rows: 3, imported: 2, updated: 0, unchanged: 0, rejected: 1 })
    expect(imported.rejections).toEqual([
      { line: 4, column: "Usuario", value: "", reason: expect.stringContaining("whose post") }
    ])
    expect(await report()).toMatchObject({ rows: 3, imported: 0, unchanged: 2, rejected: 1 })
    // Its author is somebody to be found.
    await vi.waitFor(
      async () => {
        const { out } = await place.run(["show", "instagram:ana.cooks", "--json"])
        expect(JSON.parse(out)).toMatchObject({ topHashtags: ["cocina"], medianEngagement: null })
      },
      { timeout: 60_000 }
    )
  })

  it("takes whose posts they are when the file does not say it", async () => {
    const path = await place.file("mine.csv", "Date,Caption,Likes\n2026-01-31,Hi,5\n2026-02-01,Ho,6")
    const refused = await place.run(["import", "--posts", path, "--platform", "instagram"])
    expect(refused.code).not.toBe(0)
    expect(refused.err).toContain("--of platform:handle")
    const { code, out } = await place.run(["import", "--posts", path, "--of", "instagram:me"])
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining("2 imported") })
  })
})
