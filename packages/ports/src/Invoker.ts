import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"

/** The app cannot be reached, or may not be called: it has not answered, and may have had the request. */
export class AppUnreachable extends Data.TaggedError("AppUnreachable")<{
  readonly app: string
  readonly why: string
}> {
  override get message(): string {
    return `${this.app} cannot be reached: ${this.why}`
  }
}

/** The app did not answer, or not to the end, within the deadline. */
export class AppTooSlow extends Data.TaggedError("AppTooSlow")<{
  readonly app: string
  readonly deadline: Duration.DurationInput
}> {
  override get message(): string {
    return `${this.app} did not answer within ${Duration.format(this.deadline)}`
  }
}

/** The app answered with a status other than 2xx. */
export class AppRefused extends Data.TaggedError("AppRefused")<{
  readonly app: string
  readonly answer: InvokeAnswer
}> {
  override get message(): string {
    return `${this.app} answered ${this.answer.status}`
  }
}

export type InvokeError = AppUnreachable | AppTooSlow | AppRefused

export type InvokeMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"

export interface InvokeOptions {
  /** For the whole exchange, the answer's body included. */
  readonly deadline: Duration.DurationInput
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Stream.Stream<Uint8Array>
}

export interface InvokeAnswer {
  readonly status: number
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Where a gRPC stub connects to reach an app, and the metadata each of its calls needs. */
export interface GrpcTarget {
  /** `host:port` */
  readonly address: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Calls to other services by the name of their app. Nothing is tried again here: only the caller knows what is safe. */
export class Invoker extends Context.Tag("@influscope/ports/Invoker")<
  Invoker,
  {
    /** `path` begins with `/` and has its query; one that leads out of the app (`..`) is a defect of the caller. */
    readonly http: (
      app: string,
      method: InvokeMethod,
      path: string,
      options: InvokeOptions
    ) => Effect.Effect<InvokeAnswer, InvokeError>
    /** The body of an answer with status 2xx as it comes, for bodies of any size. A sidecar may hold a slow one back until it is whole. */
    readonly stream: (
      app: string,
      method: InvokeMethod,
      path: string,
      options: InvokeOptions
    ) => Stream.Stream<Uint8Array, InvokeError>
    readonly grpc: (app: string) => GrpcTarget
  }
>() {}
