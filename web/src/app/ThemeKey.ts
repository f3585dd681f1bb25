/** Where the browser remembers the reader's choice, "light" or "dark". */
export const themeKey = "influscope-theme"
