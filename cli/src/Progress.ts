import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { oneLine } from "./Text.ts"

const barWidth = 24
/** Without a terminal a line per quarter says enough. */
const quietSteps = 4

const bar = (fraction: number): string => {
  const full = Math.round(fraction * barWidth)
  return `${"█".repeat(full)}${"░".repeat(barWidth - full)}`
}

export interface Progress {
  /** `fraction` from 0 to 1; `detail` says in words how far it is. */
  readonly update: (fraction: number, detail: string) => Effect.Effect<void>
}

/**
 * How far long work is, on standard error: a bar that is drawn over itself on a terminal and goes away at the end, a line
 * now and then elsewhere.
 */
export const progress = (label: string): Effect.Effect<Progress, never, Scope.Scope> =>
  Effect.gen(function* () {
    const out = process.stderr
    let step = -1
    const draw = (fraction: number, detail: string): void => {
      const bounded = Math.min(1, Math.max(0, fraction))
      const whole = `${String(Math.floor(bounded * 100)).padStart(3)} %`
      if (out.isTTY) {
        const line = `${oneLine(label)}  ${bar(bounded)} ${whole}  ${detail}`
        out.write(`\r\u001b[2K${line.slice(0, out.columns - 1)}`)
        return
      }
      const reached = Math.floor(bounded * quietSteps)
      if (reached <= step) return
      step = reached
      out.write(`${oneLine(label)} ${whole}  ${detail}\n`)
    }
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        if (out.isTTY) out.write("\r\u001b[2K")
      })
    )
    return { update: (fraction, detail) => Effect.sync(() => draw(fraction, detail)) }
  })
