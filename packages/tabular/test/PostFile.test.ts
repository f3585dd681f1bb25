import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import type { GivenPost } from "@influscope/domain/api/PostsApi"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { makePostId } from "@influscope/domain/posts/Post"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Stream from "effect/Stream"
import type { Checkpoint, ReadReport } from "../src/FileReader.ts"
import type { FileUnreadable } from "../src/FileUnreadable.ts"
import { type PostFileOptions, readPostFile } from "../src/PostFile.ts"
import { utf8 } from "./support.ts"

interface Outcome {
  readonly posts: ReadonlyArray<GivenPost>
  readonly report: ReadReport | undefined
  readonly failure: FileUnreadable | undefined
  readonly checkpoints: ReadonlyArray<Checkpoint>
}

const read = (
  content: string | Uint8Array,
  options: Partial<PostFileOptions> = {},
  pieceBytes = 64 * 1024
): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const bytes = typeof content === "string" ? utf8(content) : content
    const pieces: Array<Uint8Array> = []
    for (let at = 0; at < bytes.length; at += pieceBytes) pieces.push(bytes.subarray(at, at + pieceBytes))
    const posts: Array<GivenPost> = []
    const checkpoints: Array<Checkpoint> = []
    let report: ReadReport | undefined
    const end = yield* readPostFile(Stream.fromIterable(pieces), {
      fileName: "posts.csv",
      platform: undefined,
      map: [],
      resume: undefined,
      maxUnpackedBytes: undefined,
      account: undefined,
      ...options
    }).pipe(
      Stream.runForEach((batch) =>
        Effect.sync(() => {
          posts.push(...batch.rows.map(({ post }) => post))
          checkpoints.push(batch.checkpoint)
          report = batch.report
        })
      ),
      Effect.either
    )
    return { posts, report, failure: Either.isLeft(end) ? end.left : undefined, checkpoints }
  })

const mappedTo = ({ report }: Outcome): Readonly<Record<string, string | null>> =>
  Object.fromEntries((report?.columns ?? []).map(({ mappedTo: role, name }) => [name, role]))

/** As the lists of trending videos are: literal line ends in descriptions, the day of the list as year, day, month. */
const trending = [
  "video_id,trending_date,title,channel_title,category_id,publish_time,tags,views,likes,dislikes,comment_count,thumbnail_link,comments_disabled,description",
  '2kyS6SvSYSE,17.14.11,WE WANT TO TALK ABOUT OUR MARRIAGE,CaseyNeistat,22,2017-11-13T17:13:01.000Z,SHANtell martin,748374,57527,2966,15954,https://i.ytimg.com/vi/2kyS6SvSYSE/default.jpg,False,"SHANTELL\'S CHANNEL - https://www.youtube.com/shantellmartin\\nCANDICE - https://www.lovebilly.com\\n\\n"',
  '1ZAPwfrtAFY,17.14.11,"The Trump Presidency: Last Week Tonight",LastWeekTonight,24,2017-11-13T07:30:00.000Z,"last week tonight|""john oliver""",2418783,97185,6146,12703,https://i.ytimg.com/vi/1ZAPwfrtAFY/default.jpg,False,One year after',
  "5qpjK5DgCt4,17.14.11,Rhett & Link,Good Mythical Morning,23,2017-11-12T19:05:24.000Z,rhett,343168,10172,666,2146,https://i.ytimg.com/vi/5qpjK5DgCt4/default.jpg,False,Today"
].join("\n")

/** As scrapers give posts of Instagram. */
const scraped = JSON.stringify([
  {
    id: "3000000000000000001",
    type: "Sidecar",
    shortCode: "CxYz_-1",
    caption: "Morning ☕ #coffee @beans",
    hashtags: ["coffee"],
    url: "https://www.instagram.com/p/CxYz_-1/",
    commentsCount: 4,
    likesCount: -1,
    timestamp: "2026-02-03T10:00:00.000Z",
    ownerUsername: "ana.cooks",
    ownerFullName: "Ana Cooks"
  },
  {
    id: "3000000000000000002",
    type: "Video",
    shortCode: "Dab",
    caption: "",
    url: "https://www.instagram.com/p/Dab/",
    commentsCount: 0,
    likesCount: 12,
    videoPlayCount: 900,
    timestamp: "2026-02-04T10:00:00.000Z",
    ownerUsername: "ana.cooks",
    productType: "clips"
  }
])

describe("a list of trending videos", () => {
  it.effect("gives the videos of channels named by one word", () =>
    Effect.gen(function* () {
      const outcome = yield* read(trending, { platform: "youtube" })
      assert.deepStrictEqual(mappedTo(outcome), {
        video_id: "id",
        trending_date: "observedAt",
        title: "title",
        channel_title: "authorName",
        category_id: null,
        publish_time: "publishedAt",
        tags: null,
        views: "views",
        likes: "likes",
        dislikes: null,
        comment_count: "comments",
        thumbnail_link: null,
        comments_disabled: null,
        description: "text"
      })
      const [first] = outcome.posts
      assert.deepStrictEqual(first, {
        id: makePostId("youtube", "2kyS6SvSYSE"),
        author: makeProfileId("youtube", "caseyneistat"),
        observedAt: new Date("2017-11-14"),
        publishedAt: new Date("2017-11-13T17:13:01Z"),
        title: "WE WANT TO TALK ABOUT OUR MARRIAGE",
        text: "SHANTELL'S CHANNEL - https://www.youtube.com/shantellmartin\nCANDICE - https://www.lovebilly.com\n\n",
        metrics: { views: 748_374, likes: 57_527, comments: 15_954 }
      })
      assert.strictEqual(outcome.report?.rows, 3)
      assert.strictEqual(outcome.report?.rejected, 1)
      assert.strictEqual(outcome.report?.rejections[0]?.line, 4)
    })
  )

  it.effect("goes by the channel ids where it has them", () =>
    Effect.gen(function* () {
      const [header = "", first = ""] = trending.split("\n")
      const withIds = [`${header},channelId`, `${first},UCtinbF-Q-fVthA0qrFQTgXQ`].join("\n")
      const { posts } = yield* read(withIds)
      assert.strictEqual(posts[0]?.author, "youtube:uctinbf-q-fvtha0qrfqtgxq")
    })
  )

  it.effect("needs to be told the platform when nothing tells it", () =>
    Effect.gen(function* () {
      const { failure } = yield* read(trending)
      assert.strictEqual(failure?.reason, "platform")
    })
  )
})

describe("posts as scrapers give them", () => {
  it.effect("are read from JSON, gzipped or not, in pieces of any size", () =>
    Effect.gen(function* () {
      const outcome = yield* read(scraped, { fileName: "posts.json" })
      const [first, second] = outcome.posts
      assert.strictEqual(first?.id, "instagram:CxYz_-1")
      assert.strictEqual(first?.author, "instagram:ana.cooks")
      assert.strictEqual(first?.text, "Morning ☕ #coffee @beans")
      // -1 stands for a count that is hidden.
      assert.deepStrictEqual(first?.metrics, { comments: 4 })
      assert.deepStrictEqual(second?.metrics, { likes: 12, comments: 0, views: 900 })
      assert.strictEqual(first?.url, "https://www.instagram.com/p/CxYz_-1/")
      assert.deepStrictEqual(first?.publishedAt, new Date("2026-02-03T10:00:00Z"))
      assert.strictEqual(outcome.report?.rejected, 0)
      const zipped = yield* read(gzipSync(scraped), { fileName: "posts.json.gz" }, 7)
      assert.deepStrictEqual(zipped.posts, outcome.posts)
    })
  )

  it.effect("are read from JSON Lines with nested fields", () =>
    Effect.gen(function* () {
      const lines = [1, 2].map((at) =>
        JSON.stringify({
          id: `710659431229245367${at}`,
          text: "dance",
          createTimeISO: `2026-02-0${at}T10:00:00.000Z`,
          authorMeta: { name: "dancer", fans: 10 },
          webVideoUrl: `https://www.tiktok.com/@dancer/video/710659431229245367${at}`,
          diggCount: 10 * at,
          shareCount: 3,
          playCount: 1_000,
          collectCount: 2,
          commentCount: 1
        })
      )
      const outcome = yield* read(lines.join("\n"), { fileName: "tiktok.jsonl" })
      assert.deepStrictEqual(
        outcome.posts.map(({ author, id }) => [String(author), String(id)]),
        [
          ["tiktok:dancer", "tiktok:7106594312292453671"],
          ["tiktok:dancer", "tiktok:7106594312292453672"]
        ]
      )
      assert.deepStrictEqual(outcome.posts[1]?.metrics, {
        likes: 20,
        comments: 1,
        shares: 3,
        saves: 2,
        views: 1_000
      })
    })
  )
})

describe("tables that people make", () => {
  it.effect("may use semicolons, decimal points for thousands and their own words", () =>
    Effect.gen(function* () {
      const outcome = yield* read(
        [
          "Usuario;Fecha;Texto;Me gusta;Comentarios;Tipo;Enlace",
          "@ana;31/01/2026 20:15;¡Hola! #café;1.234;5;Foto;https://www.instagram.com/p/Aa/",
          "@ana;01/02/2026;;12,5 mil;;Reel;https://www.instagram.com/p/Bb/"
        ].join("\n")
      )
      const [first, second] = outcome.posts
      assert.deepStrictEqual(first?.publishedAt, new Date("2026-01-31T20:15:00Z"))
      assert.deepStrictEqual(first?.metrics, { likes: 1_234, comments: 5 })
      assert.strictEqual(first?.media, "image")
      assert.deepStrictEqual(second?.metrics, { likes: 12_500 })
      assert.strictEqual(second?.media, "short")
      assert.strictEqual(second?.text, "")
    })
  )

  it.effect("may be all of one account", () =>
    Effect.gen(function* () {
      const table = "Date,Caption,Likes\n2026-01-31,Hi,5\n2026-02-01,Ho,6"
      assert.strictEqual((yield* read(table)).failure?.reason, "identity")
      const { posts } = yield* read(table, { account: "instagram:ana" })
      assert.deepStrictEqual(
        posts.map(({ author, metrics, text }) => [author, text, metrics.likes]),
        [
          ["instagram:ana", "Hi", 5],
          ["instagram:ana", "Ho", 6]
        ]
      )
    })
  )

  it.effect("have their columns mapped by hand where the names say nothing", () =>
    Effect.gen(function* () {
      const table = "A,B,C,D\nana,2026-01-31,Hi,5\nbob,2026-02-01,Ho,6"
      const map = ["A=author", "#2=publishedAt", "C=caption", "D=likes"]
      const { posts } = yield* read(table, { platform: "instagram", map })
      assert.deepStrictEqual(
        posts.map(({ author, metrics, text }) => [author, text, metrics.likes]),
        [
          ["instagram:ana", "Hi", 5],
          ["instagram:bob", "Ho", 6]
        ]
      )
      const twice = yield* read(table, { platform: "instagram", map: [...map, "B=likes"] })
      assert.strictEqual(twice.failure?.reason, "mapping")
      const unknown = yield* read(table, { platform: "instagram", map: ["A=followers"] })
      assert.strictEqual(unknown.failure?.reason, "mapping")
      assert.include(unknown.failure?.hint, "publishedAt")
    })
  )

  it.effect("keep what can be read, and say what could not", () =>
    Effect.gen(function* () {
      const outcome = yield* read(
        [
          "post_id,username,date,caption,likes,views",
          "1,ana,2026-01-31,ok,5,10",
          "1.23E+18,ana,2026-01-31,rounded id,5,10",
          "3,,2026-01-31,nobody,5,10",
          "4,ana,someday,no date,5,10",
          "5,ana,2099-01-01,future,5,10",
          "6,ana,2026-01-31,odd figures,many,3.5",
          "7,ana,2026-01-31,a text, with a comma,5,10"
        ].join("\n"),
        { platform: "instagram" }
      )
      assert.deepStrictEqual(
        outcome.posts.map(({ id, text }) => [id, text]),
        [
          ["instagram:1", "ok"],
          [undefined, "rounded id"],
          ["instagram:6", "odd figures"],
          ["instagram:7", "a text, with a comma"]
        ]
      )
      assert.deepStrictEqual(outcome.posts[2]?.metrics, { views: 4 })
      assert.deepStrictEqual(
        outcome.report?.rejections.map(({ column, line, reason }) => [line, column, reason.split(":")[0]]),
        [
          [3, "post_id", "value left out"],
          [4, "username", "row rejected"],
          [5, "date", "row rejected"],
          [6, "date", "row rejected"],
          [7, "likes", "value left out"]
        ]
      )
      assert.strictEqual(outcome.report?.rows, 7)
      assert.strictEqual(outcome.report?.rejected, 3)
    })
  )

  it.effect("without a time of publication cannot be read", () =>
    Effect.gen(function* () {
      const { failure } = yield* read("username,caption,likes\nana,Hi,5", { platform: "instagram" })
      assert.strictEqual(failure?.reason, "time")
      assert.include(failure?.hint, "publishedAt")
    })
  )
})

describe("reading", () => {
  const table = [
    "post_id,username,date,caption,likes",
    ...Array.from({ length: 1_600 }, (_, row) => `${row},ana,2026-01-${10 + (row % 20)},"Text ${row}",${row}`)
  ].join("\n")

  it.effect("goes on where it was", () =>
    Effect.gen(function* () {
      const whole = yield* read(table, { platform: "instagram" })
      assert.strictEqual(whole.posts.length, 1_600)
      for (const [place, resume] of whole.checkpoints.entries()) {
        const rest = yield* read(table, { platform: "instagram", resume })
        assert.deepStrictEqual(rest.posts, whole.posts.slice(500 * (place + 1)))
        assert.deepStrictEqual(rest.report, whole.report)
      }
    })
  )

  it("gives the same for any cells, in pieces of any size", async () => {
    const cell = FastCheck.oneof(
      FastCheck.fullUnicodeString({ maxLength: 20 }),
      FastCheck.constantFrom("", "5", "NaN")
    )
    await FastCheck.assert(
      FastCheck.asyncProperty(
        FastCheck.array(FastCheck.tuple(cell, cell, cell), { minLength: 1, maxLength: 20 }),
        FastCheck.integer({ min: 1, max: 40 }),
        async (rows, pieceBytes) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
          const text = [
            "username,date,caption,likes",
            ...rows.map(([name, caption, likes]) =>
              [name, "2026-01-31", caption, likes].map(quoted).join(",")
            )
          ].join("\n")
          const options = { account: "instagram:ana" }
          const whole = await Effect.runPromise(read(text, options))
          const pieces = await Effect.runPromise(read(text, options, pieceBytes))
          assert.deepStrictEqual(pieces, whole)
          assert.strictEqual(whole.posts.length, (whole.report?.rows ?? 0) - (whole.report?.rejected ?? 0))
        }
      ),
      { numRuns: 100 }
    )
  })
})
