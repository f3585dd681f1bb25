import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import type { ProfileFields } from "@influscope/domain/Observation"
import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import { addsUp, bytesOf, embedded, type ImportOptions, importFile, indexed } from "./Embedded.ts"

/** Each character as one byte of windows-1252. */
const windows1252 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

/** UTF-8 taken for latin-1 and written as UTF-8 again. */
const encodedTwice = (text: string): Uint8Array => bytesOf(Buffer.from(text, "utf8").toString("latin1"))

const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"))

interface Case {
  readonly what: string
  readonly bytes: string | Uint8Array
  readonly options: ImportOptions
  readonly profiles: { readonly [id: string]: ProfileFields }
  readonly rejected?: number
  readonly repaired?: number
  readonly note: RegExp
}

const spanish =
  "Rank,Username,Categories,Suscribers,Country,Visits,Likes,Comments\n" +
  '1,canal_uno,"Música y baile, Películas",1000000,México,20000,900,30\n' +
  "2,canal_dos,Educación,900000,España,10000,400,12\n" +
  "3,canal_três,Animación,800000,Perú,9000,300,9\n"

const csv = "username,followers,avg likes\nana,1.5k,30\nbob,2m,4k\n"

const cases: ReadonlyArray<Case> = [
  {
    what: "CSV, compressed in two pieces",
    bytes: Buffer.concat([gzipSync(csv.slice(0, 40)), gzipSync(csv.slice(40))]),
    options: { file: "creators.csv.gz", platform: "instagram" },
    profiles: {
      "instagram:ana": { followers: 1_500, avgLikes: 30 },
      "instagram:bob": { followers: 2_000_000, avgLikes: 4_000 }
    },
    note: /comma/
  },
  {
    what: "a JSON array with links",
    bytes: JSON.stringify([
      { profile: "https://www.tiktok.com/@Mia", fans: 12_000, heart: 500_000, verified: true },
      { profile: "https://www.tiktok.com/@leo", fans: 9, heart: 3, verified: false },
      "not an object"
    ]),
    options: { file: "creators.json" },
    profiles: {
      "tiktok:mia": {
        followers: 12_000,
        totalLikes: 500_000,
        verified: true,
        url: "https://www.tiktok.com/@Mia"
      },
      "tiktok:leo": { followers: 9, totalLikes: 3, verified: false, url: "https://www.tiktok.com/@leo" }
    },
    rejected: 1,
    note: /array of records/
  },
  {
    what: "records deep inside a JSON answer, compressed",
    bytes: gzipSync(
      JSON.stringify({
        status: "ok",
        data: {
          users: [
            { username: "ana", edge_followed_by: { count: 77 }, full_name: "Ana Ñ" },
            { username: "bob", edge_followed_by: { count: 78 }, full_name: "Bob" }
          ]
        }
      })
    ),
    options: { file: "answer.json", platform: "instagram" },
    profiles: {
      "instagram:ana": { followers: 77, name: "Ana Ñ" },
      "instagram:bob": { followers: 78, name: "Bob" }
    },
    note: /"data\.users"/
  },
  {
    what: "JSON Lines with a broken one",
    bytes:
      '{"handle":"ana","platform":"twitch","followers":10}\n{"handle":"bob",\n\n{"handle":"cem","platform":"x","followers":30}\n{"handle":"dee","platform":"x","followers":40}\n',
    options: { file: "creators.jsonl" },
    profiles: {
      "twitch:ana": { followers: 10 },
      "x:cem": { followers: 30 },
      "x:dee": { followers: 40 }
    },
    rejected: 1,
    note: /one record per line/
  },
  {
    what: "semicolons and decimal commas in windows-1252",
    bytes: windows1252(
      "Usuario;Nombre;Seguidores;Tasa de interacci\u00f3n;Pa\u00eds\r\nm\u00fcller_j;J\u00fcrgen M\u00fcller;12.500;3,75 %;Espa\u00f1a\r\nanna;Anna;900;1,2 %;M\u00e9xico\r\n"
    ),
    options: { file: "creators.csv", platform: "instagram" },
    profiles: {
      "instagram:müller_j": {
        name: "Jürgen Müller",
        followers: 12_500,
        reportedEngagementRate: 3.75,
        country: "ES"
      },
      "instagram:anna": { name: "Anna", followers: 900, reportedEngagementRate: 1.2, country: "MX" }
    },
    note: /windows-1252/
  },
  {
    what: "Spanish, encoded as UTF-8 twice",
    bytes: encodedTwice(spanish),
    options: { file: "youtube.csv" },
    profiles: {
      "youtube:canal_uno": {
        categories: ["Music & Dance", "Movies"],
        followers: 1_000_000,
        country: "MX",
        avgViews: 20_000,
        avgLikes: 900,
        avgComments: 30
      },
      "youtube:canal_dos": {
        categories: ["Education"],
        followers: 900_000,
        country: "ES",
        avgViews: 10_000,
        avgLikes: 400,
        avgComments: 12
      },
      "youtube:canal_três": {
        categories: ["Animation"],
        followers: 800_000,
        country: "PE",
        avgViews: 9_000,
        avgLikes: 300,
        avgComments: 9
      }
    },
    repaired: 3,
    note: /encoded as UTF-8 twice/
  },
  {
    what: "tab-separated UTF-16",
    bytes: utf16("username\tfollowers\tbio\nana\t5\tĞüzel 🌸\n"),
    options: { file: "creators.txt", platform: "tiktok" },
    profiles: { "tiktok:ana": { followers: 5, bio: "Ğüzel 🌸" } },
    note: /UTF-16LE/
  },
  {
    what: "columns mapped by hand",
    bytes: "who|how many|note\nana|5|x\nbob|6|y\n",
    options: { file: "a.csv", platform: "x", map: ["who=handle", "how many=followers", "note="] },
    profiles: { "x:ana": { followers: 5 }, "x:bob": { followers: 6 } },
    note: /vertical bar/
  }
]

describe("a file", () => {
  it.scopedLive.each(cases)("of $what is read into the index", (given) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const index = yield* SearchIndex
        const job = yield* importFile(given.bytes, given.options)
        assert.deepStrictEqual([job.state, job.failure, addsUp(job)], ["done", null, true])
        assert.strictEqual(job.report.rejected, given.rejected ?? 0, JSON.stringify(job.report.rejections))
        assert.strictEqual(job.report.repaired, given.repaired ?? 0, JSON.stringify(job.report.notes))
        assert.match(job.report.notes.join("\n"), given.note)
        const profiles = yield* indexed
        assert.deepStrictEqual(Object.fromEntries([...profiles].map(([id, { fields }]) => [id, fields])), {
          ...given.profiles
        })
        for (const [id, { handle }] of profiles) {
          const found = yield* index.search(queryOf(handle))
          assert.isTrue(
            found.hits.some((hit) => hit.id === id),
            id
          )
        }
        const again = yield* importFile(given.bytes, given.options)
        assert.strictEqual(again.report.unchanged, profiles.size)
      }).pipe(Effect.provide(embedded(directory)))
    })
  )
})
