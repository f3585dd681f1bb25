import { signal } from "@preact/signals"

const key = "influscope-token"

/** In memory where the browser keeps nothing; gone with the tab in any case. */
const stored = (): string | undefined => {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

let token = stored()

/** Whether the server wants a token, or another one. */
export const tokenWanted = signal(false)

export const hasToken = (): boolean => token !== undefined

/** The header that shows the token, where there is one. */
export const authorization = (): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

/** Takes the reader's token for this session. */
export const setToken = (text: string): void => {
  token = text.trim()
  tokenWanted.value = false
  try {
    sessionStorage.setItem(key, token)
  } catch {
    // Storage is off in this browser: the token holds until the page is left.
  }
}

/** Gets what an element of the page cannot ask for with a token itself. Undefined when the server does not give it. */
export const fetchBlob = async (path: string): Promise<Blob | undefined> => {
  try {
    const response = await fetch(path, { headers: authorization() })
    return response.ok ? await response.blob() : undefined
  } catch {
    return undefined
  }
}
