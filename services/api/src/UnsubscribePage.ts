import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { storageProblem } from "@influscope/http/Problems"
import { Outreach } from "@influscope/ports/Outreach"
import * as Effect from "effect/Effect"

/** The path of unsubscribe links, which need no token of ours: who has the link may. */
export const unsubscribePath = "/unsubscribe/{token}"

/** The form goes back to where it came from, and nothing else is loaded or run. */
const policy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const pageOf = (text: string, form = ""): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeader(
    HttpServerResponse.text(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Unsubscribe</title><body><h1>Unsubscribe</h1><p>${text}</p>${form}</body></html>\n`,
      { contentType: "text/html; charset=utf-8" }
    ),
    "content-security-policy",
    policy
  )

// Programs that look at every link of a mail get the question only.
const question = pageOf(
  "Do you want to hear nothing more from whoever sent you this message?",
  '<form method="post"><button name="confirm" value="yes">Unsubscribe</button></form>'
)
const over = pageOf("You will hear nothing more from them.")
const notOurs = HttpServerResponse.setStatus(
  pageOf("This link is not complete. Copy all of it from the message."),
  404
)

/** Mail programs do it in one step for their users, who may never see the page (RFC 8058). */
const oneClick = "List-Unsubscribe=One-Click"

/** Largest body that is read to see which of the two it is. */
const maxBodyBytes = 1_024

export const UnsubscribePage = HttpApiBuilder.Router.use((router) =>
  Effect.gen(function* () {
    const outreach = yield* Outreach

    const unsubscribe = Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const { token = "" } = yield* HttpRouter.params
      const isShort = Number(request.headers["content-length"] ?? 0) <= maxBodyBytes
      // A body that cannot be read says no more than one that is not there.
      const body = isShort ? yield* Effect.orElseSucceed(request.text, () => "") : ""
      const isOurs = yield* outreach.unsubscribe(token, body.includes(oneClick) ? "one-click" : "link")
      return isOurs ? over : notOurs
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    yield* router.get("/unsubscribe/:token", Effect.succeed(question))
    yield* router.post("/unsubscribe/:token", unsubscribe)
  })
)
