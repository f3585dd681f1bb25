import type { ServerFailed, ServerRecipe } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

type Started = Effect.Effect<Supervisor.RunningServer, ServerFailed>

export const start = ({ recipe, where }: Supervisor.RunningServer): Started => Supervisor.start(recipe, where)

export const stop = ({ recipe, where }: Supervisor.RunningServer): Effect.Effect<void> =>
  Supervisor.stop(recipe, where)

/** SIGKILL, and started again at once. */
export const crash = (server: Supervisor.RunningServer): Started =>
  Effect.zipRight(Supervisor.kill(server.where), start(server))

/** Ended in order, and started again after a time. */
export const restart = (server: Supervisor.RunningServer, after: Duration.DurationInput = 0): Started =>
  stop(server).pipe(Effect.zipRight(Effect.sleep(after)), Effect.zipRight(start(server)))

/** The same server, set otherwise: with these variables over its own when it is started the next time. */
export const withEnv = (
  server: Supervisor.RunningServer,
  env: Readonly<Record<string, string>>
): Supervisor.RunningServer => {
  const recipe: ServerRecipe = {
    ...server.recipe,
    command: (where) => {
      const command = server.recipe.command(where)
      return { ...command, env: { ...command.env, ...env } }
    }
  }
  return { ...server, recipe }
}
