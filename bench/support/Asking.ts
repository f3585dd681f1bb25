/**
 * Comparisons query by query, in a process of its own: every query is asked of each side in turn, so that all of them meet
 * the machine in the same state. A side asked without pause would have its data in the caches, and one asked now and then
 * would not.
 */
import { tended } from "./App.ts"

/** Milliseconds of each query, in their order, by side. */
export type Times<Side extends string> = { readonly [S in Side]: ReadonlyArray<number> }

/** Answers something of what came back, so that nothing is left out as unused. */
export type Ask<Query> = (query: Query) => Promise<unknown> | number

/** Asks a URL and answers the body; any status but 200 is an error. */
export const get = async (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
  const response = await fetch(url, { headers })
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return response
}

const measure = async <Query>(ask: Ask<Query>, query: Query): Promise<number> => {
  const started = performance.now()
  const answer = ask(query)
  // Waiting for what is there already would cost a turn of the event loop.
  if (answer instanceof Promise) await answer
  return performance.now() - started
}

/** In the process that asks: receives [from, to) as messages, and answers the times of these queries. */
export const answerAsked = <Query>(
  queries: ReadonlyArray<Query>,
  sides: Readonly<Record<string, Ask<Query>>>
): void => {
  const forward = Object.entries(sides)
  const backward = forward.toReversed()
  process.on("message", async ([from, to]: readonly [number, number]) => {
    const times: Record<string, Array<number>> = Object.fromEntries(forward.map(([side]) => [side, []]))
    for (const [place, query] of queries.slice(from, to).entries()) {
      // None is always the first to meet a query.
      for (const [side, ask] of place % 2 === 0 ? forward : backward)
        times[side]?.push(await measure(ask, query))
    }
    process.send?.(times)
  })
  process.send?.("ready")
}

export interface AskingOptions {
  /** The program that calls `answerAsked`, with its arguments. */
  readonly command: readonly [script: string, ...ReadonlyArray<string>]
  readonly queries: number
  /** Parts into which the queries are divided, to see how far the noise goes. */
  readonly rounds: number
}

/** Starts the asking program, lets it ask everything once unmeasured, and answers its times, round by round. */
export const askInRounds = async <Side extends string>({
  command,
  queries,
  rounds
}: AskingOptions): Promise<ReadonlyArray<Times<Side>>> => {
  let answer = Promise.withResolvers<Times<Side> | "ready">()
  const child = tended(
    Bun.spawn([process.execPath, ...command], {
      stdout: "inherit",
      stderr: "inherit",
      ipc: (message: Times<Side> | "ready") => answer.resolve(message),
      onExit: () => answer.reject(new Error(`${command[0]} ended before it answered`))
    })
  )
  await answer.promise
  const timesOf = async (from: number, to: number): Promise<Times<Side>> => {
    answer = Promise.withResolvers()
    child.send([from, to])
    const times = await answer.promise
    if (times === "ready") throw new Error(`${command[0]} began anew`)
    return times
  }
  await timesOf(0, queries)
  const per = Math.ceil(queries / rounds)
  const measured: Array<Times<Side>> = []
  for (let from = 0; from < queries; from += per)
    measured.push(await timesOf(from, Math.min(from + per, queries)))
  // Its end is no failure any more.
  answer.promise.catch(() => undefined)
  child.kill()
  await child.exited
  return measured
}
