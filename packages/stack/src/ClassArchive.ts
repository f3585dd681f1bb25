import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { madeOnce } from "./Cache.ts"
import { InstallFailed, type ServerCommand, type ServerRecipe } from "./Server.ts"
import * as Supervisor from "./Supervisor.ts"

/** Other builds of Java cannot read it. */
const directoryOf = (program: string, java: string): string => {
  const build = Bun.hash(readFileSync(join(dirname(dirname(java)), "release")))
  return `${program}-classes-${build.toString(36).slice(0, 8)}`
}

const archiveIn = (directory: string): string => join(directory, "classes.jsa")

const withOption = (
  { argv: [java = "", ...rest], ...command }: ServerCommand,
  option: string
): ServerCommand => ({
  ...command,
  argv: [java, option, ...rest]
})

const javaOf = ({ argv: [java = ""] }: ServerCommand): string => java

/** Starts and stops it once. A Java that leaves no archive then will start as slowly as ever. */
const archive = (recipe: ServerRecipe, program: string, directory: string) => {
  const place = join(directory, "run")
  const archiving: ServerRecipe = {
    ...recipe,
    install: Effect.succeed(program),
    command: (where) => withOption(recipe.command(where), `-XX:ArchiveClassesAtExit=${archiveIn(directory)}`),
    // It is written at the very end.
    stopTimeout: "2 minutes"
  }
  return Effect.gen(function* () {
    mkdirSync(place)
    yield* Effect.scoped(Supervisor.scoped(archiving, { directory: place }))
    rmSync(place, { recursive: true })
  }).pipe(
    Effect.catchTag(
      "ServerFailed",
      ({ why }) =>
        new InstallFailed({
          server: recipe.name,
          why: `it does not start: ${why}`,
          remedy: "mend what it says, and try again"
        })
    )
  )
}

/**
 * A server in Java that is up with half the work: the classes it has loaded when it is ready are archived when it is installed,
 * and mapped into memory at every start (class data sharing of HotSpot).
 */
export const withClassArchive = (recipe: ServerRecipe): ServerRecipe => {
  const java = (program: string): string =>
    javaOf(recipe.command({ directory: "", ports: {}, program, secret: "" }))
  return {
    ...recipe,
    install: Effect.tap(recipe.install, (program) =>
      madeOnce(directoryOf(program, java(program)), (directory) => archive(recipe, program, directory))
    ),
    command: (where) => {
      const command = recipe.command(where)
      const file = archiveIn(directoryOf(where.program, javaOf(command)))
      return existsSync(file) ? withOption(command, `-XX:SharedArchiveFile=${file}`) : command
    }
  }
}
