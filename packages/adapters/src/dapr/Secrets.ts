import { SecretMissing, Secrets } from "@influscope/ports/Secrets"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { DaprSdk } from "./DaprSdk.ts"
import { refused, Sidecar } from "./Sidecar.ts"

export const defaultSecretStore = "secrets"

const timeout = "10 seconds"

const Values = Schema.Record({ key: Schema.String, value: Schema.String })
type Values = typeof Values.Type

/** Stores say in words only that they have no such secret; the sidecar answers 500 for it. */
const notFound = /not found|notfound|does not exist/i

const ApiError = Schema.Struct({ errorCode: Schema.String, message: Schema.String })

/** What the sidecar says when a store answered with an error: as the body of an answer. */
const decodeError = Schema.decodeOption(Schema.parseJson(ApiError))

/** Why a secret is not to be had, when an error says so for good; undefined for other errors. */
const whyMissing = (status: number, text: string): string | undefined => {
  const error = decodeError(text)
  if (error._tag === "None") return undefined
  const { errorCode, message } = error.value
  if (status === 403) return "this app may not read it"
  return errorCode === "ERR_SECRET_GET" && notFound.test(message) ? "there is none of this name" : undefined
}

const pick = (values: Values, name: string, key: string): Effect.Effect<Redacted.Redacted, SecretMissing> => {
  const value = Object.hasOwn(values, key) ? values[key] : undefined
  return value === undefined
    ? Effect.fail(new SecretMissing({ name, key, why: "the secret has other keys" }))
    : Effect.succeed(Redacted.make(value))
}

const pathOf = (store: string, name: string): string =>
  `/v1.0/secrets/${encodeURIComponent(store)}/${encodeURIComponent(name)}`

/** Shows nothing of an answer that may hold a secret. */
const unreadable = (operation: string): StorageError =>
  new StorageError({ reason: "unavailable", operation, cause: "the sidecar's answer is no secret" })

const make = (store: string) =>
  Effect.map(Sidecar, (sidecar) =>
    Secrets.of({
      get: Effect.fn("DaprSecrets.get")(function* (name, key) {
        const operation = `read the secret ${name}`
        const answer = yield* sidecar.request({ method: "GET", path: pathOf(store, name), timeout })
        const why = whyMissing(answer.status, answer.text)
        if (why !== undefined) return yield* new SecretMissing({ name, key, why })
        if (answer.status !== 200) return yield* refused(operation, answer)
        const values = yield* Effect.mapError(Schema.decode(Schema.parseJson(Values))(answer.text), () =>
          unreadable(operation)
        )
        return yield* pick(values, name, key)
      })
    })
  )

/** The SDK's HTTP client throws an Error whose message is JSON. */
const SdkError = Schema.parseJson(Schema.Struct({ error_msg: Schema.String, status: Schema.Number }))
const decodeSdkError = Schema.decodeUnknownOption(SdkError)

const makeSdk = (store: string) =>
  Effect.map(DaprSdk, (sdk) =>
    Secrets.of({
      get: Effect.fn("DaprSdkSecrets.get")(function* (name, key) {
        const operation = `read the secret ${name}`
        const answer = yield* sdk
          .use(operation, timeout, (client) =>
            // The SDK puts names into paths as they are.
            client.secret.get(encodeURIComponent(store), encodeURIComponent(name))
          )
          .pipe(
            Effect.catchAll((error): Effect.Effect<never, SecretMissing | StorageError> => {
              const told = decodeSdkError(error.cause instanceof Error ? error.cause.message : undefined)
              const why =
                told._tag === "Some" ? whyMissing(told.value.status, told.value.error_msg) : undefined
              return Effect.fail(why === undefined ? error : new SecretMissing({ name, key, why }))
            })
          )
        const values = yield* Effect.mapError(Schema.decodeUnknown(Values)(answer), () =>
          unreadable(operation)
        )
        return yield* pick(values, name, key)
      })
    })
  )

export const layerOf = (store: string): Layer.Layer<Secrets, never, Sidecar> =>
  Layer.effect(Secrets, make(store))

/** Secrets of the component `secrets`, by the sidecar's HTTP API. */
export const layer = layerOf(defaultSecretStore)

export const layerSdkOf = (store: string): Layer.Layer<Secrets, never, DaprSdk> =>
  Layer.effect(Secrets, makeSdk(store))

/** The same through Dapr's own client. A secret that is missing is told from other failures over HTTP only. */
export const layerSdk = layerSdkOf(defaultSecretStore)
