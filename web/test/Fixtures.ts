import type { GivenProfile } from "@influscope/domain/api/ProfilesApi"

type Given = typeof GivenProfile.Encoded

/** A word that no demo profile has, in every profile of `ensemble`. */
export const ensembleWord = "harpsichord"

const platforms = ["instagram", "tiktok", "youtube"] as const
const countries = ["FR", "JP", "BR", "DE"] as const

/** Forty profiles that differ in platform, country, size and name, more than fit on one page. */
export const ensemble: ReadonlyArray<Given & { readonly followers: number; readonly country: string }> =
  Array.from({ length: 40 }, (_, index) => ({
    platform: platforms[index % 3] ?? "instagram",
    handle: `ensemble_player_${index}`,
    name: `Ensemble Player ${index}`,
    bio: `Plays the ${ensembleWord} and talks about it.`,
    categories: ["baroque"],
    country: countries[index % 4] ?? "FR",
    language: "en",
    verified: index % 5 === 0,
    followers: 1_000 + index * 1_500,
    avgLikes: 50 + index,
    avgComments: 4,
    avgViews: 2_000
  }))

/** Found by a misspelt word of its bio; the word is far from the bio's beginning, behind letters of two code units. */
export const restorer: Given = {
  platform: "instagram",
  handle: "zephyrine.quill",
  name: "Zéphyrine Quillfeather 🖋️",
  bio: `🪶 ${"Small workshop, slow hands, old metal. ".repeat(4)}I restore antique typewriters in Lisbon.`,
  categories: ["craft"],
  country: "PT",
  language: "pt",
  verified: true,
  url: "https://example.com/zephyrine",
  followers: 48_213,
  following: 310,
  avgLikes: 1_200,
  avgComments: 96
}

/** Knows no likes, so that there is no rate. */
export const quietOne: Given = {
  platform: "instagram",
  handle: "quiet.cartographer",
  name: "Quiet Cartographer",
  bio: "Draws portolans.",
  followers: 9_100
}

const daySeconds = 86_400

/**
 * Four months of the restorer's figures up to yesterday, with a day missing: 1 % a week with a rhythm of its own, and one
 * day on which 6 % came at once. A week after it there are 50,000.
 */
export const restorerHistory = Array.from({ length: 120 }, (_, day) => {
  const leap = day >= 100 ? 1.06 : 1
  const followers = Math.round(40_213 * 1.0015 ** day * (1 + 0.0004 * Math.sin(day * 2.4)) * leap)
  const time = new Date((Math.floor(Date.now() / 1_000 / daySeconds) - 120 + day) * daySeconds * 1_000)
  return {
    id: "instagram:zephyrine.quill",
    time: time.toISOString(),
    followers,
    avgLikes: 1_100 + day,
    avgComments: 90
  }
}).filter((_, day) => day !== 60)

/** A word in every profile of `hostile`. */
export const hostileWord = "xsscorpus"

/** What people put into names and bios to have it run in other people's pages. `__ran` is what it would set. */
export const payloads: ReadonlyArray<string> = [
  "<script>window.__ran=1</script>",
  "<img src=x onerror=window.__ran=1>",
  "<svg/onload=window.__ran=1>",
  "\"><svg onload='window.__ran=1'>",
  "'\"><iframe srcdoc='<script>parent.__ran=1</script>'>",
  '<a href="javascript:window.__ran=1">click</a>',
  "javascript:window.__ran=1",
  "</title><script>window.__ran=1</script>",
  "<math><mtext></form><form><mglyph><style></math><img src onerror=window.__ran=1>",
  "{{constructor.constructor('window.__ran=1')()}}",
  "\u0024{window.__ran=1}",
  "<body onload=window.__ran=1>",
  "&lt;script&gt;window.__ran=1&lt;/script&gt;",
  "<style>@import'javascript:window.__ran=1';</style>",
  "\u202Egnp.exe <b onmouseover=window.__ran=1>"
]

export const hostile: ReadonlyArray<Given> = payloads.map((payload, index) => ({
  platform: "x",
  handle: `hostile_${index}`,
  name: payload,
  bio: `${hostileWord} ${payload}`,
  categories: [payload.slice(0, 90)],
  url: "javascript:window.__ran=1",
  followers: 10 + index
}))

export const fixtures: ReadonlyArray<Given> = [...ensemble, restorer, quietOne, ...hostile]
