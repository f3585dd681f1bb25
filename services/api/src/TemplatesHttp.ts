import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { Api } from "@influscope/domain/api/Api"
import { NotFound } from "@influscope/domain/api/Problems"
import { NewTemplate, TemplatePage } from "@influscope/domain/api/TemplatesApi"
import { Template, TemplateId } from "@influscope/domain/messages/Template"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const templateAnswer = jsonAnswer(Template)
const pageAnswer = jsonAnswer(TemplatePage)

const mostTemplates = 1_000

const noTemplate = (id: TemplateId) =>
  new NotFound({ detail: `There is no template ${id}. List them with GET /v1/templates.` })

export const TemplatesHttp = HttpApiBuilder.group(
  Api,
  "templates",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* OutreachStore

    const add = Effect.gen(function* () {
      const { tenant } = yield* CurrentPrincipal
      const { html = null, ...given } = yield* jsonBody(NewTemplate)
      const createdAt = new Date(yield* Clock.currentTimeMillis)
      const template: Template = { id: TemplateId.make(crypto.randomUUID()), ...given, html, createdAt }
      if (!(yield* store.addTemplate(tenant, template, mostTemplates)))
        return yield* invalid(
          "body",
          `there are ${mostTemplates} templates, which is the most; remove one first`
        )
      return yield* Effect.map(templateAnswer(template), HttpServerResponse.setStatus(201))
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    const list = (after: TemplateId | undefined, limit: number) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const templates = yield* store.templates(tenant, after, limit + 1)
        const page = templates.slice(0, limit)
        return yield* pageAnswer({
          templates: page,
          nextCursor: templates.length > limit ? (page.at(-1)?.id ?? null) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const get = (id: TemplateId) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const found = yield* store.template(tenant, id)
        return yield* Option.isNone(found) ? noTemplate(id) : templateAnswer(found.value)
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const remove = (id: TemplateId) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        if (!(yield* store.removeTemplate(tenant, id))) return yield* noTemplate(id)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    return handlers
      .handleRaw("addTemplate", () => add)
      .handle("listTemplates", ({ urlParams }) => list(urlParams.cursor, urlParams.limit))
      .handle("getTemplate", ({ path }) => get(path.id))
      .handle("removeTemplate", ({ path }) => remove(path.id))
  })
)
