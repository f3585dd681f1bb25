import { type Platform, platforms } from "@influscope/domain/Platform"
import { normalizeHandle } from "@influscope/domain/ProfileId"
import * as Option from "effect/Option"
import { isMissing } from "./Values.ts"

/** Who a cell speaks of. `handle` is normalized; `platform` and `url` are set when the cell is a profile link. */
export interface Identity {
  readonly handle: string
  readonly platform: Platform | undefined
  readonly name: string | undefined
  readonly url: string | undefined
}

const hosts: ReadonlyArray<readonly [RegExp, Platform]> = [
  [/(?:^|\.)instagram\.com$|^instagr\.am$/, "instagram"],
  [/(?:^|\.)tiktok\.com$/, "tiktok"],
  [/(?:^|\.)youtube\.com$/, "youtube"],
  [/(?:^|\.)(?:twitter|x)\.com$/, "x"],
  [/(?:^|\.)twitch\.tv$/, "twitch"],
  [/(?:^|\.)linkedin\.com$/, "linkedin"]
]

/** First parts of a path that are pages of the platform, not accounts. */
const pages = new Set([
  ...[
    "p",
    "reel",
    "reels",
    "explore",
    "stories",
    "tv",
    "accounts",
    "watch",
    "playlist",
    "shorts",
    "results",
    "feed"
  ],
  ...[
    "home",
    "i",
    "intent",
    "search",
    "hashtag",
    "share",
    "videos",
    "directory",
    "tag",
    "discover",
    "music",
    "feed"
  ],
  ...["login", "embed", "about", "jobs", "posts", "pulse", "learning", "live", "settings", "privacy", "terms"]
])

const link = /^(?:https?:)?(?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?::\d+)?(?:\/([^\s]*))?$/i

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const isLink = (text: string): boolean =>
  /^(?:https?:)?\/\/\S+$|^www\.\S+$/i.test(text) || platformOfLink(text) !== undefined

const withScheme = (text: string): string =>
  /^https?:/i.test(text) ? text : `https://${text.replace(/^\/\//, "")}`

/** The platform whose site a link leads to. */
export const platformOfLink = (text: string): Platform | undefined => {
  const host = link.exec(text.trim())?.[1]?.toLowerCase()
  return host === undefined ? undefined : hosts.find(([pattern]) => pattern.test(host))?.[1]
}

export const channelUrl = (channelId: string): string => `https://www.youtube.com/channel/${channelId}`

const channelId = /^UC[A-Za-z0-9_-]{22}$/

/** Whether a text is a YouTube channel id (`UC` and 22 characters). */
export const isChannelId = (text: string): boolean => channelId.test(text.trim())

const handleInPath = (platform: Platform, path: string): string | undefined => {
  const [first = "", second = ""] = path
    .replace(/[?#].*$/, "")
    .split("/")
    .map(decoded)
  switch (platform) {
    case "youtube":
      if (first === "channel" || first === "c" || first === "user") return second
      break
    case "linkedin":
      return first === "in" || first === "company" || first === "school" ? second : undefined
    case "tiktok":
      return first.startsWith("@") ? first : undefined
    default:
  }
  return first === "" || pages.has(first.toLowerCase()) ? undefined : first
}

const ownId = /^([a-z]+):(\S+)$/i

/** The account of an id as we write it: `youtube:mkbhd`. */
const identityOfId = (text: string): Identity | undefined => {
  const [, name, raw] = ownId.exec(text) ?? []
  const platform = platforms.find((each) => each === name?.toLowerCase())
  const handle = raw === undefined || platform === undefined ? Option.none() : normalizeHandle(raw)
  return Option.isNone(handle)
    ? undefined
    : { handle: handle.value, platform, name: undefined, url: undefined }
}

/** The account a profile link leads to, or an id of ours names; undefined when it is neither. */
export const identityOfLink = (text: string): Identity | undefined => {
  const trimmed = text.trim()
  const platform = platformOfLink(trimmed)
  if (platform === undefined) return identityOfId(trimmed)
  const raw = handleInPath(platform, link.exec(trimmed)?.[2] ?? "")
  const handle = raw === undefined ? Option.none() : normalizeHandle(raw)
  return Option.isNone(handle)
    ? undefined
    : { handle: handle.value, platform, name: undefined, url: withScheme(trimmed) }
}

const bracketed = /^(.*\S)\s*[([{<]\s*(@?)([^\s()[\]{}<>]+)\s*[)\]}>]$/u
const trailingAt = /^(.*\S)\s+@([\p{L}\p{N}._-]+)$/u
const leadingAt = /^@([\p{L}\p{N}._-]+)\s*[-–|:(\s]\s*(.+?)\)?$/u

const named = (handle: string, name: string): Identity | undefined =>
  Option.match(normalizeHandle(handle), {
    onNone: () => undefined,
    onSome: (normalized) => ({ handle: normalized, platform: undefined, name: name.trim(), url: undefined })
  })

/** A name with its handle: `Cristiano Ronaldo (@cristiano)`, `Name [handle]`, `Name @handle`. `bare`: also without `@` or square brackets. */
export const nameWithHandle = (text: string, bare: boolean): Identity | undefined => {
  const trimmed = text.trim()
  const inBrackets = bracketed.exec(trimmed)
  if (inBrackets !== null && (bare || inBrackets[2] === "@" || trimmed.endsWith("]")))
    return named(inBrackets[3] ?? "", inBrackets[1] ?? "")
  const after = trailingAt.exec(trimmed)
  if (after !== null) return named(after[2] ?? "", after[1] ?? "")
  const before = leadingAt.exec(trimmed)
  return before === null ? undefined : named(before[1] ?? "", before[2] ?? "")
}

/** Reads a cell of a handle column: `@handle`, a profile link, a name with its handle; none when it holds no handle. */
export const parseHandle = (cell: string): Identity | undefined => {
  if (isMissing(cell)) return undefined
  const text = cell.trim()
  const plain = normalizeHandle(text.replace(/^['"]|['"]$/g, ""))
  if (Option.isSome(plain) && !plain.value.includes("[") && !plain.value.includes("("))
    return platformOfLink(text) === undefined || !text.includes("/")
      ? { handle: plain.value, platform: undefined, name: undefined, url: undefined }
      : identityOfLink(text)
  return identityOfLink(text) ?? nameWithHandle(text, true)
}

/** Whether a text could be a handle on any of the platforms as people write them: one word of letters, digits, `._-`. */
export const isHandleLike = (text: string): boolean => /^@?[\p{L}\p{N}._-]{1,60}$/u.test(text.trim())

const platformWords: ReadonlyMap<string, Platform> = new Map([
  ["instagram", "instagram"],
  ["ig", "instagram"],
  ["insta", "instagram"],
  ["tiktok", "tiktok"],
  ["tik tok", "tiktok"],
  ["tt", "tiktok"],
  ["youtube", "youtube"],
  ["yt", "youtube"],
  ["you tube", "youtube"],
  ["x", "x"],
  ["twitter", "x"],
  ["x (twitter)", "x"],
  ["twitter/x", "x"],
  ["x/twitter", "x"],
  ["twitch", "twitch"],
  ["twitch.tv", "twitch"],
  ["linkedin", "linkedin"],
  ["linked in", "linkedin"]
])

/** The platform a word or link names. */
export const platformOf = (cell: string): Platform | undefined =>
  platformWords.get(cell.trim().toLowerCase()) ?? platformOfLink(cell)
