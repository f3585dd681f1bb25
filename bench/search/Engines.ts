import { Database } from "bun:sqlite"
import type { Profile } from "@influscope/domain/Profile"
import type { SearchFilters, SearchQuery } from "@influscope/domain/Search"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import MiniSearch from "minisearch"
import * as EmbeddedSearchIndex from "../../packages/adapters/src/search/EmbeddedSearchIndex.ts"

/** A way to search profiles: filled once, then asked. Answers ids, best first. */
export interface Engine {
  readonly name: string
  readonly note: string
  readonly fill: (profiles: ReadonlyArray<Profile>) => Promise<void>
  readonly search: (query: SearchQuery) => ReadonlyArray<string>
  readonly close: () => Promise<void>
}

const batchSize = 500

/** The whole product path: hits read from SQLite, highlights, exact total, six facets. */
export const makeOurs = (directory: string): Engine => {
  const runtime = ManagedRuntime.make(EmbeddedSearchIndex.layer(`${directory}/profiles.db`))
  const fill = (profiles: ReadonlyArray<Profile>) =>
    Effect.gen(function* () {
      const index = yield* SearchIndex
      for (let from = 0; from < profiles.length; from += batchSize)
        yield* index.bulk(
          profiles.slice(from, from + batchSize).map((profile) => ({ profile, revision: undefined }))
        )
    })
  const search = (query: SearchQuery) => Effect.flatMap(SearchIndex, (index) => index.search(query))
  return {
    name: "ours",
    note: "durable; hits with highlights, exact total and six facets",
    fill: (profiles) => runtime.runPromise(fill(profiles)),
    search: (query) => runtime.runSync(search(query)).hits.map((hit) => hit.id),
    close: () => runtime.dispose()
  }
}

const inLists = (profile: Profile, filters: SearchFilters): boolean =>
  (filters.platform.length === 0 || filters.platform.includes(profile.platform)) &&
  (filters.country.length === 0 || filters.country.includes(profile.fields.country ?? "")) &&
  (filters.category.length === 0 ||
    (profile.fields.categories ?? []).some((category) => filters.category.includes(category)))

const inRanges = (
  { fields: { followers } }: Profile,
  { followersMin, followersMax }: SearchFilters
): boolean =>
  (followersMin === undefined && followersMax === undefined) ||
  (followers !== undefined &&
    followers >= (followersMin ?? 0) &&
    followers <= (followersMax ?? Number.POSITIVE_INFINITY))

/** MiniSearch as its documentation sets it up for search as you type: prefix on the last word, fuzzy 0.2, all words. */
export const makeMiniSearch = (): Engine => {
  const byId = new Map<string, Profile>()
  const index = new MiniSearch<{ id: string; name: string; handle: string; bio: string; categories: string }>(
    {
      fields: ["name", "handle", "bio", "categories"],
      searchOptions: {
        boost: { name: 3, handle: 3, categories: 2 },
        combineWith: "AND",
        prefix: (_, at, terms) => at === terms.length - 1,
        fuzzy: (term) => (term.length >= 8 ? 2 : term.length >= 4 ? 1 : 0),
        maxFuzzy: 2
      }
    }
  )
  return {
    name: "MiniSearch",
    note: "in memory; hits only, no facets, no highlights",
    fill: (profiles) => {
      for (const profile of profiles) byId.set(profile.id, profile)
      index.addAll(
        profiles.map(({ id, handle, fields }) => ({
          id,
          handle,
          name: fields.name ?? "",
          bio: fields.bio ?? "",
          categories: (fields.categories ?? []).join(" ")
        }))
      )
      return Promise.resolve()
    },
    search: ({ q, filters, limit }) => {
      const passes = (id: string): boolean => {
        const profile = byId.get(id)
        return profile !== undefined && inLists(profile, filters) && inRanges(profile, filters)
      }
      return index
        .search(q === "" ? MiniSearch.wildcard : q, { filter: (result) => passes(String(result.id)) })
        .slice(0, limit)
        .map((result) => String(result.id))
    },
    close: () => Promise.resolve()
  }
}

const toMatch = (q: string): string => {
  const terms = q.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  return terms.map((term, at) => (at === terms.length - 1 ? `"${term}"*` : `"${term}"`)).join(" ")
}

const inSql = (column: string, values: ReadonlyArray<string>): ReadonlyArray<string> =>
  values.length === 0 ? [] : [`+p.${column} IN (${values.map((value) => `'${value}'`).join(",")})`]

const whereSql = ({ platform, country, category, followersMin, followersMax }: SearchFilters) => [
  ...inSql("platform", platform),
  ...inSql("country", country),
  ...(category.length === 0
    ? []
    : [`(${category.map((each) => `p.categories LIKE '%|${each}|%'`).join(" OR ")})`]),
  ...(followersMin === undefined ? [] : [`+p.followers >= ${followersMin}`]),
  ...(followersMax === undefined ? [] : [`+p.followers <= ${followersMax}`])
]

/** SQLite FTS5 with prefix indexes, ranked by bm25. */
export const makeFts5 = (directory: string): Engine => {
  const db = new Database(`${directory}/fts5.db`, { create: true })
  db.run("PRAGMA journal_mode = WAL")
  db.run("PRAGMA synchronous = FULL")
  db.run(
    `CREATE TABLE profiles (row INTEGER PRIMARY KEY, id TEXT UNIQUE, platform TEXT, country TEXT, categories TEXT,
       followers INTEGER, doc TEXT)`
  )
  db.run("CREATE INDEX profiles_by_followers ON profiles (followers)")
  db.run(
    `CREATE VIRTUAL TABLE texts USING fts5(name, handle, bio, categories, prefix = '2 3', content = '',
       tokenize = "unicode61 remove_diacritics 2")`
  )
  const add = (profiles: ReadonlyArray<Profile>, from: number): void => {
    const insert = db.query("INSERT INTO profiles VALUES (?, ?, ?, ?, ?, ?, ?)")
    const insertText = db.query(
      "INSERT INTO texts (rowid, name, handle, bio, categories) VALUES (?, ?, ?, ?, ?)"
    )
    for (const [at, { id, platform, handle, fields }] of profiles.entries()) {
      const row = from + at + 1
      const categories = fields.categories ?? []
      const doc = JSON.stringify({ id, platform, handle, fields })
      insert.run(
        row,
        id,
        platform,
        fields.country ?? null,
        `|${categories.join("|")}|`,
        fields.followers ?? null,
        doc
      )
      insertText.run(row, fields.name ?? "", handle, fields.bio ?? "", categories.join(" "))
    }
  }
  return {
    name: "FTS5",
    note: "durable; hits only, no typo tolerance, no facets, no highlights",
    fill: (profiles) => {
      for (let from = 0; from < profiles.length; from += batchSize)
        db.transaction(() => add(profiles.slice(from, from + batchSize), from))()
      return Promise.resolve()
    },
    search: ({ q, filters, sort, limit }) => {
      const match = toMatch(q)
      const order = match === "" || sort === "followers" ? "p.followers DESC" : "bm25(texts, 3, 3, 1, 2)"
      const where = [...(match === "" ? [] : ["texts MATCH $match"]), ...whereSql(filters)]
      const from = match === "" ? "profiles p" : "texts JOIN profiles p ON p.row = texts.rowid"
      const sql = `SELECT p.doc FROM ${from} ${where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`} ORDER BY ${order} LIMIT ${limit}`
      const rows =
        match === ""
          ? db.query<{ doc: string }, []>(sql).all()
          : db.query<{ doc: string }, { $match: string }>(sql).all({ $match: match })
      return rows.map((row) => String(JSON.parse(row.doc).id))
    },
    close: () => {
      db.close()
      return Promise.resolve()
    }
  }
}

export const engineNames = ["ours", "MiniSearch", "FTS5"] as const
export type EngineName = (typeof engineNames)[number]

export const makeEngine = (name: EngineName, directory: string): Engine =>
  name === "ours" ? makeOurs(directory) : name === "MiniSearch" ? makeMiniSearch() : makeFts5(directory)
