import { readdirSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import { batchRows } from "../src/FileReader.ts"
import { fixture, mappedTo, readBytes, readText, utf8 } from "./support.ts"

const fixtures = readdirSync(new URL("./fixtures", import.meta.url))
  .filter((name) => !name.endsWith(".golden.txt"))
  .sort()

describe("whole files", () => {
  it.live.each(fixtures)("%s gives its golden report", (name) =>
    Effect.gen(function* () {
      const told = /instagram|tiktok|youtube|twitch|linkedin|platform|hypeauditor|encoded-twice/.test(name)
      const outcome = yield* readBytes(fixture(name), {
        fileName: name,
        platform: told ? undefined : "instagram"
      })
      assert.isUndefined(outcome.failure)
      const golden = JSON.stringify({ report: outcome.report, rows: outcome.rows }, null, 2)
      yield* Effect.promise(() => expect(`${golden}\n`).toMatchFileSnapshot(`./fixtures/${name}.golden.txt`))
    })
  )
})

describe("dirt", () => {
  it.live("a figure of the future is not taken at its word", () =>
    Effect.gen(function* () {
      const { report, rows } = yield* readText(
        "username,followers,observed at\na,10,2026-01-31\nb,20,2099-01-31\nc,30,2026-02-01\n"
      )
      assert.deepStrictEqual(
        rows.map(({ observedAt }) => observedAt),
        [Date.parse("2026-01-31"), undefined, Date.parse("2026-02-01")]
      )
      assert.deepInclude(report?.rejections[0], {
        line: 3,
        value: "2099-01-31",
        reason: "value left out: this is in the future"
      })
    })
  )

  it.live(
    "a header that contradicts its column is re-mapped where the field is free and refused where it is not",
    () =>
      Effect.gen(function* () {
        const free = yield* readText("username,followers,Views avg.\na,10,Spain\nb,20,France\nc,30,Peru\n")
        assert.strictEqual(mappedTo(free)["Views avg."], "country")
        assert.match(free.report?.columns[2]?.why ?? "", /header says avgViews.*country names.*re-mapped/)
        assert.strictEqual(free.rows[0]?.fields.country, "ES")
        const busy = yield* readText(
          "username,followers,country,Views avg.\na,10,Spain,Chile\nb,20,France,Peru\nc,30,Peru,Cuba\n"
        )
        assert.isNull(mappedTo(busy)["Views avg."])
        assert.strictEqual(busy.rows[0]?.fields.country, "ES")
        assert.isUndefined(busy.rows[0]?.fields.avgViews)
      })
  )

  it.live("of a text and a numeric twin the numeric one is taken", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        "username,likes(avg.),likes(avg.),followers\na,3.5M,3512345,9M\nb,1.1k,1099,9M\n"
      )
      assert.deepStrictEqual(mappedTo(outcome), {
        username: "handle",
        "likes(avg.) [2]": null,
        "likes(avg.) [3]": "avgLikes",
        followers: "followers"
      })
      assert.match(outcome.report?.columns[1]?.why ?? "", /agree in 2 of 2/)
      assert.strictEqual(outcome.rows[0]?.fields.avgLikes, 3512345)
    })
  )

  it.live("a rank never becomes followers, misspelt or not", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        "Rank,User Name,Suscribers,Likes\n1,a,1000,20\n2,b,900,18.5\n3,c,800,10\n"
      )
      assert.deepStrictEqual(mappedTo(outcome), {
        Rank: null,
        "User Name": "handle",
        Suscribers: "followers",
        Likes: "avgLikes"
      })
    })
  )

  it.live("likes without a word on their scope are totals when far above the followers", () =>
    Effect.gen(function* () {
      const outcome = yield* readText("username,followers,likes,comments\na,1000,50000,7\nb,500,30000,9\n")
      assert.strictEqual(mappedTo(outcome)["likes"], "totalLikes")
      assert.isNull(mappedTo(outcome)["comments"])
    })
  )

  it.live("a name loses its own handle, but not one that it tells of", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        "username,name,followers\na,Ana (@a),1\nb,Bob @b,2\nc,Cem | IG: @cem_c,3\nd,Dee insta @dee,4\ne,E [e],5\n"
      )
      assert.deepStrictEqual(
        outcome.rows.map((row) => row.fields.name),
        ["Ana", "Bob", "Cem | IG: @cem_c", "Dee insta @dee", "E"]
      )
    })
  )

  it.live("an x that ticks something off is not the platform X, unless the column says so", () =>
    Effect.gen(function* () {
      const ticked = yield* readText("username,followers,contacted\na,1,x\nb,2,\nc,3,x\n")
      assert.deepStrictEqual(
        ticked.rows.map((row) => [row.handle, row.platform]),
        [
          ["a", "instagram"],
          ["b", "instagram"],
          ["c", "instagram"]
        ]
      )
      assert.isNull(mappedTo(ticked)["contacted"])
      const named = yield* readText("username,followers,platform\na,1,x\nb,2,X\n", { platform: undefined })
      assert.deepStrictEqual(
        named.rows.map((row) => row.platform),
        ["x", "x"]
      )
    })
  )

  it.live("of thousands of columns the report lists the first, and those that are used", () =>
    Effect.gen(function* () {
      const unused = Array.from({ length: 5_000 }, (_, at) => `metric ${at}`).join(",")
      const outcome = yield* readText(`username,${unused},followers\na,${"x,".repeat(5_000)}7\n`)
      assert.strictEqual(outcome.rows[0]?.fields.followers, 7)
      assert.strictEqual(mappedTo(outcome)["followers"], "followers")
      assert.lengthOf(outcome.report?.columns ?? [], 1_001)
      assert.include(outcome.report?.notes ?? [], "4001 more columns are not used and not listed.")
    })
  )

  it.live("likes that nothing can be said about are left out with the reason", () =>
    Effect.gen(function* () {
      const outcome = yield* readText("username,likes\na,5\nb,7\n")
      assert.isNull(mappedTo(outcome)["likes"])
      assert.match(outcome.report?.columns[1]?.why ?? "", /map the column by hand/)
    })
  )

  it.live("line numbers are right behind quoted line breaks, and rejected rows say why", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        '"user\nname",followers,bio\na,1,"x\ny\nz"\n\nno handle here,2,\nb,3,\n'
      )
      assert.deepStrictEqual(
        outcome.rows.map((row) => [row.handle, row.line]),
        [
          ["a", 3],
          ["b", 8]
        ]
      )
      assert.deepStrictEqual(outcome.report?.rejections, [
        {
          line: 7,
          column: "user name",
          value: "no handle here",
          reason: "row rejected: this is not a handle: it has blanks"
        }
      ])
      assert.strictEqual(outcome.report?.rows, 3)
    })
  )

  it.live("a value that cannot be read is left out and listed; its row is kept", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        "username,followers,following,country\na,10,3,Spain\nb,-4,many,Spain\nc,7,8,Spain\nd,7,8,Spain\n"
      )
      assert.strictEqual(outcome.report?.rejected, 0)
      assert.deepStrictEqual(outcome.rows[1]?.fields, { country: "ES" })
      assert.deepStrictEqual(
        outcome.report?.rejections.map(({ line, column, reason }) => [line, column, reason]),
        [
          [3, "followers", "value left out: a count cannot be negative"],
          [3, "following", "value left out: this is not a number"]
        ]
      )
    })
  )

  it.live(
    "a cell torn apart by an unquoted separator is put together when that can be done in one way only",
    () =>
      Effect.gen(function* () {
        const outcome = yield* readText(
          "username,name,followers,following,country\na,A,1,2,Spain\nb,Smith, Bob,3,4,Spain\nc,C,5,6,Spain\n"
        )
        assert.strictEqual(outcome.rows[1]?.fields.name, "Smith, Bob")
        assert.strictEqual(outcome.rows[1]?.fields.followers, 3)
        assert.strictEqual(outcome.report?.repaired, 1)
      })
  )

  it.live("a row that lost a cell in the middle is rejected, not shifted", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(
        "username,country,followers,following\na,Spain,1,2\nb,3,4\nc,Peru,5,6\nd,Peru\n"
      )
      assert.deepStrictEqual(
        outcome.rows.map((row) => row.handle),
        ["a", "c", "d"]
      )
      assert.match(outcome.report?.rejections[0]?.reason ?? "", /only 3 of 4 cells/)
    })
  )

  it.live("handles in brackets, profile links and channel ids give identity", () =>
    Effect.gen(function* () {
      const bracketed = yield* readText("Influencer,followers\nAna Ruiz (@ana.ruiz),10\nBob [bob_b],20\n")
      assert.deepStrictEqual(
        bracketed.rows.map((row) => [row.handle, row.fields.name]),
        [
          ["ana.ruiz", "Ana Ruiz"],
          ["bob_b", "Bob"]
        ]
      )
      const ids = yield* readText(`channel_id,title,subscribers\nUC${"aB".repeat(11)},T,5\n`, {
        platform: undefined
      })
      assert.strictEqual(ids.rows[0]?.platform, "youtube")
      assert.strictEqual(ids.rows[0]?.handle, `uc${"ab".repeat(11)}`)
      assert.strictEqual(ids.rows[0]?.fields.url, `https://www.youtube.com/channel/UC${"aB".repeat(11)}`)
      const links = yield* readText("Enlace,seguidores\nhttps://www.tiktok.com/@ana?x=1,5\n", {
        platform: undefined
      })
      assert.strictEqual(links.rows[0]?.platform, "tiktok")
      assert.strictEqual(links.rows[0]?.handle, "ana")
    })
  )

  it.live("a link to another platform than the one told is refused", () =>
    Effect.gen(function* () {
      const outcome = yield* readText("username,url,followers\na,https://www.tiktok.com/@a,5\n")
      assert.strictEqual(outcome.report?.rejected, 1)
    })
  )

  it.live("units in a header multiply", () =>
    Effect.gen(function* () {
      const outcome = yield* readText("username,Followers (millions)\na,1.5\nb,2.25\n")
      assert.deepStrictEqual(
        outcome.rows.map((row) => row.fields.followers),
        [1_500_000, 2_250_000]
      )
    })
  )

  it.live.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"]
  ])("lines end in %s", ([, end]) =>
    Effect.gen(function* () {
      const outcome = yield* readText(["username,followers", "a,1", "", "b,2", ""].join(end))
      assert.deepStrictEqual(
        outcome.rows.map((row) => [row.handle, row.fields.followers]),
        [
          ["a", 1],
          ["b", 2]
        ]
      )
    })
  )

  it.live("UTF-16 with a mark", () =>
    Effect.gen(function* () {
      const outcome = yield* readBytes(
        Buffer.from("\ufeffusername;name;followers\r\na;Ñandú;1\r\n", "utf16le"),
        { platform: "x" }
      )
      assert.strictEqual(outcome.rows[0]?.fields.name, "Ñandú")
    })
  )

  it.live("rows written as JSON arrays with their names in the first", () =>
    Effect.gen(function* () {
      const outcome = yield* readText('[["username","followers"],["a",1],["b",2]]')
      assert.deepStrictEqual(
        outcome.rows.map((row) => row.handle),
        ["a", "b"]
      )
    })
  )
})

describe("mapping by hand", () => {
  const text = "x,y,user.z\nana,5,12\nbob,6,13\n"

  it.live("wins, by name in any case or by position", () =>
    Effect.gen(function* () {
      const outcome = yield* readText(text, { map: ["X=handle", "#2=followers", "user.z=avgLikes"] })
      assert.deepStrictEqual(outcome.rows[0]?.fields, { followers: 5, avgLikes: 12 })
      const ignored = yield* readText("username,followers,posts\na,1,2\n", { map: ["posts="] })
      assert.deepStrictEqual(ignored.rows[0]?.fields, { followers: 1 })
    })
  )

  it.live.each([
    [["nope=handle"], /does not have/, /x, y, user\.z/],
    [["x=nonsense"], /does not exist/, /handle, platform, observedAt, name/],
    [["handle"], /not of the form/, /Subs=followers/],
    [["x=handle", "y=handle"], /Two columns/, /only one/]
  ] as const)("%j is refused with what would be valid", ([map, message, hint]) =>
    Effect.gen(function* () {
      const { failure } = yield* readText(text, { map })
      assert.strictEqual(failure?.reason, "mapping")
      assert.match(failure?.message ?? "", message)
      assert.match(failure?.hint ?? "", hint)
    })
  )
})

describe("files that cannot be read", () => {
  it.live.each<readonly [string, Uint8Array, string, RegExp]>([
    ["empty", new Uint8Array(0), "empty", /empty/],
    ["blank", utf8(" \n\n"), "empty", /empty/],
    ["header only", utf8("username,followers\n"), "empty", /no rows/],
    ["PNG", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]), "format", /PNG/],
    ["Excel", new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 6, 0]), "format", /Excel/],
    ["HTML", utf8("<!DOCTYPE html><html><body>Log in</body></html>"), "format", /HTML/],
    ["control characters", new Uint8Array(2_000).map((_, index) => (index * 7) % 32), "format", /not text/],
    ["gzip in gzip", gzipSync(gzipSync(utf8("a,b\n1,2\n"))), "format", /twice/],
    ["broken gzip", new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]), "damaged", /gzip/],
    ["no handles", utf8("country,followers\nSpain,5\nPeru,6\n"), "identity", /handles/],
    ["JSON broken at once", utf8('[{"username":'), "damaged", /JSON/]
  ])("%s", ([, bytes, reason, message]) =>
    Effect.gen(function* () {
      const { failure } = yield* readBytes(bytes, { platform: "instagram" })
      assert.strictEqual(failure?.reason, reason)
      assert.match(failure?.message ?? "", message)
      assert.isAbove(failure?.hint.length ?? 0, 10)
    })
  )

  it.live("no sign of a platform", () =>
    Effect.gen(function* () {
      const { failure } = yield* readText("username,followers\na,1\n", { platform: undefined })
      assert.strictEqual(failure?.reason, "platform")
      assert.match(failure?.hint ?? "", /--platform/)
    })
  )

  const table = (rows: number): string =>
    `username,followers\n${Array.from({ length: rows }, (_, index) => `user${index},${index}\n`).join("")}`

  it.live("a gzip file that unpacks to more than is allowed gives the rows until then and says so", () =>
    Effect.gen(function* () {
      const limit = utf8(table(5_000)).length
      const fits = yield* readBytes(gzipSync(utf8(table(5_000))), {
        platform: "instagram",
        maxUnpackedBytes: limit
      })
      assert.deepStrictEqual([fits.failure, fits.rows.length], [undefined, 5_000])
      const outcome = yield* readBytes(gzipSync(utf8(table(20_000))), {
        platform: "instagram",
        maxUnpackedBytes: limit
      })
      assert.strictEqual(outcome.failure?.reason, "size")
      assert.isAbove(outcome.rows.length, 4_000)
      assert.strictEqual(outcome.rows.length, outcome.report?.rows)
      for (const [at, row] of outcome.rows.entries()) assert.deepStrictEqual(row, fits.rows[at] ?? row)
    })
  )

  it.live("a gzip file that unpacks to far more than a table does is given up early", () =>
    Effect.gen(function* () {
      const bomb = gzipSync(Buffer.concat([utf8(table(10)), Buffer.alloc(300 * 1024 * 1024, ",")]))
      const outcome = yield* readBytes(bomb, { platform: "instagram" }, 4 * 1024)
      assert.strictEqual(outcome.failure?.reason, "size")
      assert.match(outcome.failure?.message ?? "", /200 times/)
      assert.strictEqual(outcome.rows.length, 10)
    })
  )

  it.live("a gzip file that breaks off gives the rows before the break, none of them cut", () =>
    Effect.gen(function* () {
      const whole = gzipSync(utf8(table(20_000)))
      const outcome = yield* readBytes(
        whole.subarray(0, Math.floor(whole.length / 2)),
        { platform: "instagram" },
        1_000
      )
      assert.strictEqual(outcome.failure?.reason, "damaged")
      assert.isAbove(outcome.rows.length, 1_000)
      assert.isTrue(
        outcome.rows.every((row, index) => row.handle === `user${index}` && row.fields.followers === index)
      )
    })
  )

  it.live("a JSON array that breaks off gives the records before the break", () =>
    Effect.gen(function* () {
      const text = JSON.stringify(
        Array.from({ length: 3_000 }, (_, index) => ({ username: `u${index}`, followers: index }))
      )
      const outcome = yield* readText(text.slice(0, -100))
      assert.strictEqual(outcome.failure?.reason, "damaged")
      assert.isAbove(outcome.rows.length, 2_900)
      assert.strictEqual(outcome.report?.rows, outcome.rows.length)
    })
  )
})

describe("whatever the bytes", () => {
  const survives = (bytes: Uint8Array) =>
    Effect.gen(function* () {
      const outcome = yield* readBytes(bytes, { platform: "instagram" }, 1_000)
      if (outcome.failure === undefined) assert.isDefined(outcome.report)
      const report = outcome.report
      if (report !== undefined) assert.strictEqual(report.rows, outcome.rows.length + report.rejected)
    })

  it.live("random bytes, also gzipped, give a report or a failure", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.uint8Array({ maxLength: 400 }),
          FastCheck.boolean(),
          (bytes, zipped) => Effect.runPromise(survives(zipped ? gzipSync(bytes) : bytes))
        ),
        { numRuns: 300 }
      )
    )
  )

  it.live("text of structural characters gives a report or a failure", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(
            FastCheck.constantFrom(
              '"',
              ",",
              ";",
              "\n",
              "\r",
              "[",
              "]",
              "{",
              "}",
              ":",
              "\\",
              "username",
              "followers",
              "a",
              "1",
              "é",
              " "
            ),
            { maxLength: 80 }
          ),
          (parts) => Effect.runPromise(survives(utf8(parts.join(""))))
        ),
        { numRuns: 500 }
      )
    )
  )

  it.live("fixtures with bytes changed or cut off give a report or a failure", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.constantFrom(...fixtures),
          FastCheck.array(FastCheck.tuple(FastCheck.nat(), FastCheck.integer({ min: 0, max: 255 })), {
            maxLength: 10
          }),
          FastCheck.double({ min: 0, max: 1, noNaN: true }),
          (name, changes, share) => {
            const bytes = Uint8Array.from(fixture(name))
            for (const [at, byte] of changes) bytes[at % bytes.length] = byte
            return Effect.runPromise(survives(bytes.subarray(0, Math.ceil(bytes.length * (0.5 + share / 2)))))
          }
        ),
        { numRuns: 300 }
      )
    )
  )
})

const manyRows = `username,name,followers,country\n${Array.from({ length: 2_600 }, (_, index) =>
  index % 97 === 0
    ? `has blanks ${index},x,1,Spain\n`
    : index % 101 === 0
      ? "\n"
      : `user${index},Nömbre ${index},~${index},${index % 50 === 0 ? "Narnia" : "Spain"}\n`
).join("")}`

describe("reading on", () => {
  it.live("gives the same rows and the same report as reading in one go, whatever the pieces", () =>
    Effect.gen(function* () {
      const bytes = utf8(manyRows)
      const whole = yield* readBytes(bytes, { platform: "instagram" })
      assert.isAbove(whole.batches.length, 4)
      for (const [index, batch] of whole.batches.slice(0, -1).entries()) {
        assert.strictEqual(batch.checkpoint.rows, (index + 1) * batchRows)
        const kept: typeof batch.checkpoint = JSON.parse(JSON.stringify(batch.checkpoint))
        const rest = yield* readBytes(bytes, { platform: "instagram", resume: kept }, 777)
        assert.deepStrictEqual(
          rest.rows,
          whole.batches.slice(index + 1).flatMap((later) => later.rows)
        )
        assert.deepStrictEqual(rest.report, whole.report)
      }
    })
  )
})

describe("round trip", () => {
  const handle = FastCheck.stringMatching(/^[a-z][a-z0-9_.]{2,15}$/).filter(
    (text) =>
      !/^(?:null|none|nan|nil|unknown|total|sum|mean|media|note|nota|blank|empty|undefined|totals|average)/.test(
        text
      )
  )
  const name = FastCheck.stringMatching(/^[A-Z][a-záéíóúñü]{2,8} [A-Z"',;|][a-zñ",;]{1,8}[a-z]$/)
  const profile = FastCheck.record({
    handle,
    name,
    followers: FastCheck.integer({ min: 10_000, max: 900_000_000 }),
    avgLikes: FastCheck.integer({ min: 0, max: 9_000 }),
    country: FastCheck.constantFrom("ES", "US", "BR", "FR"),
    verified: FastCheck.boolean()
  })
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`

  it.live("profiles written in any dialect and encoding come back the same", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.uniqueArray(profile, { minLength: 3, maxLength: 30, selector: (one) => one.handle }),
          FastCheck.constantFrom(",", ";", "\t", "|"),
          FastCheck.constantFrom("\n", "\r\n"),
          FastCheck.constantFrom("utf8", "latin1", "utf16le", "twice", "gzip"),
          async (profiles, delimiter, end, encoding) => {
            const header = ["Username", "Nombre completo", "Seguidores", "avg likes", "País", "Verificado"]
            const lines = profiles.map((one) =>
              [
                `@${one.handle}`,
                quote(one.name),
                one.followers,
                one.avgLikes,
                one.country,
                one.verified ? "True" : "False"
              ].join(delimiter)
            )
            const text = [header.join(delimiter), ...lines, ""].join(end)
            const bytes =
              encoding === "latin1"
                ? Buffer.from(text, "latin1")
                : encoding === "utf16le"
                  ? Buffer.from(`\ufeff${text}`, "utf16le")
                  : encoding === "twice"
                    ? Buffer.from(Buffer.from(text).toString("latin1"))
                    : encoding === "gzip"
                      ? gzipSync(text)
                      : Buffer.from(text)
            const outcome = await Effect.runPromise(readBytes(bytes, { platform: "instagram" }, 50))
            assert.deepStrictEqual(
              outcome.rows.map((row) => ({ handle: row.handle, ...row.fields })),
              profiles.map((one) => ({ ...one }))
            )
          }
        ),
        { numRuns: 200 }
      )
    )
  )
})
