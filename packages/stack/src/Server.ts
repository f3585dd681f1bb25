import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"

/** A server's program is not there and cannot be brought here. `remedy` is what a person can type. */
export class InstallFailed extends Data.TaggedError("InstallFailed")<{
  readonly server: string
  readonly why: string
  readonly remedy: string
}> {
  override get message(): string {
    return `${this.server} cannot be installed: ${this.why}`
  }
}

/** A server did not come up, or did not go down. */
export class ServerFailed extends Data.TaggedError("ServerFailed")<{
  readonly server: string
  readonly why: string
  /** Its log. */
  readonly log: string
}> {
  override get message(): string {
    return `${this.server}: ${this.why}; its log is ${this.log}`
  }
}

/** Where one instance of a server lives. Every address is on 127.0.0.1. */
export interface Where {
  /** Data, configuration and log of this instance; made before anything else. */
  readonly directory: string
  /** Ports by role, as the recipe names them. */
  readonly ports: Readonly<Record<string, number>>
  /** What `install` answered: the directory or file of the program. */
  readonly program: string
  /** Made once per instance and kept beside its data: passwords, access keys. */
  readonly secret: string
}

export interface ServerCommand {
  readonly argv: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What it reads from its standard input, to the end. */
  readonly stdin?: string
}

/** How one kind of server is installed, started and stopped without containers: one file each in `servers/`. */
export interface ServerRecipe {
  readonly name: string
  readonly version: string
  /** One line: what it is used for here. */
  readonly purpose: string
  /** Usual ports by role; the first one is probed for readiness. */
  readonly ports: Readonly<Record<string, number>>
  /** Finds the program, or brings it into the cache; answers where it is. */
  readonly install: Effect.Effect<string, InstallFailed>
  /** Writes configuration, makes databases: before every start, and harmless when done before. */
  readonly prepare: (where: Where) => Effect.Effect<void, ServerFailed>
  /** Runs in the foreground and logs to its standard output. */
  readonly command: (where: Where) => ServerCommand
  /** Whether it answers as it should: called again and again until it does. */
  readonly ready: (where: Where) => Effect.Effect<boolean>
  /** The version of the one that runs, as it says itself: for programs that are brought by the system's packages. */
  readonly runningVersion?: (where: Where) => Effect.Effect<string, Error>
  /** Once, after it is up: users, databases, topology. */
  readonly afterStart?: (where: Where) => Effect.Effect<void, ServerFailed>
  /** What asks it to end in order: SIGTERM unless stated. */
  readonly stopSignal?: NodeJS.Signals
  /** How long it may take until it is ready, and to stop after that signal. */
  readonly startTimeout: Duration.DurationInput
  readonly stopTimeout: Duration.DurationInput
  /** Other processes it leaves behind when it ends or crashes, by pid (Erlang's port mapper, PostgreSQL's sessions). */
  readonly companions?: (where: Where) => Effect.Effect<ReadonlyArray<number>>
  /** The variables with which InfluScope and Dapr's components reach it. */
  readonly environment: (where: Where) => Readonly<Record<string, string>>
}
