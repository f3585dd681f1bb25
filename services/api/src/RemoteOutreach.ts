import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { callService } from "@influscope/http/CallService"
import { MessagesServiceApi } from "@influscope/ports/MessagesServiceApi"
import { Outreach } from "@influscope/ports/Outreach"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An HTTP client whose requests go to the messages service, whatever lies in between. */
export class MessagesClient extends Context.Tag("@influscope/api/MessagesClient")<
  MessagesClient,
  HttpClient.HttpClient
>() {}

const call = callService("messages service")

/** Outreach in its own process, behind the same port as in ours. */
export const RemoteOutreachLive = Layer.effect(
  Outreach,
  Effect.gen(function* () {
    const { outreach } = yield* HttpApiClient.makeWith(MessagesServiceApi, {
      httpClient: yield* MessagesClient
    })
    return Outreach.of({
      // What lies in between may ask twice.
      addCampaign: (tenant, given, key = crypto.randomUUID()) =>
        call("add a campaign", outreach.addCampaign({ payload: { tenant, given, key } })),
      preview: (tenant, given) =>
        call("preview a campaign", outreach.preview({ payload: { tenant, given } })),
      unsubscribe: (token, source) =>
        call("unsubscribe", outreach.unsubscribe({ payload: { token, source } }))
    })
  })
)
