import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import {
  AddedCampaign,
  CampaignPage,
  CampaignPreview,
  type GivenAudience,
  maxFoundRecipients,
  type NewCampaign
} from "@influscope/domain/api/CampaignsApi"
import { GivenProfileId } from "@influscope/domain/api/ProfilesApi"
import {
  Campaign,
  CampaignId,
  CampaignName,
  Channel,
  type Recipient,
  type RecipientCounts,
  RecipientState,
  Sender
} from "@influscope/domain/messages/Campaign"
import { EmailAddress } from "@influscope/domain/messages/Contact"
import { TemplateId } from "@influscope/domain/messages/Template"
import { WebhookUrl } from "@influscope/domain/Webhook"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { count, counted, oneLine } from "../Text.ts"

const encodeAdded = Schema.encode(AddedCampaign)
const encodeCampaign = Schema.encode(Campaign)
const encodePage = Schema.encode(CampaignPage)
const encodePreview = Schema.encode(CampaignPreview)

const idArg = plainArg("id").pipe(
  Args.withSchema(CampaignId),
  Args.withDescription("As `influscope campaigns list` shows it.")
)

const audience = {
  who: plainArg("who").pipe(
    Args.repeated,
    Args.withDescription(
      "platform:handle, with an address after a comma or without, or a file with one of them a line."
    )
  ),
  query: Options.text("query").pipe(
    Options.withDescription("Everybody that a search for these words finds, the best first."),
    Options.optional
  ),
  most: Options.integer("most").pipe(
    Options.withDescription("Of --query, at most so many."),
    Options.withSchema(Schema.Int.pipe(Schema.between(1, maxFoundRecipients))),
    Options.withDefault(1_000)
  ),
  template: Options.text("template").pipe(
    Options.withSchema(TemplateId),
    Options.withDescription("Its id, as `influscope templates list` shows it.")
  ),
  channel: Options.choice("channel", Channel.literals).pipe(
    Options.withDescription("How it is sent: smtp where a mail server is configured, else file."),
    Options.optional
  )
}

const Person = Schema.Struct({
  id: GivenProfileId,
  address: Schema.optionalWith(EmailAddress, { exact: true })
})
const decodePerson = Schema.decodeUnknownOption(Person)

const parsePerson = (word: string): Option.Option<typeof Person.Type> => {
  const [id, address] = word.split(",").map((part) => part.trim())
  return decodePerson({ id, ...(address === undefined || address === "" ? {} : { address }) })
}

const notSomebody = (what: string) =>
  new CliError({
    what: `${oneLine(what)} names nobody.`,
    likelyCause: "It is no id, and no file.",
    todo: "An id looks like youtube:mkbhd; with an address, like youtube:mkbhd,mail@example.com."
  })

const fromFile = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(path).pipe(Effect.mapError(() => notSomebody(path)))
    const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"))
    return yield* Effect.forEach(lines, (line) =>
      Effect.mapError(parsePerson(line), () => notSomebody(`${path}: ${line}`))
    )
  })

const fromWord = (word: string) =>
  Option.match(parsePerson(word), {
    onSome: (person) => Effect.succeed([person]),
    onNone: () => fromFile(word)
  })

const audienceOf = (given: {
  readonly who: ReadonlyArray<string>
  readonly query: Option.Option<string>
  readonly most: number
}): Effect.Effect<GivenAudience, CliError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const people = (yield* Effect.forEach(given.who, fromWord)).flat()
    const isSearch = Option.isSome(given.query)
    if (Arr.isNonEmptyReadonlyArray(people) && !isSearch) return { kind: "people", people }
    if (isSearch && people.length === 0)
      return {
        kind: "search",
        query: new URLSearchParams({ q: given.query.value }).toString(),
        most: given.most
      }
    return yield* new CliError({
      what: "A campaign is for people by their ids, or for whom a search finds.",
      likelyCause: isSearch ? "Both were given." : "Neither ids nor --query were given.",
      todo: "influscope campaigns create NAME youtube:mkbhd ..., for example, or --query with words."
    })
  })

const senderPattern = /^\s*(.+?)\s*<([^<>\s]+)>\s*$/

const senderOption = Options.text("from").pipe(
  Options.withDescription('Whom it is from, as in "Jo of Acme <jo@acme.example>".'),
  Options.mapEffect((text) => {
    const [, name, address] = senderPattern.exec(text) ?? []
    return Schema.decodeUnknown(Sender)({ name, address }).pipe(
      Effect.mapError(() =>
        ValidationError.invalidValue(HelpDoc.p("--from takes a name and an address in angle brackets."))
      )
    )
  })
)

const create = Command.make(
  "create",
  {
    name: plainArg("name").pipe(Args.withSchema(CampaignName), Args.withDescription("What it is called.")),
    ...audience,
    from: senderOption,
    replyTo: Options.text("reply-to").pipe(
      Options.withSchema(EmailAddress),
      Options.withDescription("Where answers go; to the sender when absent."),
      Options.optional
    ),
    webhook: Options.text("webhook").pipe(
      Options.withSchema(WebhookUrl),
      Options.withDescription("Of the channel webhook: where messages are posted."),
      Options.optional
    ),
    at: Options.text("at").pipe(
      Options.withDescription("When it is sent, as in 2026-12-01T09:00; at once when absent."),
      Options.optional
    ),
    zone: Options.text("zone").pipe(
      Options.withDescription("By the clock of which zone, as in Europe/Berlin."),
      Options.withDefault("UTC")
    ),
    paused: Options.boolean("paused").pipe(
      Options.withDescription("Send nothing before `influscope campaigns resume`.")
    ),
    key: Options.text("key").pipe(
      Options.withDescription("Of your own: the same key again makes no second campaign."),
      Options.optional
    ),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { campaigns } = yield* ApiClient
      const { from, name, paused, template, zone } = given
      const payload: NewCampaign = {
        name,
        template,
        paused,
        sender: { ...from, ...ifSome(given.replyTo, (replyTo) => ({ replyTo })) },
        audience: yield* audienceOf(given),
        ...ifSome(given.channel, (channel) => ({ channel })),
        ...ifSome(given.webhook, (webhook) => ({ webhook })),
        ...ifSome(given.at, (local) => ({ sendAt: { local, zone } }))
      }
      const added = yield* campaigns.addCampaign({
        payload,
        headers: ifSome(given.key, (key) => ({ "idempotency-key": key }))
      })
      if (given.json) return yield* printJson(yield* encodeAdded(added))
      yield* print(
        `Campaign ${added.id} is ${added.state}; it is sent by ${added.channel} from ${added.sendAt.toISOString()} on.`
      )
      if (added.secret !== null)
        yield* print(`Its webhooks are signed with ${added.secret}, which is not shown again.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Send a template to influencers, now or later."))

const preview = Command.make("preview", { ...audience, json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { campaigns } = yield* ApiClient
    const shown = yield* campaigns.previewCampaign({
      payload: {
        template: given.template,
        audience: yield* audienceOf(given),
        ...ifSome(given.channel, (channel) => ({ channel }))
      }
    })
    if (given.json) return yield* printJson(yield* encodePreview(shown))
    yield* print(`It is for ${counted(shown.total, "recipient")}.`)
    for (const { address, id, message, skipped } of shown.samples) {
      yield* print(`\n${id}${address === null ? "" : ` <${address}>`}`)
      if (message === null) yield* print(`  is left out: ${oneLine(skipped ?? "")}`)
      else
        yield* print(
          [`  Subject: ${oneLine(message.subject)}`, ...message.text.split(/\r?\n/).map(oneLine)].join("\n  ")
        )
    }
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show what the first recipients would get. Nothing is sent."))

const countsText = (counts: RecipientCounts): string =>
  RecipientState.literals
    .filter((state) => counts[state] > 0)
    .map((state) => `${count(counts[state])} ${state}`)
    .join(", ")

const columns: ReadonlyArray<Column<Campaign>> = [
  { title: "id", cell: ({ id }) => id },
  { title: "name", cell: ({ name }) => name, shrinks: true },
  { title: "state", cell: ({ state }) => state },
  { title: "by", cell: ({ channel }) => channel },
  { title: "from", cell: ({ sendAt }) => sendAt.toISOString() },
  { title: "recipients", cell: ({ recipients }) => countsText(recipients), shrinks: true }
]

const list = Command.make("list", { ...pageOptions("Campaigns", 100), json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { campaigns } = yield* ApiClient
    const page = yield* campaigns.listCampaigns({
      urlParams: { limit: given.limit, ...ifSome(given.cursor, (cursor) => ({ cursor })) }
    })
    if (given.json) return yield* printJson(yield* encodePage(page))
    yield* print(page.campaigns.length === 0 ? "There are no campaigns." : table(columns, page.campaigns))
    yield* remarkNextPage(page.nextCursor)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the campaigns, newest first."))

const recipientColumns: ReadonlyArray<Column<Recipient>> = [
  { title: "id", cell: ({ id }) => id, shrinks: true },
  { title: "address", cell: ({ address }) => address ?? "-", shrinks: true },
  { title: "state", cell: ({ state }) => state },
  { title: "since", cell: ({ changedAt }) => changedAt.toISOString() },
  { title: "attempts", cell: ({ attempts }) => String(attempts), align: "right" },
  { title: "why", cell: ({ reason, reply }) => reply ?? reason ?? "", shrinks: true }
]

const show = Command.make(
  "show",
  {
    id: idArg,
    state: Options.choice("state", RecipientState.literals).pipe(
      Options.withDescription("Only recipients in this state."),
      Options.optional
    ),
    limit: Options.integer("limit").pipe(
      Options.withDescription("Recipients shown, 1 to 500."),
      Options.withDefault(20)
    ),
    json: jsonOption
  },
  ({ id, json, limit, state }) =>
    Effect.gen(function* () {
      const { campaigns } = yield* ApiClient
      const campaign = yield* campaigns.getCampaign({ path: { id } })
      if (json) return yield* printJson(yield* encodeCampaign(campaign))
      yield* print(table(columns, [campaign]))
      if (campaign.problem !== null) yield* print(`It is not sent: ${oneLine(campaign.problem)}`)
      const { recipients } = yield* campaigns.listRecipients({
        path: { id },
        urlParams: { limit, ...ifSome(state, (state) => ({ state })) }
      })
      if (recipients.length > 0) yield* print(`\n${table(recipientColumns, recipients)}`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show a campaign and its recipients."))

const changing = <E>(
  name: string,
  description: string,
  change: (id: CampaignId) => Effect.Effect<Campaign, E, ApiClient>
) =>
  Command.make(name, { id: idArg, json: jsonOption }, ({ id, json }) =>
    Effect.gen(function* () {
      const campaign = yield* change(id)
      yield* json
        ? Effect.flatMap(encodeCampaign(campaign), printJson)
        : print(`Campaign ${campaign.id} is ${campaign.state}.`)
    }).pipe(Effect.provide(ApiClientLive))
  ).pipe(Command.withDescription(description))

const pause = changing("pause", "Send no more until it is resumed.", (id) =>
  Effect.flatMap(ApiClient, (api) => api.campaigns.pauseCampaign({ path: { id } }))
)
const resume = changing("resume", "Go on.", (id) =>
  Effect.flatMap(ApiClient, (api) => api.campaigns.resumeCampaign({ path: { id } }))
)
const cancel = changing("cancel", "Send no more, for good. What was sent stays so.", (id) =>
  Effect.flatMap(ApiClient, (api) => api.campaigns.cancelCampaign({ path: { id } }))
)

export const campaigns = Command.make("campaigns").pipe(
  Command.withDescription("Write to influencers."),
  Command.withSubcommands([create, preview, list, show, pause, resume, cancel])
)
