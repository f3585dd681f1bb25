import * as Effect from "effect/Effect"
import { listenerOn } from "../Processes.ts"
import { isOpen } from "../Supervisor.ts"
import { type Check, fail, ok } from "./Check.ts"

export interface PortGroup {
  /** Whose they are. */
  readonly name: string
  readonly ports: Readonly<Record<string, number>>
  /** Whether a process that listens is the one that is meant to. */
  readonly isOurs: (listener: { readonly pid: number; readonly name: string }) => boolean
  /** What to do about a taken one, after stopping who has it. */
  readonly otherwise: (role: string) => string
}

/** Whether the ports of one part are free, or taken by that part. */
export const ports = (group: PortGroup): Effect.Effect<Check> =>
  Effect.forEach(
    Object.entries(group.ports),
    ([role, port]) =>
      Effect.map(isOpen(port), (open) => {
        const listener = open ? listenerOn(port) : undefined
        const state = !open ? "free" : listener !== undefined && group.isOurs(listener) ? "ours" : "taken"
        return { role, port, listener, state }
      }),
    { concurrency: 8 }
  ).pipe(
    Effect.map((found) => {
      const name = `ports of ${group.name}`
      const taken = found.filter(({ state }) => state === "taken")
      const [first] = taken
      if (first === undefined) {
        const ours = found.filter(({ state }) => state === "ours")
        const list = found.map(({ port }) => port).join(", ")
        return ok(
          name,
          ours.length === 0
            ? `${list} free`
            : `${list}: ${ours.length === found.length ? "its own" : "its own or free"}`
        )
      }
      const who = ({ listener, port, role }: (typeof taken)[number]) =>
        `${port} (${role}) is taken by ${listener === undefined ? "another user's program" : `${listener.name} (process ${listener.pid})`}`
      return fail(
        name,
        taken.map(who).join("; "),
        `stop it${first.listener === undefined ? "" : ` (kill ${first.listener.pid})`}, or ${group.otherwise(first.role)}`
      )
    })
  )
