import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Subject } from "../access/Principal.ts"
import { RequiredScope } from "../access/Scopes.ts"
import {
  Conversation,
  ConversationId,
  Message,
  MessageId,
  maxMessageLength,
  maxParticipants,
  Thread
} from "../messages/Conversation.ts"
import { allErrors, limitParam, optional, textParam } from "./Params.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

/** Text that every store can keep. */
const keepable = (text: Schema.Schema<string>) =>
  text.pipe(
    Schema.filter((given) => given.isWellFormed() && !given.includes("\u0000"), {
      message: () => "expected text without NUL and halves of characters",
      jsonSchema: { pattern: "^[^\\u0000]*$" }
    })
  )

export const NewConversation = Schema.Struct({
  /** Chosen by the client, so that a request that is sent again begins no second one; made when it is left out. */
  id: optional(ConversationId),
  /** Besides whoever begins it. */
  participants: Schema.NonEmptyArray(Subject).pipe(Schema.maxItems(maxParticipants - 1)),
  title: optional(Schema.NonEmptyString.pipe(Schema.maxLength(200), keepable))
}).annotations({ identifier: "NewConversation" })
export type NewConversation = typeof NewConversation.Type

export const NewMessage = Schema.Struct({
  id: MessageId,
  text: Schema.NonEmptyString.pipe(Schema.maxLength(maxMessageLength), keepable)
}).annotations({ identifier: "NewMessage" })
export type NewMessage = typeof NewMessage.Type

/** `unread`: in all conversations. */
export const Inbox = Schema.Struct({
  threads: Schema.Array(Thread),
  unread: Schema.Int,
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Inbox" })
export type Inbox = typeof Inbox.Type

/** Newest first. */
export const MessagePage = Schema.Struct({
  messages: Schema.Array(Message),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "MessagePage" })
export type MessagePage = typeof MessagePage.Type

export const ReadMark = Schema.Struct({
  upTo: Schema.Int.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER))
}).annotations({
  identifier: "ReadMark"
})

const numberParam = Schema.NumberFromString.pipe(
  Schema.int(),
  Schema.between(0, Number.MAX_SAFE_INTEGER)
).annotations({ jsonSchema: { type: "integer", minimum: 0, description: "A number of a message." } })

const conversationPath = Schema.Struct({ id: ConversationId })

export class MessagesApi extends HttpApiGroup.make("messages")
  .add(
    HttpApiEndpoint.get("inbox", "/v1/inbox")
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
          cursor: optional(textParam(100, "nextCursor of the page before."))
        }).annotations(allErrors)
      )
      .addSuccess(Inbox)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "messages:read")
      .annotate(OpenApi.Summary, "Conversations of whoever asks, the latest first, and what is unread")
  )
  .add(
    HttpApiEndpoint.get("liveInbox", "/v1/inbox/live")
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(Unavailable)
      .annotate(RequiredScope, "messages:read")
      .annotate(OpenApi.Summary, "Threads as they change (server-sent events)")
  )
  .add(
    HttpApiEndpoint.post("beginConversation", "/v1/conversations")
      .setPayload(NewConversation)
      .addSuccess(Conversation, { status: 201 })
      .addError(InvalidRequest)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "messages:write")
      .annotate(OpenApi.Summary, "Begin a conversation")
  )
  .add(
    HttpApiEndpoint.get("thread", "/v1/conversations/:id")
      .setPath(conversationPath)
      .addSuccess(Thread)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "messages:read")
      .annotate(OpenApi.Summary, "A conversation")
  )
  .add(
    HttpApiEndpoint.post("sendMessage", "/v1/conversations/:id/messages")
      .setPath(conversationPath)
      .setPayload(NewMessage)
      .addSuccess(Message, { status: 201 })
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "messages:write")
      .annotate(OpenApi.Summary, "Say something; with the same id safe to repeat")
  )
  .add(
    HttpApiEndpoint.get("listMessages", "/v1/conversations/:id/messages")
      .setPath(conversationPath)
      .setUrlParams(
        Schema.Struct({
          limit: Schema.optionalWith(limitParam(200), { default: () => 50 }),
          cursor: optional(textParam(20, "nextCursor of the page before."))
        }).annotations(allErrors)
      )
      .addSuccess(MessagePage)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "messages:read")
      .annotate(OpenApi.Summary, "What was said, newest first")
  )
  .add(
    HttpApiEndpoint.post("markRead", "/v1/conversations/:id/read")
      .setPath(conversationPath)
      .setPayload(ReadMark)
      .addSuccess(Thread)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "messages:write")
      .annotate(OpenApi.Summary, "Mark as read up to a message")
  )
  .add(
    HttpApiEndpoint.get("liveMessages", "/v1/conversations/:id/live")
      .setPath(conversationPath)
      .setUrlParams(Schema.Struct({ after: optional(numberParam) }))
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "messages:read")
      .annotate(OpenApi.Summary, "Messages after a number, and then as they come (server-sent events)")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Messages") {}
