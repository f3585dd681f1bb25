import * as Effect from "effect/Effect"
import { fromPackage } from "../Cache.ts"
import type { ServerRecipe, Where } from "../Server.ts"
import * as Shell from "../Shell.ts"

const portOf = ({ ports }: Where): number => ports["redis"] ?? 0

/** Redis from Debian, with a password, everything appended to disk. */
export const redis: ServerRecipe = {
  name: "redis",
  version: "7",
  purpose: "cache; state and pub/sub where a profile says so",
  ports: { redis: 16379 },
  install: fromPackage("redis", "redis-server", () => Bun.which("redis-server") ?? undefined),
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [where.program, "-"],
    // The password is in no list of processes.
    stdin: [
      "bind 127.0.0.1",
      `port ${portOf(where)}`,
      `dir ${where.directory}`,
      `requirepass ${where.secret}`,
      "appendonly yes",
      "appendfsync everysec"
    ].join("\n")
  }),
  ready: (where) =>
    Shell.run(["redis-cli", "-p", String(portOf(where)), "ping"], {
      env: { REDISCLI_AUTH: where.secret }
    }).pipe(
      Effect.map((answer) => answer.trim() === "PONG"),
      Effect.orElseSucceed(() => false)
    ),
  runningVersion: (where) =>
    Effect.flatMap(
      Shell.run(["redis-cli", "-p", String(portOf(where)), "info", "server"], {
        env: { REDISCLI_AUTH: where.secret }
      }),
      (info) => Effect.fromNullable(/^redis_version:(\S+)/m.exec(info)?.[1])
    ),
  startTimeout: "20 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({ REDIS_HOST: `127.0.0.1:${portOf(where)}`, REDIS_PASSWORD: where.secret })
}
