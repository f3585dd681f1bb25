import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** How often a request is passed on until one of the targets answers it. */
const attempts = 4
const pauseMs = 250

export interface Counts {
  /** Requests that were answered with anything but a failure of the server. */
  readonly answered: number
  /** Of those, the ones that were passed on more than once. */
  readonly again: number
  /** Requests that were not: what they were, and the last answer. */
  readonly failed: ReadonlyArray<string>
}

/** One address for several processes of a service, as a load balancer or an ingress is. */
export interface Balancer {
  readonly url: string
  readonly add: (target: string) => void
  readonly remove: (target: string) => void
  readonly counts: () => Counts
}

/** Of something in between, or of a service that cannot just now. */
const isPassing = (status: number): boolean => status >= 502 && status <= 504

/** In turn to each target; to the next one when a connection breaks or the target is not up to it. */
export const make: Effect.Effect<Balancer, never, Scope.Scope> = Effect.gen(function* () {
  const targets: Array<string> = []
  const failed: Array<string> = []
  let turn = 0
  let answered = 0
  let again = 0

  const pass = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url)
    const body = request.method === "GET" ? undefined : await request.arrayBuffer()
    const headers = new Headers(request.headers)
    headers.delete("host")
    let last = new Response("there is no target", { status: 502 })
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await Bun.sleep(pauseMs)
      const target = targets[turn++ % Math.max(1, targets.length)]
      if (target === undefined) continue
      try {
        const response = await fetch(`${target}${pathname}${search}`, {
          method: request.method,
          headers,
          ...(body === undefined ? {} : { body })
        })
        last = new Response(await response.arrayBuffer(), { status: response.status })
        if (isPassing(response.status)) continue
        if (response.status >= 500) break
        answered++
        if (attempt > 0) again++
        return last
      } catch (cause) {
        last = new Response(String(cause), { status: 502 })
      }
    }
    failed.push(`${request.method} ${pathname}: ${last.status} ${await last.clone().text()}`)
    return last
  }

  const server = yield* Effect.acquireRelease(
    Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 120, fetch: pass })),
    (running) => Effect.promise(() => running.stop(true))
  )
  return {
    url: `http://127.0.0.1:${server.port}`,
    add: (target) => {
      targets.push(target)
    },
    remove: (target) => {
      const place = targets.indexOf(target)
      if (place >= 0) targets.splice(place, 1)
    },
    counts: () => ({ answered, again, failed: [...failed] })
  }
})
