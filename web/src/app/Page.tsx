import { signal, useSignalEffect } from "@preact/signals"
import { DetailPanel } from "./DetailPanel.tsx"
import { FacetPanel } from "./FacetPanel.tsx"
import { formatCount } from "./Format.ts"
import { CloseIcon, MoonIcon, SunIcon } from "./Icons.tsx"
import { Modal } from "./Modal.tsx"
import { OutreachPanel } from "./OutreachPanel.tsx"
import { ResultList } from "./ResultList.tsx"
import { SearchBox } from "./SearchBox.tsx"
import { query, results } from "./Store.ts"
import { theme, toggleTheme } from "./Theme.ts"
import { tokenWanted } from "./Token.ts"
import { TokenDialog } from "./TokenDialog.tsx"

/** Below this width the filters live in a sheet of their own. Page.css knows the same number. */
const narrowScreen = matchMedia("(max-width: 859px)")
const narrow = signal(narrowScreen.matches)
const sheetOpen = signal(false)
const outreachOpen = signal(false)
narrowScreen.addEventListener("change", () => {
  narrow.value = narrowScreen.matches
  sheetOpen.value = false
})

const closeSheet = (): void => {
  sheetOpen.value = false
}

const openSheet = (): void => {
  sheetOpen.value = true
}

const ThemeButton = () => {
  const next = theme.value === "dark" ? "light" : "dark"
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Switch to ${next} colours`}
      title={`Switch to ${next} colours`}
      onClick={toggleTheme}
    >
      {next === "light" ? <SunIcon /> : <MoonIcon />}
    </button>
  )
}

const Header = () => (
  <header class="top">
    <a class="brand" href="/">
      <img src="/favicon.svg" alt="" width="28" height="28" />
      <span class="brand-name">InfluScope</span>
    </a>
    <SearchBox />
    <nav aria-label="More">
      <button
        type="button"
        class="link"
        onClick={() => {
          outreachOpen.value = true
        }}
      >
        Outreach
      </button>
      <a href="/docs">API</a>
      <ThemeButton />
    </nav>
  </header>
)

const FilterSheet = () => (
  <Modal kind="sheet" label="Filters" onClose={closeSheet}>
    <button type="button" class="icon-button modal-close" aria-label="Close filters" onClick={closeSheet}>
      <CloseIcon />
    </button>
    <FacetPanel />
    <div class="sheet-foot">
      <button type="button" class="button primary" onClick={closeSheet}>
        {results.value === undefined ? "Show results" : `Show ${formatCount(results.value.total)} profiles`}
      </button>
    </div>
  </Modal>
)

/** The search page. */
export const Page = () => {
  useSignalEffect(() => {
    const q = query.value.q.trim()
    document.title = q === "" ? "InfluScope" : `${q} – InfluScope`
  })
  return (
    <>
      <Header />
      <main>
        <h1 class="visually-hidden">Find influencers</h1>
        {narrow.value ? null : (
          <aside aria-label="Filters">
            <FacetPanel />
          </aside>
        )}
        <ResultList onFilters={narrow.value ? openSheet : undefined} />
      </main>
      {narrow.value && sheetOpen.value ? <FilterSheet /> : null}
      <DetailPanel />
      {outreachOpen.value ? (
        <OutreachPanel
          onClose={() => {
            outreachOpen.value = false
          }}
        />
      ) : null}
      {tokenWanted.value ? <TokenDialog onToken={() => location.reload()} /> : null}
    </>
  )
}
