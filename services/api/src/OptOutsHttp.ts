import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { Api } from "@influscope/domain/api/Api"
import { GivenOptOut, OptOutPage } from "@influscope/domain/api/OptOutsApi"
import { NotFound } from "@influscope/domain/api/Problems"
import { type Contact, OptOut } from "@influscope/domain/messages/Contact"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { readProblem, storageProblem } from "@influscope/http/Problems"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const optOutAnswer = jsonAnswer(OptOut)
const pageAnswer = jsonAnswer(OptOutPage)

export const OptOutsHttp = HttpApiBuilder.group(
  Api,
  "optOuts",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* OutreachStore

    const add = Effect.gen(function* () {
      const { tenant } = yield* CurrentPrincipal
      const { contact } = yield* jsonBody(GivenOptOut)
      const optOut: OptOut = { contact, source: "given", at: new Date(yield* Clock.currentTimeMillis) }
      yield* store.addOptOuts(tenant, [optOut])
      return yield* Effect.map(optOutAnswer(optOut), HttpServerResponse.setStatus(201))
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    const list = (after: Contact | undefined, limit: number) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const optOuts = yield* store.optOuts(tenant, after, limit + 1)
        const page = optOuts.slice(0, limit)
        return yield* pageAnswer({
          optOuts: page,
          nextCursor: optOuts.length > limit ? (page.at(-1)?.contact ?? null) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const remove = (contact: Contact) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        if (!(yield* store.removeOptOut(tenant, contact)))
          return yield* new NotFound({ detail: `There is no opt-out of ${contact}.` })
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    return handlers
      .handleRaw("addOptOut", () => add)
      .handle("listOptOuts", ({ urlParams }) => list(urlParams.cursor, urlParams.limit))
      .handle("removeOptOut", ({ path }) => remove(path.contact))
  })
)
