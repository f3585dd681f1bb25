import type { CampaignPage, CampaignPreview, NewCampaign } from "@influscope/domain/api/CampaignsApi"
import type { AuthorRollupView, PostsPage } from "@influscope/domain/api/PostsApi"
import type { FieldProblem } from "@influscope/domain/api/Problems"
import type { ProfileView } from "@influscope/domain/api/ProfilesApi"
import type { NewTemplate, TemplatePage } from "@influscope/domain/api/TemplatesApi"
import type { GrowthAnswer, SeriesAnswer } from "@influscope/domain/api/TrackingApi"
import type { SearchHit, SearchResult } from "@influscope/domain/Search"
import type { TrackingOf } from "@influscope/domain/tracking/Tracking"
import { authorization, tokenWanted } from "./Token.ts"

/** The API's answers as they stand on the wire. */
export type ResultPage = typeof SearchResult.Encoded
export type Hit = typeof SearchHit.Encoded
export type Details = typeof ProfileView.Encoded
export type Series = typeof SeriesAnswer.Encoded
export type GrowthFigures = typeof GrowthAnswer.Encoded
export type Tracked = typeof TrackingOf.Encoded
export type Rollup = typeof AuthorRollupView.Encoded
export type Posts = typeof PostsPage.Encoded
export type Templates = typeof TemplatePage.Encoded
export type Campaigns = typeof CampaignPage.Encoded
export type Preview = typeof CampaignPreview.Encoded

/** What the API, or the way to it, had to say when it did not answer. */
export interface Failure {
  readonly status: number | undefined
  readonly title: string
  readonly detail: string
  readonly errors: ReadonlyArray<typeof FieldProblem.Type>
}

/** `Aborted`: the caller asked something newer meanwhile and wants nothing of this. */
export type Answer<A> =
  | { readonly _tag: "Ok"; readonly value: A }
  | { readonly _tag: "Failed"; readonly failure: Failure }
  | { readonly _tag: "Aborted" }

/** Hits asked for at a time. */
export const pageSize = 30

/** A server that says nothing for so long has failed, milliseconds. */
const patience = 15_000

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null

const text = (value: unknown, otherwise: string): string =>
  typeof value === "string" && value !== "" ? value : otherwise

/** Reads an RFC 9457 problem; a proxy's error page is not one and gets words of our own. */
const toFailure = (status: number, body: unknown): Failure => {
  const problem = isRecord(body) ? body : {}
  const errors = Array.isArray(problem["errors"]) ? problem["errors"].filter(isRecord) : []
  return {
    status,
    title: text(problem["title"], "The search did not work"),
    detail: text(problem["detail"], `The server answered ${status} and gave no reason.`),
    errors: errors.map((error) => ({ path: text(error["path"], "?"), message: text(error["message"], "?") }))
  }
}

const silent: Failure = {
  status: undefined,
  title: "InfluScope does not answer",
  detail: "Is it still running? Start it with `npm start`, then try again.",
  errors: []
}

const ask = async <A>(path: string, signal: AbortSignal, body?: unknown): Promise<Answer<A>> => {
  try {
    const response = await fetch(path, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
      headers: { accept: "application/json", ...authorization() },
      ...(body === undefined
        ? {}
        : {
            method: "POST",
            headers: { accept: "application/json", "content-type": "application/json", ...authorization() },
            body: JSON.stringify(body)
          })
    })
    if (response.status === 401) tokenWanted.value = true
    if (!response.ok) {
      const body: unknown = await response.json().catch(() => undefined)
      return signal.aborted
        ? { _tag: "Aborted" }
        : { _tag: "Failed", failure: toFailure(response.status, body) }
    }
    // Our own server wrote this from the very schema that the type is derived from.
    return { _tag: "Ok", value: (await response.json()) as A }
  } catch {
    // fetch rejects when it was aborted, timed out or never reached the server; all are told apart here.
    return signal.aborted ? { _tag: "Aborted" } : { _tag: "Failed", failure: silent }
  }
}

/** One page of results; `cursor` is the `nextCursor` of the page before. */
export const searchProfiles = (
  params: URLSearchParams,
  cursor: string | undefined,
  signal: AbortSignal
): Promise<Answer<ResultPage>> => {
  const all = new URLSearchParams(params)
  all.set("limit", String(pageSize))
  if (cursor !== undefined) all.set("cursor", cursor)
  return ask(`/v1/search?${all}`, signal)
}

/** Address of a profile as the API shows it. */
export const profilePath = (id: string): string => `/v1/profiles/${encodeURIComponent(id)}`

export const getProfile = (id: string, signal: AbortSignal): Promise<Answer<Details>> =>
  ask(profilePath(id), signal)

const influencerPath = (id: string): string => `/v1/influencers/${encodeURIComponent(id)}`

/** Days of a profile's past that the page shows at most. */
const pastDays = 730

/** Address of a profile's figures by day: of the last two years, or from a day on (epoch ms); `format` as the API has it. */
export const seriesPath = (id: string, format: "json" | "csv", from?: number): string => {
  const start = new Date(from ?? Date.now() - pastDays * 86_400_000).toISOString()
  const params = new URLSearchParams({ resolution: "day", points: String(pastDays + 1), from: start, format })
  return `${influencerPath(id)}/series?${params}`
}

export const getSeries = (id: string, signal: AbortSignal): Promise<Answer<Series>> =>
  ask(seriesPath(id, "json"), signal)

export const getGrowth = (id: string, signal: AbortSignal): Promise<Answer<GrowthFigures>> =>
  ask(`${influencerPath(id)}/growth?metrics=followers`, signal)

export const getTracking = (id: string, signal: AbortSignal): Promise<Answer<Tracked>> =>
  ask(`${influencerPath(id)}/tracking`, signal)

const postsPath = (author: string): string => `/v1/users/${encodeURIComponent(author)}/posts`

/** The latest posts of an author, newest first. */
export const getPosts = (author: string, signal: AbortSignal): Promise<Answer<Posts>> =>
  ask(`${postsPath(author)}?limit=10`, signal)

/** What the posts of an author have in common. */
export const getRollup = (author: string, signal: AbortSignal): Promise<Answer<Rollup>> =>
  ask(`${postsPath(author)}/rollup`, signal)

/** Starts or stops following a profile's figures. */
export const setTracking = (id: string, tracked: boolean, signal: AbortSignal): Promise<Answer<unknown>> =>
  ask(tracked ? "/v1/tracking" : "/v1/tracking/remove", signal, { ids: [id] })

/** The first hundred of them. */
export const getTemplates = (signal: AbortSignal): Promise<Answer<Templates>> =>
  ask("/v1/templates?limit=100", signal)

export const addTemplate = (
  template: typeof NewTemplate.Encoded,
  signal: AbortSignal
): Promise<Answer<unknown>> => ask("/v1/templates", signal, template)

/** The latest ones. */
export const getCampaigns = (signal: AbortSignal): Promise<Answer<Campaigns>> =>
  ask("/v1/campaigns?limit=20", signal)

export const addCampaign = (
  campaign: typeof NewCampaign.Encoded,
  signal: AbortSignal
): Promise<Answer<unknown>> => ask("/v1/campaigns", signal, campaign)

export const previewCampaign = (
  { audience, template }: Pick<typeof NewCampaign.Encoded, "audience" | "template">,
  signal: AbortSignal
): Promise<Answer<Preview>> => ask("/v1/campaigns/preview", signal, { audience, template })

export const changeCampaign = (
  id: string,
  how: "pause" | "resume" | "cancel",
  signal: AbortSignal
): Promise<Answer<unknown>> => ask(`/v1/campaigns/${encodeURIComponent(id)}/${how}`, signal, {})
