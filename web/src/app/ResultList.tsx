import type { SearchSort, SortOrder } from "@influscope/domain/Search"
import { filterText, formatCount, formatMs } from "./Format.ts"
import { CloseIcon, FilterIcon } from "./Icons.tsx"
import { clearFilters } from "./Query.ts"
import { ResultRow } from "./ResultRow.tsx"
import { EmptyState, ErrorState, NoResults, ResultSkeleton } from "./States.tsx"
import {
  applyQuery,
  failure,
  filters,
  loadingMore,
  loadMore,
  moreFailure,
  query,
  type Results,
  results,
  retry,
  searching,
  unrestricted
} from "./Store.ts"

const sortings: ReadonlyArray<readonly [SearchSort, SortOrder, string]> = [
  ["relevance", "desc", "Best match"],
  ["followers", "desc", "Most followers"],
  ["followers", "asc", "Fewest followers"],
  ["engagement", "desc", "Highest engagement"],
  ["engagement", "asc", "Lowest engagement"],
  ["growth", "desc", "Fastest growth"],
  ["growth", "asc", "Greatest loss"],
  ["recency", "desc", "Newest figures"],
  ["recency", "asc", "Oldest figures"]
]

const SortMenu = () => {
  const current = `${query.value.sort} ${query.value.order}`
  return (
    <label class="sort">
      <span>Sort by</span>
      <select
        name="sort"
        aria-label="Sort by"
        value={current}
        onChange={(event) => {
          const chosen = sortings[event.currentTarget.selectedIndex]
          if (chosen !== undefined) applyQuery({ ...query.value, sort: chosen[0], order: chosen[1] })
        }}
      >
        {sortings.map(([sort, order, name]) => (
          <option key={name} value={`${sort} ${order}`} selected={current === `${sort} ${order}`}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

const Summary = () => {
  const known = results.value
  return (
    <p class="summary" role="status">
      {failure.value !== undefined || known === undefined ? (
        failure.value === undefined ? (
          "Searching …"
        ) : null
      ) : (
        <>
          <strong>{formatCount(known.total)}</strong> {known.total === 1 ? "profile" : "profiles"}{" "}
          <span class="took" title="Time spent in the index">
            {formatMs(known.tookMs)}
          </span>
        </>
      )}
    </p>
  )
}

const Chips = () =>
  filters.value.length === 0 ? null : (
    <ul class="chips" aria-label="Active filters">
      {filters.value.map((filter) => (
        <li key={filter.key}>
          <button
            type="button"
            class="chip"
            aria-label={`Remove filter: ${filterText(filter)}`}
            onClick={() => applyQuery(filter.without)}
          >
            <bdi>{filterText(filter)}</bdi>
            <CloseIcon />
          </button>
        </li>
      ))}
      {filters.value.length === 1 ? null : (
        <li>
          <button type="button" class="link" onClick={() => applyQuery(clearFilters(query.value))}>
            Clear all
          </button>
        </li>
      )}
    </ul>
  )

const More = ({ known }: { readonly known: Results }) => {
  if (moreFailure.value !== undefined)
    return <ErrorState failure={moreFailure.value} onRetry={() => void loadMore()} />
  if (known.nextCursor === null)
    return known.hits.length > 10 ? <p class="more quiet">That is all of them.</p> : null
  return (
    <div class="more">
      <button
        type="button"
        class="button"
        disabled={loadingMore.value || searching.value}
        onClick={() => void loadMore()}
      >
        {loadingMore.value ? "Loading …" : "Show more"}
      </button>
      <p class="quiet">
        {formatCount(known.hits.length)} of {formatCount(known.total)}
      </p>
    </div>
  )
}

const Body = () => {
  if (failure.value !== undefined) return <ErrorState failure={failure.value} onRetry={retry} />
  const known = results.value
  if (known === undefined) return <ResultSkeleton />
  if (known.hits.length === 0) return unrestricted.value ? <EmptyState /> : <NoResults />
  return (
    <>
      <ol class="hits">
        {known.hits.map((hit) => (
          <ResultRow key={hit.id} hit={hit} />
        ))}
      </ol>
      <More known={known} />
    </>
  )
}

/** The results with what is said about them and done to them. */
export const ResultList = ({ onFilters }: { readonly onFilters: (() => void) | undefined }) => (
  <section class="results" aria-label="Results" aria-busy={searching.value}>
    <div class="toolbar">
      <Summary />
      {onFilters === undefined ? null : (
        <button type="button" class="button" onClick={onFilters}>
          <FilterIcon />
          Filters{filters.value.length === 0 ? "" : ` (${filters.value.length})`}
        </button>
      )}
      <SortMenu />
    </div>
    <Chips />
    <h2 class="visually-hidden">Profiles found</h2>
    <Body />
  </section>
)
