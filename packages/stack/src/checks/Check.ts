import * as Effect from "effect/Effect"

/** What one look found. */
export interface Check {
  /** What was looked at. */
  readonly name: string
  readonly state: "ok" | "warn" | "fail"
  /** One line: what is so, or why it is wrong. */
  readonly why: string
  /** What to run or do, unless all is well. */
  readonly mend?: string
}

export const ok = (name: string, why: string): Check => ({ name, state: "ok", why })
export const warn = (name: string, why: string, mend: string): Check => ({ name, state: "warn", why, mend })
export const fail = (name: string, why: string, mend: string): Check => ({ name, state: "fail", why, mend })

const timeoutMs = 5_000

/** JSON from a URL; undefined when nobody answers within 5 seconds, or something else than JSON with 2xx. */
export const getJson = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<unknown> =>
  Effect.tryPromise(async (signal): Promise<unknown> => {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    })
    return response.ok ? await response.json() : undefined
  }).pipe(Effect.orElseSucceed(() => undefined))
