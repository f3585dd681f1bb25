import type { FacetCount } from "@influscope/domain/Search"
import { useSignal } from "@preact/signals"
import { facetTitles, formatCount, tierOrder, tierRange, valueName, verifiedName } from "./Format.ts"
import { clearFilters, type ListName, toggleValue } from "./Query.ts"
import { RangeFilter } from "./RangeFilter.tsx"
import { applyQuery, filters, query, results, unrestricted } from "./Store.ts"

/** Values listed before "Show all". */
const shortList = 7

/** The answer's values in the order of the panel, and those chosen that nothing has any more. */
const listed = (
  name: ListName,
  counts: ReadonlyArray<FacetCount>,
  chosen: ReadonlyArray<string>
): ReadonlyArray<FacetCount> => {
  const missing = chosen.filter((value) => !counts.some((entry) => entry.value === value))
  const all = [...counts, ...missing.map((value) => ({ value, count: 0 }))]
  return name === "tier" ? all.sort((a, b) => tierOrder.indexOf(a.value) - tierOrder.indexOf(b.value)) : all
}

const ListFacet = ({ name }: { readonly name: ListName }) => {
  const expanded = useSignal(false)
  const counts = results.value?.facets[name]
  const chosen = query.value.lists[name]
  if (counts === undefined) return <FacetSkeleton title={facetTitles[name]} />
  const values = listed(name, counts, chosen)
  if (values.length === 0) return null
  const shown = values.filter(
    (entry, index) => expanded.value || index < shortList || chosen.includes(entry.value)
  )
  return (
    <fieldset class="facet" data-facet={name}>
      <legend>{facetTitles[name]}</legend>
      <ul class={expanded.value ? "values long" : "values"}>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <label class={count === 0 ? "value none" : "value"}>
              <input
                type="checkbox"
                name={name}
                value={value}
                checked={chosen.includes(value)}
                onChange={() => applyQuery(toggleValue(query.value, name, value))}
              />
              <span class="value-name" dir="auto">
                {valueName(name, value)}
                {name === "tier" ? <span class="unit"> {tierRange(value)}</span> : null}
              </span>
              <span class="count">{formatCount(count)}</span>
            </label>
          </li>
        ))}
      </ul>
      {values.length > shortList ? (
        <button
          type="button"
          class="link"
          aria-expanded={expanded.value}
          onClick={() => {
            expanded.value = !expanded.value
          }}
        >
          {expanded.value ? "Show fewer" : `Show all ${values.length}`}
        </button>
      ) : null}
    </fieldset>
  )
}

const VerifiedFacet = () => {
  const counts = results.value?.facets.verified
  if (counts === undefined) return <FacetSkeleton title={facetTitles.verified} />
  const chosen = query.value.verified
  return (
    <fieldset class="facet" data-facet="verified">
      <legend>{facetTitles.verified}</legend>
      <ul class="values">
        {[undefined, true, false].map((choice) => (
          <li key={String(choice)}>
            <label class="value">
              <input
                type="radio"
                name="verified"
                value={String(choice)}
                checked={chosen === choice}
                onChange={() => applyQuery({ ...query.value, verified: choice })}
              />
              <span class="value-name">{choice === undefined ? "Any" : verifiedName(String(choice))}</span>
              {choice === undefined ? null : (
                <span class="count">
                  {formatCount(counts.find((entry) => entry.value === String(choice))?.count ?? 0)}
                </span>
              )}
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  )
}

const FacetSkeleton = ({ title }: { readonly title: string }) => (
  <fieldset class="facet" aria-busy="true">
    <legend>{title}</legend>
    <ul class="values" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((line) => (
        <li key={line} class="value">
          <span class="bone bone-line" />
        </li>
      ))}
    </ul>
  </fieldset>
)

/** Everything the results can be narrowed down by. */
export const FacetPanel = () =>
  results.value?.total === 0 && unrestricted.value ? <NothingToFilter /> : <Facets />

const NothingToFilter = () => (
  <div class="facets">
    <div class="facets-head">
      <h2>Filters</h2>
    </div>
    <p class="quiet">They come with the first profiles.</p>
  </div>
)

const Facets = () => (
  <div class="facets">
    <div class="facets-head">
      <h2>Filters</h2>
      {filters.value.length === 0 ? null : (
        <button type="button" class="link" onClick={() => applyQuery(clearFilters(query.value))}>
          Clear all
        </button>
      )}
    </div>
    <ListFacet name="platform" />
    <ListFacet name="tier" />
    <ListFacet name="category" />
    <ListFacet name="country" />
    <ListFacet name="language" />
    <VerifiedFacet />
    <RangeFilter
      title="Followers"
      unit="accounts"
      min="followersMin"
      max="followersMax"
      examples={["10k", "1.5m"]}
    />
    <RangeFilter
      title="Engagement rate"
      unit="%"
      min="engagementMin"
      max="engagementMax"
      examples={["1", "10"]}
    />
    <RangeFilter
      title="Followers in 30 days"
      unit="% change"
      min="growth30Min"
      max="growth30Max"
      examples={["-5", "20"]}
    />
  </div>
)
