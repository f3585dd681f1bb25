import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { Failure } from "./Client.ts"
import { filterText } from "./Format.ts"
import { clearFilters } from "./Query.ts"
import { applyQuery, filters, query, retry } from "./Store.ts"

const importCommand = "npm run influscope -- import FILE"

/** Milliseconds between two looks at an index that was empty. */
const lookAgain = 3_000

/** Nothing has been imported: what to do about it. */
export const EmptyState = () => {
  const copied = useSignal(false)
  useEffect(() => {
    const looking = setInterval(retry, lookAgain)
    return () => clearInterval(looking)
  }, [])
  return (
    <section class="state" data-state="empty">
      <h2>No profiles yet</h2>
      <p>
        Import a file with influencers: CSV, TSV, JSON or JSON Lines, gzipped or not. In the project’s folder
        run
      </p>
      <div class="command">
        <code>{importCommand}</code>
        <button
          type="button"
          class="button"
          onClick={() => {
            void navigator.clipboard.writeText(importCommand).then(() => {
              copied.value = true
            })
          }}
        >
          {copied.value ? "Copied" : "Copy"}
        </button>
      </div>
      <p class="quiet">
        Columns are recognised by name and by content. The profiles show up here as soon as they are in.
      </p>
    </section>
  )
}

/** There are profiles, but none like this: which restriction to lift. */
export const NoResults = () => {
  const active = filters.value
  const q = query.value.q.trim()
  return (
    <section class="state" data-state="none">
      <h2>{q === "" ? "No profile matches these filters" : <>Nothing found for “{q}”</>}</h2>
      <p>
        {active.length === 0
          ? "Check the spelling or use fewer words; a part of a name or handle will do."
          : "Lifting a filter may help:"}
      </p>
      {active.length === 0 ? null : (
        <ul class="chips">
          {active.map((filter) => (
            <li key={filter.key}>
              <button type="button" class="button" onClick={() => applyQuery(filter.without)}>
                without “{filterText(filter)}”
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        {active.length > 1 ? (
          <button type="button" class="button primary" onClick={() => applyQuery(clearFilters(query.value))}>
            Lift all filters
          </button>
        ) : null}
        {q === "" ? null : (
          <button type="button" class="button" onClick={() => applyQuery({ ...query.value, q: "" })}>
            Clear the search
          </button>
        )}
      </div>
    </section>
  )
}

/** Text with commands in back-ticks set as code. */
const Detail = ({ text }: { readonly text: string }) => (
  <p>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</p>
)

/** Something went wrong: what, and the way to try again. */
export const ErrorState = ({
  failure,
  onRetry
}: {
  readonly failure: Failure
  readonly onRetry: () => void
}) => (
  <section class="state" data-state="error" role="alert">
    <h2>{failure.title}</h2>
    <Detail text={failure.detail} />
    {failure.errors.length === 0 ? null : (
      <ul class="errors">
        {failure.errors.map((error) => (
          <li key={error.path}>
            <code>{error.path}</code> {error.message}
          </li>
        ))}
      </ul>
    )}
    <div class="actions">
      <button type="button" class="button primary" onClick={onRetry}>
        Try again
      </button>
    </div>
    {failure.status === undefined ? null : <p class="quiet">HTTP status {failure.status}</p>}
  </section>
)

/** The shape of results to come, in their place. */
export const ResultSkeleton = () => (
  <ol class="hits" aria-hidden="true">
    {[1, 2, 3, 4, 5, 6, 7, 8].map((row) => (
      <li key={row} class="hit">
        <span class="avatar avatar-48 bone" />
        <div class="hit-main">
          <span class="bone bone-title" />
          <span class="bone bone-line" />
          <span class="bone bone-short" />
        </div>
        <div class="figures">
          <span class="bone bone-figure" />
          <span class="bone bone-figure" />
        </div>
      </li>
    ))}
  </ol>
)
