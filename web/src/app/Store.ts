import { batch, computed, signal } from "@preact/signals"
import {
  type Details,
  type Failure,
  getProfile,
  type Hit,
  type ResultPage,
  searchProfiles
} from "./Client.ts"
import { activeFilters, emptyQuery, type PageQuery, parseQuery, queryParams } from "./Query.ts"

/** The results on the screen: the pages loaded so far of one query. */
export interface Results {
  readonly hits: ReadonlyArray<Hit>
  readonly total: number
  readonly facets: ResultPage["facets"]
  readonly nextCursor: string | null
  readonly tookMs: number
}

/** Milliseconds without a key stroke before a search is sent. */
const debounce = 60
/** Milliseconds after which going on typing makes a new entry in the browser's history. */
const typingPause = 1_000

const readProfileId = (): string | undefined =>
  new URLSearchParams(location.search).get("profile") ?? undefined

/** What the reader asks for; the address bar always says the same. */
export const query = signal<PageQuery>(parseQuery(location.search))
/** The answer on the screen; while a newer one is awaited, the older one. Undefined before the first. */
export const results = signal<Results | undefined>(undefined)
export const searching = signal(false)
export const failure = signal<Failure | undefined>(undefined)
export const loadingMore = signal(false)
/** Why the next page could not be loaded. */
export const moreFailure = signal<Failure | undefined>(undefined)

/** The profile in the detail panel. */
export const openId = signal<string | undefined>(readProfileId())
export const details = signal<Details | undefined>(undefined)
export const detailsFailure = signal<Failure | undefined>(undefined)

export const filters = computed(() => activeFilters(query.value))
/** Nothing asked for, so that no hits means no profiles at all. */
export const unrestricted = computed(() => query.value.q.trim() === "" && filters.value.length === 0)

let running = new AbortController()
let timer: ReturnType<typeof setTimeout> | undefined

/** Takes back what is under way: only the owner of the newest controller may touch the screen. */
const supersede = (): AbortController => {
  clearTimeout(timer)
  running.abort()
  running = new AbortController()
  return running
}

const runSearch = async (): Promise<void> => {
  const mine = supersede()
  searching.value = true
  const answer = await searchProfiles(queryParams(query.value), undefined, mine.signal)
  if (running !== mine || answer._tag === "Aborted") return
  batch(() => {
    searching.value = false
    loadingMore.value = false
    moreFailure.value = undefined
    failure.value = answer._tag === "Failed" ? answer.failure : undefined
    if (answer._tag === "Ok") results.value = answer.value
  })
}

const scheduleSearch = (delay: number): void => {
  supersede()
  searching.value = true
  timer = setTimeout(() => void runSearch(), delay)
}

/** Asks the same again, after a failure. */
export const retry = (): void => void runSearch()

/** Appends the next page; does nothing when there is none or it is on its way. */
export const loadMore = async (): Promise<void> => {
  const known = results.value
  if (known === undefined || known.nextCursor === null || loadingMore.value || searching.value) return
  const mine = running
  batch(() => {
    loadingMore.value = true
    moreFailure.value = undefined
  })
  const answer = await searchProfiles(queryParams(query.value), known.nextCursor, mine.signal)
  if (running !== mine || answer._tag === "Aborted") return
  batch(() => {
    loadingMore.value = false
    if (answer._tag === "Failed") moreFailure.value = answer.failure
    else
      results.value = { ...answer.value, facets: known.facets, hits: [...known.hits, ...answer.value.hits] }
  })
}

/** Marks the history entry of a panel that was opened from the list, so that closing it can go back. */
const panelMark = "influscope-panel"

const address = (): string => {
  const params = queryParams(query.value)
  if (openId.value !== undefined) params.set("profile", openId.value)
  return params.size === 0 ? location.pathname : `${location.pathname}?${params}`
}

/** When the search box last changed, on the page's clock; 0 when the next key stroke starts a burst. */
let lastTyped = 0

/** Changes filters or order: a step in the history, searched for at once. */
export const applyQuery = (next: PageQuery): void => {
  lastTyped = 0
  query.value = next
  history.pushState(null, "", address())
  void runSearch()
}

/** Follows the search box: one burst of typing is one step in the history. */
export const typeQuery = (q: string): void => {
  const now = performance.now()
  const goesOn = lastTyped !== 0 && now - lastTyped < typingPause
  lastTyped = now
  query.value = { ...query.value, q }
  if (goesOn) history.replaceState(null, "", address())
  else history.pushState(null, "", address())
  scheduleSearch(debounce)
}

/** Back to everything there is. */
export const reset = (): void => applyQuery(emptyQuery)

let reading = new AbortController()

const readDetails = async (id: string): Promise<void> => {
  reading.abort()
  const mine = new AbortController()
  reading = mine
  batch(() => {
    details.value = undefined
    detailsFailure.value = undefined
  })
  const answer = await getProfile(id, mine.signal)
  if (reading !== mine || answer._tag === "Aborted") return
  batch(() => {
    if (answer._tag === "Ok") details.value = answer.value
    else detailsFailure.value = answer.failure
  })
}

/** Reads the open profile again, after a failure. */
export const retryDetails = (): void => {
  if (openId.value !== undefined) void readDetails(openId.value)
}

/** Shows a profile in the panel; from one profile to the next the history keeps a single entry. */
export const openProfile = (id: string): void => {
  const fromList = openId.value === undefined
  openId.value = id
  if (fromList) history.pushState(panelMark, "", address())
  else history.replaceState(history.state, "", address())
  void readDetails(id)
}

export const closeProfile = (): void => {
  if (openId.value === undefined) return
  reading.abort()
  openId.value = undefined
  if (history.state === panelMark) history.back()
  else history.replaceState(null, "", address())
}

/** The profile before or after the open one in the list, if there is one. */
export const neighbour = (step: 1 | -1): string | undefined => {
  const hits = results.value?.hits ?? []
  const at = hits.findIndex((hit) => hit.id === openId.value)
  return at < 0 ? undefined : hits[at + step]?.id
}

const followAddress = (): void => {
  lastTyped = 0
  const id = readProfileId()
  const wanted = parseQuery(location.search)
  const changed = queryParams(wanted).toString() !== queryParams(query.value).toString()
  batch(() => {
    query.value = wanted
    openId.value = id
  })
  if (changed) void runSearch()
  if (id === undefined) reading.abort()
  else if (details.value?.id !== id) void readDetails(id)
}

/** Starts the page: searches for what the address says and follows the browser's back and forward. */
export const start = (): void => {
  addEventListener("popstate", followAddress)
  void runSearch()
  if (openId.value !== undefined) void readDetails(openId.value)
}
