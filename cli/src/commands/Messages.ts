import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { Subject } from "@influscope/domain/access/Principal"
import { Inbox, MessagePage } from "@influscope/domain/api/MessagesApi"
import {
  Conversation,
  ConversationId,
  Message,
  MessageId,
  type Thread
} from "@influscope/domain/messages/Conversation"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { counted } from "../Text.ts"

const encodeInbox = Schema.encode(Inbox)
const encodeConversation = Schema.encode(Conversation)
const encodeMessage = Schema.encode(Message)
const encodePage = Schema.encode(MessagePage)

const idArg = plainArg("conversation").pipe(
  Args.withSchema(ConversationId),
  Args.withDescription("Its id, as `influscope messages inbox` shows it.")
)

const threadColumns: ReadonlyArray<Column<Thread>> = [
  { title: "id", cell: ({ conversation }) => conversation.id },
  { title: "with", cell: ({ conversation }) => conversation.participants.join(", "), shrinks: true },
  { title: "title", cell: ({ conversation }) => conversation.title ?? "", shrinks: true },
  { title: "unread", cell: ({ unread }) => String(unread), align: "right" },
  { title: "latest", cell: ({ last }) => last?.sentAt.toISOString() ?? "-" },
  { title: "", cell: ({ last }) => (last === null ? "" : `${last.sender}: ${last.text}`), shrinks: true }
]

const inbox = Command.make("inbox", { ...pageOptions("Conversations", 100), json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { messages } = yield* ApiClient
    const page = yield* messages.inbox({
      urlParams: { limit: given.limit, ...ifSome(given.cursor, (cursor) => ({ cursor })) }
    })
    if (given.json) return yield* printJson(yield* encodeInbox(page))
    yield* print(`${counted(page.unread, "unread message")}.`)
    if (page.threads.length > 0) yield* print(table(threadColumns, page.threads))
    yield* remarkNextPage(page.nextCursor)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List your conversations, the latest first."))

const begin = Command.make(
  "begin",
  {
    who: plainArg("who").pipe(
      Args.withSchema(Subject),
      Args.atLeast(1),
      Args.withDescription("With whom, as their tokens name them.")
    ),
    title: Options.text("title").pipe(Options.withDescription("What it is about."), Options.optional),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { messages } = yield* ApiClient
      const conversation = yield* messages.beginConversation({
        payload: { participants: given.who, ...ifSome(given.title, (title) => ({ title })) }
      })
      yield* given.json
        ? Effect.flatMap(encodeConversation(conversation), printJson)
        : print(`Conversation ${conversation.id} has begun.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Begin a conversation with other users."))

const send = Command.make(
  "send",
  {
    id: idArg,
    text: plainArg("text").pipe(Args.withDescription("What you say.")),
    key: Options.text("key").pipe(
      Options.withSchema(MessageId),
      Options.withDescription("Of your own: the same key again makes no second message."),
      Options.optional
    ),
    json: jsonOption
  },
  ({ id, json, key, text }) =>
    Effect.gen(function* () {
      const { messages } = yield* ApiClient
      const message = yield* messages.sendMessage({
        path: { id },
        payload: { id: Option.getOrElse(key, () => MessageId.make(crypto.randomUUID())), text }
      })
      yield* json
        ? Effect.flatMap(encodeMessage(message), printJson)
        : print(`Message ${message.number} of the conversation is sent.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Say something in a conversation."))

const messageColumns: ReadonlyArray<Column<Message>> = [
  { title: "", cell: ({ number }) => String(number), align: "right" },
  { title: "sent", cell: ({ sentAt }) => sentAt.toISOString() },
  { title: "by", cell: ({ sender }) => sender },
  { title: "", cell: ({ text }) => text, shrinks: true }
]

const show = Command.make(
  "show",
  { id: idArg, ...pageOptions("Messages", 200), json: jsonOption },
  ({ cursor, id, json, limit }) =>
    Effect.gen(function* () {
      const { messages } = yield* ApiClient
      const page = yield* messages.listMessages({
        path: { id },
        urlParams: { limit, ...ifSome(cursor, (cursor) => ({ cursor })) }
      })
      if (json) return yield* printJson(yield* encodePage(page))
      yield* print(
        page.messages.length === 0
          ? "Nothing was said yet."
          : table(messageColumns, [...page.messages].reverse())
      )
      yield* remarkNextPage(page.nextCursor)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show what was said last in a conversation."))

const read = Command.make("read", { id: idArg }, ({ id }) =>
  Effect.gen(function* () {
    const { messages } = yield* ApiClient
    const { last } = yield* messages.thread({ path: { id } })
    yield* messages.markRead({ path: { id }, payload: { upTo: last?.number ?? 0 } })
    yield* print("All of it is marked as read.")
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Mark a conversation as read."))

export const messages = Command.make("messages").pipe(
  Command.withDescription("Talk to other users."),
  Command.withSubcommands([inbox, begin, send, show, read])
)
