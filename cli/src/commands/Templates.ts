import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import { NewTemplate, TemplatePage } from "@influscope/domain/api/TemplatesApi"
import { Template, TemplateId, TemplateName } from "@influscope/domain/messages/Template"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { counted, oneLine } from "../Text.ts"

const encodeTemplate = Schema.encode(Template)
const encodePage = Schema.encode(TemplatePage)
const decodeNew = Schema.decodeUnknown(NewTemplate, { errors: "all" })

const idArg = plainArg("id").pipe(
  Args.withSchema(TemplateId),
  Args.withDescription("As `influscope templates list` shows it.")
)

const readText = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* fs.readFileString(path)
  }).pipe(
    Effect.mapError(
      ({ message }) =>
        new CliError({
          what: `${oneLine(path)} cannot be read.`,
          likelyCause: oneLine(message),
          todo: "Name a file with the text of the template."
        })
    )
  )

const unusable = (error: ParseResult.ParseError) => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  return new CliError({
    what: "This is no template.",
    likelyCause: issues.map(({ message, path }) => `${path.map(String).join(".")}: ${message}`).join("; "),
    todo: "Fields look like {{displayName}}; docs/messages.md lists them."
  })
}

const add = Command.make(
  "add",
  {
    name: plainArg("name").pipe(Args.withSchema(TemplateName), Args.withDescription("What it is called.")),
    subject: Options.text("subject").pipe(Options.withDescription("One line, with fields or without.")),
    text: Options.text("text").pipe(Options.withDescription("A file with the text.")),
    html: Options.text("html").pipe(
      Options.withDescription("A file with the same as HTML, for those who prefer it."),
      Options.optional
    ),
    defaults: Options.keyValueMap("default").pipe(
      Options.withDescription("What stands for a field that is not known, as in displayName=there."),
      Options.optional
    ),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { templates } = yield* ApiClient
      const html = yield* Effect.transposeMapOption(given.html, readText)
      const payload = yield* decodeNew({
        name: given.name,
        subject: given.subject,
        text: yield* readText(given.text),
        ...ifSome(html, (text) => ({ html: text })),
        ...ifSome(given.defaults, (defaults) => ({ defaults: Object.fromEntries(defaults) }))
      }).pipe(Effect.mapError(unusable))
      const template = yield* templates.addTemplate({ payload })
      yield* given.json
        ? Effect.flatMap(encodeTemplate(template), printJson)
        : print(`Template ${template.id} is there.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Keep a template."))

const columns: ReadonlyArray<Column<Template>> = [
  { title: "id", cell: ({ id }) => id },
  { title: "name", cell: ({ name }) => name, shrinks: true },
  { title: "subject", cell: ({ subject }) => subject, shrinks: true },
  { title: "html", cell: ({ html }) => (html === null ? "" : "yes") },
  { title: "created", cell: ({ createdAt }) => createdAt.toISOString() }
]

const list = Command.make("list", { ...pageOptions("Templates", 100), json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { templates } = yield* ApiClient
    const cursor = yield* Effect.transposeMapOption(given.cursor, Schema.decode(TemplateId))
    const page = yield* templates.listTemplates({
      urlParams: { limit: given.limit, ...ifSome(cursor, (cursor) => ({ cursor })) }
    })
    if (given.json) return yield* printJson(yield* encodePage(page))
    yield* print(page.templates.length === 0 ? "There are no templates." : table(columns, page.templates))
    yield* remarkNextPage(page.nextCursor)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the templates."))

const show = Command.make("show", { id: idArg, json: jsonOption }, ({ id, json }) =>
  Effect.gen(function* () {
    const { templates } = yield* ApiClient
    const template = yield* templates.getTemplate({ path: { id } })
    if (json) return yield* Effect.flatMap(encodeTemplate(template), printJson)
    const lines = template.text.split(/\r?\n/).map(oneLine)
    yield* print([`Subject: ${oneLine(template.subject)}`, "", ...lines].join("\n"))
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show a template."))

const remove = Command.make("remove", { ids: Args.atLeast(idArg, 1) }, ({ ids }) =>
  Effect.gen(function* () {
    const { templates } = yield* ApiClient
    yield* Effect.forEach(ids, (id) => templates.removeTemplate({ path: { id } }), { discard: true })
    yield* print(`${counted(ids.length, "template")} removed; campaigns keep what they send.`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Remove templates. Campaigns keep what they send."))

export const templates = Command.make("templates").pipe(
  Command.withDescription("What influencers are written."),
  Command.withSubcommands([add, list, show, remove])
)
