import { type Platform, platforms } from "@influscope/domain/Platform"
import type { Profile } from "@influscope/domain/Profile"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { noFilters, type SearchQuery } from "@influscope/domain/Search"
import { tierOf } from "@influscope/domain/Tier"

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export const makeRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const words = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

const firstNames = words(`
  Emma Liam Olivia Noah Ava Lucas Mia Mateo Sofía Hugo Lina Youssef Fatima Omar Aisha Priya Arjun Ananya Rohan Yuki Haruto Sakura Minjun Jiwoo
  Chloé Léa Jules Élise Zoë Björn Freya Lars Ingrid Matteo Giulia Luca Chiara João Beatriz Gustavo Larissa Camila Diego Valentina Santiago Lucía
  Ivan Anastasia Dmitri Olga Kateryna Mykola Zeynep Emre Ayşe Mehmet Nguyen Linh Siti Budi Putri Agus Chidi Amara Kwame Zuri Thabo Naledi Grace
  Charlotte Amelia Harper Evelyn Abigail James Benjamin Elijah William Henry Alexander Sebastian Jack Daniel Michael Ethan Jacob Logan Jackson
  Scarlett Victoria Aria Luna Nora Hazel Violet Aurora Stella Savannah Audrey Brooklyn Bella Claire Skylar Lucy Paisley Everly Anna Caroline`)

const lastNames = words(`
  Smith Johnson García Martínez Rodríguez Silva Santos Oliveira Souza Müller Schmidt Weber Fischer Rossi Russo Ferrari Bianchi Dubois Moreau
  Laurent Lefèvre Novák Kowalski Nowak Ivanov Petrov Popescu Yılmaz Kaya Demir Khan Ahmed Hassan Ali Patel Sharma Gupta Singh Kumar Reddy Tanaka
  Suzuki Sato Watanabe Kim Park Lee Choi Wang Li Zhang Chen Tran Pham Hoang Santoso Wijaya Okafor Adeyemi Mensah Dlamini Nkosi Andersson Johansson
  Hansen Olsen Nielsen Jensen Virtanen Brown Jones Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Thompson White Harris Clark
  Lewis Robinson Walker Young Allen King Wright Scott Torres Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts`)

const topics: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["Fitness", words("workout gym coach strength training running yoga health wellness muscle")],
  ["Beauty", words("makeup skincare lipstick glow beauty artist nails hair cosmetics tutorial")],
  [
    "Travel",
    words("travel explorer nomad adventure mountains islands passport backpacking hotels wanderlust")
  ],
  ["Food", words("recipes chef cooking vegan baking kitchen foodie desserts restaurant flavours")],
  [
    "Technology",
    words("tech gadgets coding software developer reviews startup robotics android engineering")
  ],
  ["Gaming", words("gamer streamer esports minecraft console speedrun fortnite gameplay twitch strategy")],
  ["Fashion", words("fashion style outfits streetwear designer model vintage wardrobe luxury runway")],
  ["Music", words("singer songwriter producer guitar rapper concerts album piano drummer studio")],
  ["Comedy", words("comedy skits jokes funny memes pranks standup humour laughter sketches")],
  ["Education", words("teacher science learning history maths languages tutor physics lessons knowledge")],
  ["Sports", words("football basketball athlete tennis olympic cricket boxing cycling climber champion")],
  [
    "Art",
    words("artist painter illustration drawing sculpture design watercolour gallery animation sketchbook")
  ],
  ["Photography", words("photographer portraits landscape camera lens film street lightroom wildlife drone")],
  ["Finance", words("investing money crypto stocks budgeting economy trading savings realestate wealth")],
  ["Family", words("mum dad parenting kids toddler family homeschool motherhood twins newborn")],
  ["Home Decor", words("interior decor furniture renovation diy homedesign plants minimalism cosy garden")],
  ["Pets", words("dog cat puppy kitten rescue pets veterinarian parrot horses aquarium")],
  ["Automotive", words("cars racing motorcycles drift supercar garage engine offroad mechanic rally")]
]

const fillers = words(`
  daily new videos every week love life from with and the for about my your best official creator content business enquiries contact link below
  collab sharing stories tips world living happy proud founder host podcast author dreams based in living made simple real honest inspired`)

const syllables = words(
  "ka ri mo ta zu ven lo pra shi del mar qui fen ost bly tor nim sae dro wex pol gan thi bre cor lus nov hal jin rus"
)
const emoji = ["🔥", "✨", "📍", "🎥", "💌", "🌍", "🎮", "💄", "🏋️", "📸", "🎶", "🐶"]
const countries = words(
  "US BR IN GB DE FR ES MX ID JP KR TR IT NG ZA AR CO PL SE NL PT EG VN TH PH CA AU CL UA RO"
)
const languages = words(
  "en pt hi en de fr es es id ja ko tr it en en es es pl sv nl pt ar vi th en en en es uk ro"
)
const scripts = [
  "東京の料理",
  "مصور محترف",
  "Фотограф из Киева",
  "한국 뷰티",
  "ท่องเที่ยวไทย",
  "旅行和美食",
  "संगीत और नृत्य"
]

const plain = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/[^a-zA-Z0-9]/g, "")
    .toLowerCase()

/** Makes profiles whose names, bios and figures look like those of real accounts: a few large, most small. */
export const makeProfiles = (count: number, seed: number): ReadonlyArray<Profile> => {
  const random = makeRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <A>(values: ReadonlyArray<A>, otherwise: A): A => values[below(values.length)] ?? otherwise
  /** Low places are far more frequent, as in language. */
  const pickZipf = <A>(values: ReadonlyArray<A>, otherwise: A): A =>
    values[Math.floor(values.length ** random()) - 1] ?? otherwise
  const invented = (): string => Array.from({ length: 2 + below(3) }, () => pick(syllables, "ka")).join("")

  const bioOf = (topic: ReadonlyArray<string>): string => {
    const parts: Array<string> = []
    for (let i = 4 + below(14); i > 0; i--) {
      const kind = random()
      parts.push(
        kind < 0.4
          ? pickZipf(fillers, "love")
          : kind < 0.75
            ? pickZipf(topic, "life")
            : kind < 0.87
              ? pick(lastNames, "Smith")
              : kind < 0.95
                ? invented()
                : pick(emoji, "✨")
      )
    }
    if (random() < 0.04) parts.push(pick(scripts, ""))
    return parts.join(" ")
  }

  const handleOf = (first: string, last: string, topic: string, index: number): string => {
    const base = [
      () => plain(first) + plain(last),
      () => `${plain(first)}.${plain(last)}`,
      () => `${plain(first)}_${topic}`,
      () => `the${plain(last)}${topic}`,
      () => `${invented()}${topic}`,
      () => `${invented()}_${plain(first)}`
    ]
    return `${pick(base, () => plain(first))()}${random() < 0.5 ? "" : "_"}${index.toString(36)}`
  }

  const profiles: Array<Profile> = []
  for (let index = 0; index < count; index++) {
    const first = pick(firstNames, "Emma")
    const last = random() < 0.2 ? invented().replace(/^./, (c) => c.toUpperCase()) : pick(lastNames, "Smith")
    const [category, vocabulary] = pickZipf(topics, ["Music", ["singer"]])
    const [second] = pick(topics, ["Art", ["artist"]])
    const topic = pick(vocabulary, "life")
    const place = Math.floor(countries.length ** random()) - 1
    const platform = pick<Platform>(platforms, "instagram")
    const handle = handleOf(first, last, topic, index)
    const followers = random() < 0.03 ? undefined : Math.floor(10 ** (2.5 + 5.5 * random() ** 1.8))
    const rate = followers === undefined ? null : Math.round(1000 * (0.2 + 9 * random() ** 3)) / 1000
    const categories = random() < 0.4 && second !== category ? [category, second] : [category]
    const bio = bioOf(vocabulary)
    const country = countries[place] ?? "US"
    const language = languages[place] ?? "en"
    const said = {
      source: "bench",
      observedAt: 1_790_000_000_000,
      ingestedAt: 1_790_000_000_000,
      ordinal: index
    }
    profiles.push({
      id: makeProfileId(platform, handle),
      platform,
      handle,
      fields: {
        name:
          random() < 0.25 ? `${first} ${topic.replace(/^./, (c) => c.toUpperCase())}` : `${first} ${last}`,
        bio,
        categories,
        country,
        language,
        verified: random() < 0.08,
        ...(followers === undefined ? {} : { followers })
      },
      provenance: { name: said, bio: said, categories: said, followers: said },
      observedAt: 1_790_000_000_000 + below(1_000_000),
      ingestedAt: 1_790_000_000_000,
      ordinal: index,
      firstIngestedAt: 1_790_000_000_000,
      firstOrdinal: index,
      engagement: { rate, formula: "bench@1", reason: null, tier: tierOf(followers) ?? null }
    })
  }
  return profiles
}

export type QueryClass =
  | "term"
  | "prefix"
  | "shortPrefix"
  | "twoWords"
  | "typo"
  | "handle"
  | "filtered"
  | "browse"

export interface BenchQuery {
  readonly kind: QueryClass
  readonly query: SearchQuery
}

const mix: ReadonlyArray<readonly [QueryClass, number]> = [
  ["term", 0.2],
  ["prefix", 0.2],
  ["shortPrefix", 0.05],
  ["twoWords", 0.15],
  ["typo", 0.15],
  ["handle", 0.08],
  ["filtered", 0.12],
  ["browse", 0.05]
]

/** The class at a place from 0 to 1 of the mix. */
const kindAt = (place: number): QueryClass => {
  let end = 0
  for (const [kind, share] of mix) {
    end += share
    if (place < end) return kind
  }
  return "term"
}

/** Queries as people type them, drawn from the profiles: popular words and accounts more often (Zipf). */
export const makeQueries = (
  profiles: ReadonlyArray<Profile>,
  count: number,
  seed: number
): ReadonlyArray<BenchQuery> => {
  const random = makeRandom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const topicWords = topics.flatMap(([name, vocabulary]) => [name.toLowerCase(), ...vocabulary])
  const zipf = <A>(values: ReadonlyArray<A>): A | undefined =>
    values[Math.floor(values.length ** random()) - 1]
  const someProfile = (): Profile | undefined => zipf(profiles)
  const nameWord = (): string => someProfile()?.fields.name?.split(" ")[below(2)]?.toLowerCase() ?? "emma"
  const word = (): string => (random() < 0.5 ? (zipf(topicWords) ?? "makeup") : nameWord())
  const longWord = (): string => {
    for (;;) {
      const candidate = word()
      if (candidate.length >= 4) return candidate
    }
  }
  const misspelt = (right: string): string => {
    const at = below(right.length - 1)
    const kind = below(4)
    const letter = String.fromCharCode(97 + below(26))
    if (kind === 0) return right.slice(0, at) + right.slice(at + 1)
    if (kind === 1) return right.slice(0, at) + letter + right.slice(at)
    if (kind === 2) return right.slice(0, at) + letter + right.slice(at + 1)
    return right.slice(0, at) + right.charAt(at + 1) + right.charAt(at) + right.slice(at + 2)
  }
  const text: { readonly [K in QueryClass]: () => string } = {
    term: word,
    prefix: () => longWord().slice(0, 3 + below(2)),
    shortPrefix: () => word().slice(0, 1 + below(2)),
    twoWords: () => `${nameWord()} ${word()}`,
    typo: () => misspelt(longWord()),
    handle: () => someProfile()?.handle ?? "emma",
    filtered: word,
    browse: () => ""
  }
  const filters = () => ({
    ...noFilters,
    platform: [platforms[below(platforms.length)] ?? "instagram"],
    ...(random() < 0.5 ? { country: ["US", "BR"] } : {}),
    ...(random() < 0.5 ? { followersMin: 10_000, followersMax: 1_000_000 } : {}),
    ...(random() < 0.3 ? { category: ["Beauty", "Music"] } : {})
  })
  return Array.from({ length: count }, () => {
    const kind = kindAt(random())
    return {
      kind,
      query: {
        q: text[kind](),
        filters: kind === "filtered" || (kind === "browse" && random() < 0.5) ? filters() : noFilters,
        sort: kind === "filtered" && random() < 0.4 ? "followers" : "relevance",
        order: "desc",
        limit: 20,
        cursor: undefined
      }
    }
  })
}
