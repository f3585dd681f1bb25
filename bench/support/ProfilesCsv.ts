import { rmSync } from "node:fs"
import { makeRandom } from "./Numbers.ts"

const words = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

const firstNames =
  words(`Emma Liam Olivia Noah Ava Lucas Mia Mateo Sofía Hugo Lina Youssef Fatima Omar Aisha Priya Arjun
  Rohan Yuki Haruto Minjun Chloé Léa Jules Élise Björn Freya Matteo Giulia João Beatriz Camila Diego Valentina Ivan Olga
  Zeynep Emre Ayşe Linh Siti Budi Chidi Amara Thabo Naledi Grace Charlotte Amelia James Henry Scarlett Nora Hazel`)
const lastNames =
  words(`Smith Johnson García Martínez Silva Santos Oliveira Souza Müller Schmidt Weber Rossi Bianchi Dubois
  Moreau Novák Kowalski Ivanov Petrov Yılmaz Kaya Khan Ahmed Hassan Patel Sharma Gupta Singh Tanaka Suzuki Kim Park Lee
  Wang Chen Tran Pham Okafor Mensah Dlamini Andersson Hansen Nielsen Brown Jones Miller Davis Wilson Taylor Clark`)
const topics = words(
  "Fitness Beauty Travel Food Technology Gaming Fashion Music Comedy Education Sports Art Finance Pets"
)
const bioWords =
  words(`daily new videos every week love life from with and the for about my best official creator content
  business enquiries link below collab sharing stories tips world happy founder host podcast author based made simple real
  workout makeup skincare recipes vegan coding gadgets streamer outfits vintage guitar piano jokes science running yoga
  portraits landscape football climbing painting crypto savings puppy rescue garden travel mountains islands coffee`)
const emoji = words("🔥 ✨ 📍 🎥 💌 🌍 🎮 📸 🎶")
const countries = words("US BR IN GB DE FR ES MX ID JP KR TR IT NG ZA AR CO PL SE NL")
const languages = words("en pt hi en de fr es es id ja ko tr it en en es es pl sv nl")

const platform = "instagram"
const header =
  "username,full_name,biography,category,country,language,is_verified,followers,following,posts,avg_likes,avg_comments\n"

/** Whose handles these are: nothing that InfluScope makes up itself ends like this. */
const handleEnd = (account: number): string => `.bench${account.toString(36)}`

const plain = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/[^a-zA-Z]/g, "")
    .toLowerCase()
const plainFirst = firstNames.map(plain)
const plainLast = lastNames.map(plain)

export interface CsvRow {
  readonly id: string
  readonly name: string
  readonly followers: number
  readonly line: string
}

/** The row of an account of the world of a seed. Another `telling` is the same account with other figures. */
export const csvRow = (seed: number, account: number, telling = 0): CsvRow => {
  const random = makeRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(account + 1, 0x85ebca6b))
  const below = (limit: number): number => Math.floor(random() * limit)
  const first = below(firstNames.length)
  const last = below(lastNames.length)
  const name = `${firstNames[first] ?? ""} ${lastNames[last] ?? ""}`
  const handle = `${plainFirst[first] ?? ""}_${plainLast[last] ?? ""}${handleEnd(account)}`
  let bio = ""
  for (let more = 5 + below(10); more > 0; more--) {
    bio += bioWords[below(bioWords.length)] ?? ""
    const mark = random()
    bio +=
      mark < 0.05
        ? ", "
        : mark < 0.07
          ? ' ""live"" '
          : mark < 0.12
            ? ` ${emoji[below(emoji.length)] ?? ""} `
            : " "
  }
  const topic = topics[below(topics.length)] ?? ""
  const place = Math.floor(countries.length ** random()) - 1
  const verified = random() < 0.06
  const followers = Math.floor(10 ** (2.5 + 5 * random() ** 1.8)) + telling
  const likes = Math.round(followers * 0.08 * random() ** 2)
  const cells = [
    handle,
    name,
    `"${bio.trim()}"`,
    topic,
    countries[place] ?? "US",
    languages[place] ?? "en",
    verified,
    followers,
    below(2_000),
    1 + below(3_000) + telling,
    likes,
    Math.round(likes * 0.03)
  ]
  return { id: `${platform}:${handle}`, name, followers, line: `${cells.join(",")}\n` }
}

export interface CsvOptions {
  readonly seed: number
  /** Rows after which no more are written. */
  readonly rows: number
  /** Bytes after which no more rows are written. */
  readonly bytes?: number
  /** Accounts the rows are about, each told again and again with other figures; as many as there are rows when absent. */
  readonly accounts?: number
  /** Length of a further column that says nothing about figures, as the texts and links of real exports; none when absent. */
  readonly captions?: number
  readonly each?: (row: CsvRow) => void
}

/** A text to cut captions from: three times as long as the longest. */
const captionSource = (length: number): string => {
  const random = makeRandom(length)
  let text = ""
  while (text.length < 3 * length) text += `${bioWords[Math.floor(random() * bioWords.length)] ?? ""} `
  return text
}

/** Writes a file of Instagram accounts, the same for the same options, and answers its size. */
export const writeCsv = async (
  path: string,
  { accounts, bytes = Number.POSITIVE_INFINITY, captions = 0, each, rows, seed }: CsvOptions
): Promise<{ readonly rows: number; readonly bytes: number }> => {
  // A writer does not cut off what a longer file of before leaves behind it.
  rmSync(path, { force: true })
  const writer = Bun.file(path).writer({ highWaterMark: 4 * 1024 * 1024 })
  let written = 0
  const write = async (text: string): Promise<void> => {
    const encoded = Buffer.from(text)
    written += encoded.length
    writer.write(encoded)
    await writer.flush()
  }
  const source = captionSource(captions)
  const lineOf = (line: string, row: number): string => {
    if (captions === 0) return line
    const from = (row * 7_919) % (2 * captions)
    return `${line.slice(0, -1)},"${source.slice(from, from + captions)}"\n`
  }
  await write(captions === 0 ? header : `${header.trimEnd()},recent_captions\n`)
  let row = 0
  while (row < rows && written < bytes) {
    let block = ""
    for (const end = Math.min(rows, row + 1_000); row < end; row++) {
      const telling = accounts === undefined ? 0 : Math.floor(row / accounts)
      const made = csvRow(seed, accounts === undefined ? row : row % accounts, telling)
      each?.(made)
      block += lineOf(made.line, row)
    }
    await write(block)
  }
  await writer.end()
  return { rows: row, bytes: written }
}
