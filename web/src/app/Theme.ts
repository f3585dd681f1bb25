import { signal } from "@preact/signals"
import { themeKey } from "./ThemeKey.ts"

export type Theme = "light" | "dark"

const system = matchMedia("(prefers-color-scheme: dark)")

const chosen = (): Theme | undefined => {
  const value = document.documentElement.dataset["theme"]
  return value === "light" || value === "dark" ? value : undefined
}

const effective = (): Theme => chosen() ?? (system.matches ? "dark" : "light")

/** The theme on the screen: the reader's choice, else the system's. */
export const theme = signal<Theme>(effective())

system.addEventListener("change", () => {
  theme.value = effective()
})

/** Switches between light and dark and remembers it. */
export const toggleTheme = (): void => {
  const next = theme.value === "dark" ? "light" : "dark"
  document.documentElement.dataset["theme"] = next
  theme.value = next
  try {
    localStorage.setItem(themeKey, next)
  } catch {
    // Storage is off in this browser: the choice holds until the page is left.
  }
}
