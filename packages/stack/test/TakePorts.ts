/** Run by FreePort.test.ts, several at once: `bun TakePorts.ts COUNT`. Says the ports it was given, and lives until its input ends. */
import * as Effect from "effect/Effect"
import { freePort } from "../src/Supervisor.ts"

const count = Number(process.argv[2])
const ports = await Effect.runPromise(Effect.all(Array.from({ length: count }, () => freePort)))
process.stdout.write(`${ports.join(" ")}\n`)
await Bun.stdin.text()
