const codes = { SIGINT: 130, SIGTERM: 143 } as const
type Signal = keyof typeof codes

/** One Ctrl-C can arrive several times, passed on by npm and by the shell; a second one comes from a person. */
const personMillis = 1_000

let first: { readonly signal: Signal; readonly at: number } | undefined

const receive = (signal: Signal): void => {
  const now = performance.now()
  if (first === undefined) first = { signal, at: now }
  else if (now - first.at > personMillis) process.exit(codes[signal])
}

/** Lets the first signal drain the process, and a later one end it at once. */
export const watchSignals = (): void => {
  process.on("SIGINT", () => receive("SIGINT"))
  process.on("SIGTERM", () => receive("SIGTERM"))
}

/** Exit code of a command that was stopped by a signal, by the shell's convention. */
export const interruptedCode = (): number => codes[first?.signal ?? "SIGINT"]
