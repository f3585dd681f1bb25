import { themeKey } from "./ThemeKey.ts"

// Runs before the first paint, so that the page never flashes in the other theme.
try {
  const saved = localStorage.getItem(themeKey)
  if (saved === "light" || saved === "dark") document.documentElement.dataset["theme"] = saved
} catch {
  // Storage is off in this browser: the system's theme it is.
}
