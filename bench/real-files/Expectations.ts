import type { ProfileFields } from "@influscope/domain/Observation"
import { decodedTwice, figure, type RawRow } from "./RawTable.ts"

/** What is known of a profile from the raw file. Fields that are undefined must not be there. */
export interface Fact {
  readonly fields: { readonly [K in keyof ProfileFields]?: ProfileFields[K] | undefined }
  /** Percent to four decimals; null when it cannot be computed. */
  readonly engagement: number | null
  /** Epoch ms; undefined when the file does not say. */
  readonly observedAt?: number
}

export interface Expectation {
  readonly rows: number
  readonly profiles: number
  readonly rejected: number
  readonly repaired: number
  /** Least share of the rows that has to be kept. */
  readonly kept: number
  /** Every column of the file by its name in the report, and the field it feeds. */
  readonly columns: { readonly [name: string]: string | null }
  /** The profiles in the file, by id: what its last row on each account says. */
  readonly facts: (rows: ReadonlyArray<RawRow>) => ReadonlyMap<string, Fact>
}

const rate = (engagements: ReadonlyArray<number | undefined>, of: number | undefined): number | null => {
  let sum = 0
  for (const part of engagements) {
    if (part === undefined) return null
    sum += part
  }
  return of === undefined || of === 0 ? null : Math.round((sum / of) * 100 * 1e4) / 1e4
}

const collect = (
  rows: ReadonlyArray<RawRow>,
  factOf: (row: RawRow) => readonly [string, Fact] | undefined
): ReadonlyMap<string, Fact> =>
  new Map(
    rows.flatMap((row) => {
      const fact = factOf(row)
      return fact === undefined ? [] : [fact]
    })
  )

/** Countries as these files write them, the frequent ones; those not listed are not compared. */
const countries: { readonly [name: string]: string | undefined } = {
  "United States": "US",
  "Estados Unidos": "US",
  India: "IN",
  Brazil: "BR",
  Brasil: "BR",
  México: "MX",
  Mexico: "MX",
  Indonesia: "ID",
  France: "FR",
  Francia: "FR",
  Spain: "ES",
  España: "ES",
  Rusia: "RU",
  Russia: "RU",
  Colombia: "CO",
  Tailandia: "TH",
  Filipinas: "PH",
  Pakistán: "PK",
  "United Kingdom": "GB",
  "Reino Unido": "GB",
  Canada: "CA",
  "Côte d'Ivoire": "CI",
  Unknown: undefined,
  "": undefined
}

const country = (name: string): Pick<Fact["fields"], "country"> =>
  Object.hasOwn(countries, name) ? { country: countries[name] } : {}

const topics: { readonly [name: string]: string } = {
  "Música y baile": "Music & Dance",
  Animación: "Animation",
  Películas: "Movies",
  Humor: "Humor",
  Videojuegos: "Video games",
  Juguetes: "Toys",
  Educación: "Education"
}

const categories = (cell: string): Pick<Fact["fields"], "categories"> => {
  if (cell === "") return { categories: undefined }
  const known = cell.split(", ").map((name) => topics[name])
  const all = known.flatMap((name) => name ?? [])
  return all.length === known.length ? { categories: all } : {}
}

const instagram: Expectation = {
  rows: 200,
  profiles: 199,
  rejected: 1,
  repaired: 1,
  kept: 0.99,
  columns: {
    rank: null,
    channel_info: "handle",
    influence_score: null,
    posts: "posts",
    followers: "followers",
    avg_likes: "avgLikes",
    "60_day_eng_rate": "reportedEngagementRate",
    new_post_avg_like: null,
    total_likes: "totalLikes",
    country: "country"
  },
  facts: (rows) =>
    collect(rows, (row) => {
      const handle = row["channel_info"] ?? ""
      if (handle.includes(" ")) return undefined
      const [followers, avgLikes] = [figure(row["followers"]), figure(row["avg_likes"])]
      const reported = /^([\d.]+)%$/.exec(row["60_day_eng_rate"] ?? "")?.[1]
      return [
        `instagram:${handle.toLowerCase()}`,
        {
          fields: {
            followers,
            avgLikes,
            posts: figure(row["posts"]),
            totalLikes: figure(row["total_likes"]),
            reportedEngagementRate: reported === undefined ? undefined : Number(reported),
            ...country(decodedTwice(row["country"])),
            categories: undefined
          },
          engagement: rate([avgLikes], followers)
        }
      ]
    })
}

const tiktok: Expectation = {
  rows: 1_000,
  profiles: 999,
  rejected: 0,
  repaired: 0,
  kept: 1,
  columns: {
    Rank: null,
    "Tiktoker name": "handle",
    "Tiktok name": "name",
    followers: "followers",
    "views(avg) [5]": null,
    "views(avg) [6]": "avgViews",
    "likes(avg.) [7]": null,
    "likes(avg.) [8]": "avgLikes",
    "comments(avg.) [9]": null,
    "comments(avg.) [10]": "avgComments",
    "shares(avg.) [11]": null,
    "shares(avg.) [12]": "avgShares"
  },
  facts: (rows) =>
    collect(rows, (row) => {
      const [avgViews, avgLikes] = [figure(row["views(avg)"]), figure(row["likes(avg.)"])]
      const [avgComments, avgShares] = [figure(row["comments(avg.)"]), figure(row["shares(avg.)"])]
      return [
        `tiktok:${row["Tiktoker name"]?.toLowerCase()}`,
        {
          fields: {
            name: row["Tiktok name"]?.trim(),
            followers: figure(row["followers"]),
            avgViews,
            avgLikes,
            avgComments,
            avgShares,
            country: undefined
          },
          engagement: rate([avgLikes, avgComments, avgShares], avgViews)
        }
      ]
    })
}

const youtube: Expectation = {
  rows: 1_000,
  profiles: 994,
  rejected: 0,
  repaired: 592,
  kept: 1,
  columns: {
    Rank: null,
    Username: "handle",
    Categories: "categories",
    Suscribers: "followers",
    Country: "country",
    Visits: "avgViews",
    Likes: "avgLikes",
    Comments: "avgComments",
    Links: "url"
  },
  facts: (rows) =>
    collect(rows, (row) => {
      const [avgViews, avgLikes] = [figure(row["Visits"]), figure(row["Likes"])]
      const avgComments = figure(row["Comments"])
      return [
        `youtube:${decodedTwice(row["Username"]).toLowerCase()}`,
        {
          fields: {
            followers: figure(row["Suscribers"]),
            avgViews,
            avgLikes,
            avgComments,
            url: row["Links"],
            ...country(decodedTwice(row["Country"])),
            ...categories(decodedTwice(row["Categories"]))
          },
          engagement: rate([avgLikes, avgComments], avgViews)
        }
      ]
    })
}

const youtubeDaily: Expectation = {
  rows: 4_628,
  profiles: 227,
  rejected: 0,
  repaired: 0,
  kept: 1,
  columns: {
    date_utc: "observedAt",
    channel_id: "handle",
    channel_title: "name",
    subscribers: "followers",
    views: "totalViews",
    videos: "posts"
  },
  facts: (rows) =>
    collect(
      rows.toSorted((a, b) => ((a["date_utc"] ?? "") < (b["date_utc"] ?? "") ? -1 : 1)),
      (row) => [
        `youtube:${row["channel_id"]?.toLowerCase()}`,
        {
          fields: {
            name: row["channel_title"]?.trim(),
            followers: figure(row["subscribers"]),
            totalViews: figure(row["views"]),
            posts: figure(row["videos"]),
            url: `https://www.youtube.com/channel/${row["channel_id"]}`,
            avgViews: undefined
          },
          engagement: null,
          observedAt: Date.parse(`${row["date_utc"]}T00:00:00Z`)
        }
      ]
    )
}

/** By file name. */
export const expectations: { readonly [file: string]: Expectation } = {
  "instagram-top-200.csv": instagram,
  "tiktok-top-1000.csv": tiktok,
  "youtube-top-1000-es.csv": youtube,
  "youtube-daily-30d.csv": youtubeDaily
}
