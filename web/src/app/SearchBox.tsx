import { SearchIcon } from "./Icons.tsx"
import { query, retry, typeQuery } from "./Store.ts"

/** The address of the search box for the keyboard shortcuts. */
export const searchBoxId = "search"

/** Longest text the API takes, in characters. */
const maxLength = 512

export const SearchBox = () => (
  // The form gives Enter its usual meaning and touch keyboards their search key.
  <search class="search-box">
    <form
      onSubmit={(event) => {
        event.preventDefault()
        retry()
      }}
    >
      <label class="visually-hidden" for={searchBoxId}>
        Search profiles
      </label>
      <SearchIcon />
      <input
        id={searchBoxId}
        type="search"
        name="q"
        placeholder="Name, handle, topic or bio"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        enterkeyhint="search"
        maxLength={maxLength}
        value={query.value.q}
        onInput={(event) => typeQuery(event.currentTarget.value)}
      />
      <span class="key" aria-hidden="true">
        /
      </span>
    </form>
  </search>
)
