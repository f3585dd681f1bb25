import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { Api } from "@influscope/domain/api/Api"
import { Inbox, MessagePage, NewConversation, NewMessage, ReadMark } from "@influscope/domain/api/MessagesApi"
import { Conflict, NotFound } from "@influscope/domain/api/Problems"
import { Conversation, ConversationId, Message, Thread } from "@influscope/domain/messages/Conversation"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { ConversationStore, type InboxPlace } from "@influscope/ports/ConversationStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { makeEventStreams, serverSentEvent } from "./EventStreams.ts"

const inboxAnswer = jsonAnswer(Inbox)
const conversationAnswer = jsonAnswer(Conversation)
const threadAnswer = jsonAnswer(Thread)
const messageAnswer = jsonAnswer(Message)
const pageAnswer = jsonAnswer(MessagePage)
const encodeMessage = Schema.encodeSync(Schema.parseJson(Message))
const encodeThread = Schema.encodeSync(Schema.parseJson(Thread))

const created = HttpServerResponse.setStatus(201)

const noConversation = (id: ConversationId) =>
  new NotFound({ detail: `There is no conversation ${id} that you take part in. See GET /v1/inbox.` })

/** Threads that a live inbox tells of: those further down have had nothing new for longer. */
const liveThreads = 20
/** Messages of one poll. */
const liveMessages = 100

const placePattern = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/

const placeOf = (cursor: string | undefined) => {
  if (cursor === undefined) return Effect.succeed(undefined)
  const [, at, id] = placePattern.exec(cursor) ?? []
  return at === undefined || id === undefined
    ? Effect.fail(invalid("cursor", "expected nextCursor of the page before"))
    : Effect.succeed<InboxPlace>({ at: Number(at), id: ConversationId.make(id) })
}

const cursorOf = ({ conversation, last }: Thread): string =>
  `${(last?.sentAt ?? conversation.createdAt).getTime()}.${conversation.id}`

const numberOf = (text: string | undefined, name: string) => {
  if (text === undefined) return Effect.succeed(undefined)
  return /^\d{1,15}$/.test(text)
    ? Effect.succeed(Number(text))
    : Effect.fail(invalid(name, "expected a number of a message"))
}

/** What a thread looks like to whoever watches it. */
const appearanceOf = ({ last, readUpTo }: Thread): string => `${last?.number ?? 0}/${readUpTo}`

export const MessagesHttp = HttpApiBuilder.group(
  Api,
  "messages",
  Effect.fnUntraced(function* (handlers) {
    const store = yield* ConversationStore
    const inboxStreams = makeEventStreams()
    const messageStreams = makeEventStreams()

    const begin = Effect.gen(function* () {
      const { subject, tenant } = yield* CurrentPrincipal
      const given = yield* jsonBody(NewConversation)
      const wanted: Conversation = {
        id: given.id ?? ConversationId.make(crypto.randomUUID()),
        participants: [...new Set([subject, ...given.participants])],
        title: given.title ?? null,
        createdAt: new Date(yield* Clock.currentTimeMillis)
      }
      if (wanted.participants.length < 2)
        return yield* invalid("participants", "expected somebody besides yourself")
      const kept = yield* store.begin(tenant, wanted)
      const isSame =
        kept.title === wanted.title &&
        kept.participants.length === wanted.participants.length &&
        kept.participants.every((each, place) => each === wanted.participants[place])
      if (!isSame)
        return yield* new Conflict({
          detail: "This id belongs to another conversation. Choose another one, or leave it out."
        })
      return yield* Effect.map(conversationAnswer(kept), created)
    }).pipe(Effect.catchTag("StorageError", storageProblem))

    const inbox = (cursor: string | undefined, limit: number) =>
      Effect.gen(function* () {
        const who = yield* CurrentPrincipal
        const after = yield* placeOf(cursor)
        const threads = yield* store.inbox(who, after, limit + 1)
        const page = threads.slice(0, limit)
        const last = page.at(-1)
        return yield* inboxAnswer({
          threads: page,
          unread: yield* store.unread(who),
          nextCursor: threads.length > limit && last !== undefined ? cursorOf(last) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const thread = (id: ConversationId) =>
      Effect.gen(function* () {
        const found = yield* store.thread(yield* CurrentPrincipal, id)
        return yield* Option.isNone(found) ? noConversation(id) : threadAnswer(found.value)
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const send = (id: ConversationId) =>
      Effect.gen(function* () {
        const { subject, tenant } = yield* CurrentPrincipal
        const given = yield* jsonBody(NewMessage)
        const sentAt = new Date(yield* Clock.currentTimeMillis)
        const sent = yield* store.send(tenant, { ...given, conversation: id, sender: subject, sentAt })
        if (Option.isNone(sent)) return yield* noConversation(id)
        if (sent.value.text !== given.text)
          return yield* new Conflict({
            detail: "You have said something else with this id. Choose a new one for every message."
          })
        return yield* Effect.map(messageAnswer(sent.value), created)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const messages = (id: ConversationId, cursor: string | undefined, limit: number) =>
      Effect.gen(function* () {
        const before = yield* numberOf(cursor, "cursor")
        const found = yield* store.messages(yield* CurrentPrincipal, id, { before, limit: limit + 1 })
        if (Option.isNone(found)) return yield* noConversation(id)
        const page = found.value.slice(0, limit)
        const last = page.at(-1)
        return yield* pageAnswer({
          messages: page,
          nextCursor: found.value.length > limit && last !== undefined ? String(last.number) : null
        })
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const markRead = (id: ConversationId) =>
      Effect.gen(function* () {
        const { upTo } = yield* jsonBody(ReadMark)
        const read = yield* store.markRead(yield* CurrentPrincipal, id, upTo)
        return yield* Option.isNone(read) ? noConversation(id) : threadAnswer(read.value)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const live = (id: ConversationId, after: number | undefined) =>
      Effect.gen(function* () {
        const who = yield* CurrentPrincipal
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const found = yield* store.thread(who, id)
        if (Option.isNone(found)) return yield* noConversation(id)
        const seen = (yield* numberOf(headers["last-event-id"], "last-event-id")) ?? after
        return yield* messageStreams(seen ?? found.value.last?.number ?? 0, (last) =>
          Effect.map(store.messages(who, id, { after: last, limit: liveMessages }), (news) => {
            const fresh = Option.getOrElse(news, () => [])
            const events = fresh.map((message) =>
              serverSentEvent("message", String(message.number), encodeMessage(message))
            )
            return [fresh.at(-1)?.number ?? last, events.join("")] as const
          })
        )
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const liveInbox = Effect.gen(function* () {
      const who = yield* CurrentPrincipal
      return yield* inboxStreams(new Map<string, string>(), (seen) =>
        Effect.map(store.inbox(who, undefined, liveThreads), (threads) => {
          const fresh = threads.filter((each) => seen.get(each.conversation.id) !== appearanceOf(each))
          const events = fresh.map((each) => serverSentEvent("thread", cursorOf(each), encodeThread(each)))
          const now = new Map(threads.map((each) => [each.conversation.id, appearanceOf(each)] as const))
          return [now, events.join("")] as const
        })
      )
    })

    return handlers
      .handle("inbox", ({ urlParams }) => inbox(urlParams.cursor, urlParams.limit))
      .handle("liveInbox", () => liveInbox)
      .handleRaw("beginConversation", () => begin)
      .handle("thread", ({ path }) => thread(path.id))
      .handleRaw("sendMessage", ({ path }) => send(path.id))
      .handle("listMessages", ({ path, urlParams }) => messages(path.id, urlParams.cursor, urlParams.limit))
      .handleRaw("markRead", ({ path }) => markRead(path.id))
      .handle("liveMessages", ({ path, urlParams }) => live(path.id, urlParams.after))
  })
)
