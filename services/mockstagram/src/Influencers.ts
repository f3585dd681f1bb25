import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { endPk, firstPk, type Influencer, influencerAt, type Population } from "./Accounts.ts"
import { problem } from "./Problems.ts"

/** Most accounts of one answer. */
export const maxIds = 500
const usualPage = 100
/** 500 numbers of 16 digits take an eighth of it. */
const maxBodyBytes = 64 * 1024

const path = "/api/v1/influencers"

const expectedIds = `ids: expected 1 to ${maxIds} whole numbers`

// By hand: Schema takes as long for 500 ids as making the answer does.
const isIds = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.length > 0 && value.length <= maxIds && value.every(Number.isSafeInteger)

const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** The ids of a lookup, undefined when it is not one. */
const lookedUp = (text: string): ReadonlyArray<number> | undefined => {
  const json = Option.getOrUndefined(parseJson(text))
  return typeof json === "object" && json !== null && "ids" in json && isIds(json.ids) ? json.ids : undefined
}

const methodNotAllowed = (allow: string): Response =>
  problem("method-not-allowed", `Use ${allow}.`, { allow })

/** The page after an account, as it stands in an address. */
const cursorOf = (pk: number): string => Buffer.from(String(pk)).toString("base64url")

const pkOfCursor = (cursor: string): number | undefined => {
  const text = Buffer.from(cursor, "base64url").toString()
  return /^\d{1,16}$/.test(text) && cursorOf(Number(text)) === cursor ? Number(text) : undefined
}

/** Whether a client has this already: its If-None-Match names the tag, strong or weak, or is `*`. */
const isKnown = (request: Request, tag: string): boolean =>
  (request.headers.get("if-none-match") ?? "")
    .split(",")
    .some((given) => given.trim() === "*" || given.trim().replace(/^W\//, "") === tag)

/** JSON with a tag. It is a weak one and does not change with `asOf` alone: same tag, same figures. */
const tagged = (request: Request, body: unknown): Response => {
  const figures = JSON.stringify(body, (key, value: unknown) => (key === "asOf" ? undefined : value))
  const tag = `"${Bun.hash(figures).toString(36)}"`
  const headers = { etag: `W/${tag}`, "cache-control": "private, no-cache" }
  return isKnown(request, tag)
    ? new Response(null, { status: 304, headers })
    : Response.json(body, { headers })
}

/**
 * The public API: `GET /api/v1/influencers/{pk}`, `GET /api/v1/influencers?ids=1,2,3`, `POST
 * /api/v1/influencers/lookup` with `{"ids":[1,2,3]}`, and `GET /api/v1/influencers?limit=100&cursor=...` through all
 * accounts by number. Undefined for another path.
 */
export const answer = (
  population: Population,
  request: Request,
  url: URL
): Effect.Effect<Response> | undefined => {
  const isList = url.pathname === path
  const isLookup = url.pathname === `${path}/lookup`
  if (!isList && !url.pathname.startsWith(`${path}/`)) return undefined

  const read = Effect.map(Clock.currentTimeMillis, (now) => {
    const time = Math.floor(now / 1_000)
    const asOf = new Date(time * 1_000).toISOString().replace(".000", "")
    return (pk: number): Influencer | undefined => influencerAt(population, pk, time, asOf)
  })

  const lookup = (ids: ReadonlyArray<number>) =>
    Effect.map(read, (influencerOf) => {
      const data: Array<Influencer> = []
      const unknown: Array<number> = []
      for (const pk of new Set(ids)) {
        const influencer = influencerOf(pk)
        if (influencer === undefined) unknown.push(pk)
        else data.push(influencer)
      }
      return { data, unknown }
    })

  const one = (text: string): Effect.Effect<Response> =>
    Effect.map(read, (influencerOf) => {
      if (!/^\d{1,15}$/.test(text)) return problem("invalid-request", "pk: expected a whole number")
      const influencer = influencerOf(Number(text))
      return influencer === undefined
        ? problem("not-found", `There is no influencer ${text}.`)
        : tagged(request, influencer)
    })

  const several = (text: string): Effect.Effect<Response> => {
    const ids = text.split(",").map((id) => (id.trim() === "" ? Number.NaN : Number(id)))
    return isIds(ids)
      ? Effect.map(lookup(ids), (body) => tagged(request, body))
      : Effect.succeed(problem("invalid-request", expectedIds))
  }

  const page = (limitText: string | null, cursor: string | null): Effect.Effect<Response> =>
    Effect.map(read, (influencerOf) => {
      const limit = limitText === null ? usualPage : Number(limitText)
      if (!Number.isInteger(limit) || limit < 1 || limit > maxIds)
        return problem("invalid-request", `limit: expected 1 to ${maxIds}`)
      const after = cursor === null ? firstPk - 1 : pkOfCursor(cursor)
      if (after === undefined)
        return problem("invalid-request", "cursor: expected the nextCursor of another answer")
      const end = Math.min(after + 1 + limit, endPk(population))
      const data = Array.from({ length: Math.max(0, end - after - 1) }, (_, at) =>
        influencerOf(after + 1 + at)
      )
      return tagged(request, { data, nextCursor: end < endPk(population) ? cursorOf(end - 1) : null })
    })

  const posted = Effect.gen(function* () {
    // A body that breaks off has nobody left to answer to.
    const text = yield* Effect.promise(() => request.text().catch(() => ""))
    if (text.length > maxBodyBytes)
      return problem("payload-too-large", `The body may have ${maxBodyBytes} bytes at most.`)
    const ids = lookedUp(text)
    return ids === undefined
      ? problem("invalid-request", expectedIds)
      : Response.json(yield* lookup(ids), { headers: { "cache-control": "no-store" } })
  })

  if (isLookup) return request.method === "POST" ? posted : Effect.succeed(methodNotAllowed("POST"))
  if (request.method !== "GET") return Effect.succeed(methodNotAllowed("GET"))
  if (!isList) return one(url.pathname.slice(path.length + 1))
  const ids = url.searchParams.get("ids")
  return ids === null ? page(url.searchParams.get("limit"), url.searchParams.get("cursor")) : several(ids)
}
