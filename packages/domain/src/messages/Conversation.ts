import * as Schema from "effect/Schema"
import { Subject } from "../access/Principal.ts"

export const ConversationId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]{1,64}$/),
  Schema.brand("ConversationId")
).annotations({ identifier: "ConversationId" })
export type ConversationId = typeof ConversationId.Type

/** Most people of one conversation. */
export const maxParticipants = 50

/** What some users of a tenant say to each other. Nobody else sees it. */
export const Conversation = Schema.Struct({
  id: ConversationId,
  /** In the order in which they were named, whoever began it first. */
  participants: Schema.Array(Subject),
  title: Schema.NullOr(Schema.String),
  createdAt: Schema.Date
}).annotations({ identifier: "Conversation" })
export type Conversation = typeof Conversation.Type

/**
 * Chosen by whoever sends, and its own for every message of a conversation: sent again, by a client that got no answer, it is
 * the same message.
 */
export const MessageId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9._-]{1,64}$/, {
    message: () => "expected 1 to 64 letters, digits, dots, underscores or hyphens"
  }),
  Schema.brand("MessageId")
).annotations({ identifier: "MessageId" })
export type MessageId = typeof MessageId.Type

/** Longest message, in UTF-16 code units. */
export const maxMessageLength = 10_000

/** `number` counts the messages of the conversation from 1, without gaps: it is their order. */
export const Message = Schema.Struct({
  id: MessageId,
  conversation: ConversationId,
  number: Schema.Int,
  sender: Subject,
  text: Schema.String,
  sentAt: Schema.Date
}).annotations({ identifier: "Message" })
export type Message = typeof Message.Type

/** A conversation as one of its people has it in the inbox. */
export const Thread = Schema.Struct({
  conversation: Conversation,
  /** The latest message. */
  last: Schema.NullOr(Message),
  /** Messages of others after those that were read. */
  unread: Schema.Int,
  /** Up to which message it was read. */
  readUpTo: Schema.Int
}).annotations({ identifier: "Thread" })
export type Thread = typeof Thread.Type
