import { gzipSync } from "node:zlib"
import { platforms } from "@influscope/domain/Platform"
import type { ImportOptions } from "./Embedded.ts"

/** A number from 0 to 1, then another: the same ones for the same seed. */
export type Random = () => number

export const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface HostileFile {
  readonly kind: string
  readonly bytes: Uint8Array
  readonly options: ImportOptions
}

const below = (random: Random, limit: number): number => Math.floor(random() * limit)

const pick = <A>(random: Random, first: A, ...rest: ReadonlyArray<A>): A =>
  [first, ...rest][below(random, rest.length + 1)] ?? first

const times = <A>(count: number, make: (at: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, at) => make(at))

const bytesOf = (text: string): Uint8Array => Buffer.from(text, "utf8")

const noise = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => below(random, 256))

/** Cells that have broken readers before. */
const oddCells: readonly [string, ...ReadonlyArray<string>] = [
  "",
  " ",
  '"',
  '""',
  '"""',
  "'",
  "\\",
  '\\"',
  "\u0000",
  "\ufeff",
  "\u001f",
  "\u202eabc",
  "\u200b",
  "e\u0301",
  "\ud800",
  "😀".repeat(60),
  "a".repeat(100),
  "ä".repeat(101),
  "9".repeat(400),
  "1e308",
  "1e999",
  "-0",
  "-5",
  "NaN",
  "Infinity",
  "0x10",
  "1.2.3.4",
  "1,2,3,4,5",
  "1 000 000",
  "1,5k",
  "12 %",
  "٣٤٥",
  "+275760-09-13",
  "0000-00-00",
  "99999999999999",
  "31/02/2024",
  "@@@@",
  "https://instagram.com/",
  `https://www.tiktok.com/@${"x".repeat(300)}`,
  "http://[::1",
  "youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA",
  "__proto__",
  "constructor",
  "=1+1",
  "<script>",
  "null",
  "true"
]

const names: readonly [string, ...ReadonlyArray<string>] = [
  "username",
  "handle",
  "channel_id",
  "link",
  "followers",
  "Seguidores",
  "likes",
  "avg likes",
  "views(avg)",
  "country",
  "language",
  "category",
  "date",
  "verified",
  "platform",
  "bio",
  "",
  "__proto__",
  "toString",
  "😀",
  '"quoted"'
]

const cell = (random: Random): string =>
  random() < 0.4
    ? pick(random, ...oddCells)
    : pick(
        random,
        `user${below(random, 500)}`,
        String(below(random, 1e6)),
        `${below(random, 900)}.${below(random, 9)}k`,
        "España",
        "MÃºsica"
      )

const table = (random: Random, separator: string, lineEnd: string): string => {
  const width = 1 + below(random, 9)
  const header = times(width, (at) => (at === 0 && random() < 0.8 ? "username" : pick(random, ...names)))
  const rows = times(below(random, 700), (row) =>
    times(random() < 0.05 ? below(random, 14) : width, (at) =>
      at === 0 && random() < 0.7 ? `user${row}` : cell(random)
    )
  )
  return [header, ...rows].map((cells) => cells.join(separator)).join(lineEnd)
}

const json = (random: Random, depth: number): unknown => {
  if (depth === 0 || random() < 0.5)
    return pick<unknown>(random, cell(random), below(random, 1e9), null, true, -1.5, 1e300)
  return random() < 0.4
    ? times(below(random, 5), () => json(random, depth - 1))
    : Object.fromEntries(times(below(random, 6), () => [pick(random, ...names), json(random, depth - 1)]))
}

const records = (random: Random): ReadonlyArray<unknown> =>
  times(below(random, 400), (at) =>
    random() < 0.1
      ? json(random, 3)
      : { username: `user${at}`, followers: json(random, 1), extra: random() < 0.2 ? json(random, 4) : at }
  )

/** A file such as people have, of every shape that is read. */
const decent = (random: Random): Uint8Array => {
  const text = pick(
    random,
    () => table(random, ",", "\n"),
    () => table(random, ";", "\r\n"),
    () => table(random, "\t", "\r"),
    () => JSON.stringify(records(random)),
    () => JSON.stringify({ meta: json(random, 2), data: { items: records(random) } }, null, 2),
    () =>
      records(random)
        .map((record) => JSON.stringify(record))
        .join("\n")
  )()
  return pick(
    random,
    () => bytesOf(text),
    () => bytesOf(`\ufeff${text}`),
    () => Buffer.from(`\ufeff${text}`, "utf16le"),
    () => Buffer.from(text, "latin1"),
    () => bytesOf(Buffer.from(text, "utf8").toString("latin1"))
  )()
}

const splice = (bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])

/** The file with a few places changed, removed, repeated or filled with something else. */
const spoilt = (random: Random, bytes: Uint8Array): Uint8Array => {
  let now = bytes
  for (let change = 1 + below(random, 12); change > 0 && now.length > 0; change--) {
    const at = below(random, now.length)
    const length = below(random, pick(random, 2, 20, 400))
    const added = pick(
      random,
      () => noise(random, length),
      () => now.subarray(at, at + length),
      () => new Uint8Array(0),
      () => bytesOf(pick(random, ...oddCells)),
      () => new Uint8Array(length),
      () => bytesOf(pick(random, '"', "\n", "\r\n", "[", "]", "{", "}", ",", ";", "\t", "\\"))
    )()
    now = splice(now, at, below(random, 2) * length, added)
  }
  return now
}

const deep = (random: Random): string => {
  const depth = pick(random, 100, 600, 20_000, 200_000)
  const [open, close] = pick(
    random,
    ["[", "]"] as const,
    ['{"a":', "}"] as const,
    ['[{"data":', "}]"] as const
  )
  const middle = `${open.repeat(depth)}1${random() < 0.7 ? close.repeat(depth) : ""}`
  return pick(
    random,
    middle,
    `[{"username":"a","followers":${middle}}]`,
    `{"username":"a","followers":1,"x":${middle}}\n{"username":"b","followers":2}`
  )
}

const longLine = (random: Random): string => {
  const length = pick(random, 300_000, 1_200_000, 5_000_000)
  const filler = pick(
    random,
    "a",
    " ",
    ",",
    '"',
    '""',
    "1,",
    "é",
    "\\",
    "\t",
    "a b ",
    "9",
    "-",
    ".",
    "[",
    "{}"
  )
  const line = filler.repeat(Math.ceil(length / filler.length))
  return pick(
    random,
    line,
    `username,followers\na,1\n${line}`,
    `username,followers\na,1\n${line}\nb,2\n`,
    `username,followers\na,1\n"${line}\nb,2\n`,
    `[{"username":"a","followers":1,"bio":"${line}"},{"username":"b","followers":2}]`,
    `{"username":"a","followers":1}\n{"username":"${line}`
  )
}

const wide = (random: Random): string => {
  const width = pick(random, 500, 5_000, 30_000)
  const header = times(width, (at) => pick(random, `column ${at}`, pick(random, ...names)))
  return [header, ...times(below(random, 12), () => times(width, () => cell(random)))]
    .map((cells) => cells.join(","))
    .join("\n")
}

const kinds: Readonly<Record<string, (random: Random) => Uint8Array>> = {
  noise: (random) => noise(random, below(random, 30_000)),
  decent,
  spoilt: (random) => spoilt(random, decent(random)),
  "spoilt twice": (random) => spoilt(random, spoilt(random, decent(random))),
  "gzip broken off": (random) => {
    const packed = gzipSync(decent(random))
    return packed.subarray(0, below(random, packed.length + 1))
  },
  "gzip spoilt": (random) => spoilt(random, gzipSync(decent(random))),
  "gzip of anything": (random) => gzipSync(spoilt(random, decent(random))),
  "gzip with more behind": (random) =>
    Buffer.concat([gzipSync(decent(random)), pick(random, noise(random, 100), gzipSync(decent(random)))]),
  "deep nesting": (random) => bytesOf(deep(random)),
  "a long line": (random) => bytesOf(longLine(random)),
  "many columns": (random) => bytesOf(wide(random)),
  "zero bytes": (random) =>
    splice(decent(random), below(random, 3_000), 0, new Uint8Array(below(random, 5_000))),
  quotes: (random) =>
    bytesOf(
      times(below(random, 2_000), () =>
        pick(random, '"', '""', ",", "\n", "a", '\\"', '"\n', "username", "1")
      ).join("")
    ),
  structure: (random) =>
    bytesOf(
      times(below(random, 2_000), () =>
        pick(random, "{", "}", "[", "]", ":", ",", '"', '"username"', '"a"', "1", "null", "\n", "\\u00")
      ).join("")
    ),
  "broken UTF-8": (random) =>
    Buffer.concat(
      times(below(random, 300), () =>
        pick(
          random,
          noise(random, 3),
          bytesOf("username,followers\n"),
          bytesOf("a,1\n"),
          Buffer.from([0xc3, 0x28])
        )
      )
    ),
  "line ends": (random) =>
    bytesOf(
      `username,followers\n${times(20_000, () => pick(random, "\n", "\r\n", "\r", "a,1", " ", ",")).join("")}`
    )
}

export const kindNames: ReadonlyArray<string> = Object.keys(kinds)

/** A file nobody should have to read, and how it is handed in. */
export const hostileFile = (random: Random): HostileFile => {
  const kind = kindNames[below(random, kindNames.length)] ?? "noise"
  const bytes = (kinds[kind] ?? decent)(random)
  return {
    kind,
    bytes,
    options: {
      file: pick(random, "a.csv", "a.json", "a.jsonl.gz", "a.tsv", "tiktok.csv", "a", "😀.txt"),
      dryRun: random() < 0.2,
      ...(random() < 0.7 ? { platform: pick(random, "instagram", ...platforms) } : {}),
      ...(random() < 0.1
        ? { map: [pick(random, "username=handle", "#1=followers", "x=", "followers=platform")] }
        : {})
    }
  }
}
