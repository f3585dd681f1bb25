import { searchBoxId } from "./SearchBox.tsx"
import { loadMore, neighbour, openId, openProfile, query, typeQuery } from "./Store.ts"

const searchBox = (): HTMLInputElement | undefined => {
  const element = document.getElementById(searchBoxId)
  return element instanceof HTMLInputElement ? element : undefined
}

const hitLinks = (): ReadonlyArray<HTMLElement> => [...document.querySelectorAll<HTMLElement>("a[data-hit]")]

/** Puts the focus on a profile's row, if it is in the list. */
export const focusHit = (id: string): void =>
  hitLinks()
    .find((link) => link.dataset["hit"] === id)
    ?.focus()

/** Hits left below the focus when the next page is fetched. */
const lookAhead = 5

const move = (step: 1 | -1): void => {
  const links = hitLinks()
  const focused = document.activeElement
  const at = focused instanceof HTMLElement ? links.indexOf(focused) : -1
  if (step === -1 && at <= 0) {
    searchBox()?.focus()
    return
  }
  const next = links[at + step]
  next?.focus()
  next?.closest("li")?.scrollIntoView({ block: "nearest" })
  if (at + step >= links.length - lookAhead) void loadMore()
}

const onSearchKey = (event: KeyboardEvent, box: HTMLInputElement): void => {
  if (event.key === "ArrowDown") {
    event.preventDefault()
    move(1)
  } else if (event.key === "Escape") {
    event.preventDefault()
    if (query.value.q === "") box.blur()
    else typeQuery("")
  }
}

const onPanelKey = (event: KeyboardEvent): void => {
  const step = event.key === "j" ? 1 : event.key === "k" ? -1 : undefined
  const id = step === undefined ? undefined : neighbour(step)
  if (id !== undefined) openProfile(id)
}

const onPageKey = (event: KeyboardEvent): void => {
  const onHit = document.activeElement?.matches("a[data-hit]") ?? false
  switch (event.key) {
    case "/":
      event.preventDefault()
      searchBox()?.focus()
      searchBox()?.select()
      break
    case "j":
      move(1)
      break
    case "k":
      move(-1)
      break
    // Without a row in focus the arrows scroll, as everywhere.
    case "ArrowDown":
    case "ArrowUp":
      if (!onHit) return
      event.preventDefault()
      move(event.key === "ArrowDown" ? 1 : -1)
  }
}

const onKey = (event: KeyboardEvent): void => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
  const target = event.target
  if (openId.value !== undefined) onPanelKey(event)
  else if (document.querySelector("dialog[open]") !== null) return
  else if (target instanceof HTMLInputElement && target.id === searchBoxId) onSearchKey(event, target)
  else if (target instanceof HTMLSelectElement) return
  else if (target instanceof HTMLInputElement && target.type === "text") return
  else onPageKey(event)
}

/** `/` goes to the search box; arrows, j and k move through the results; Enter opens; Esc closes or clears. */
export const installKeyboard = (): void => addEventListener("keydown", onKey)
