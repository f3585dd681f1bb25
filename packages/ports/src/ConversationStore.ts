import type { Subject, Tenant } from "@influscope/domain/access/Principal"
import type { Conversation, ConversationId, Message, Thread } from "@influscope/domain/messages/Conversation"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/** Somebody of a tenant; what they take no part in is not there for them. */
export interface Person {
  readonly tenant: Tenant
  readonly subject: Subject
}

/** Where a page of the inbox goes on: after a thread with its latest activity (epoch ms) and id. */
export interface InboxPlace {
  readonly at: number
  readonly id: ConversationId
}

/** Messages before a number, newest first, or after one, oldest first. */
export type MessageRange =
  | { readonly before: number | undefined; readonly limit: number }
  | { readonly after: number; readonly limit: number }

/**
 * Conversations between the users of a tenant. Writes are durable when they succeed. Ids are a tenant's own: the same one may
 * stand for something else in another tenant.
 */
export class ConversationStore extends Context.Tag("@influscope/ports/ConversationStore")<
  ConversationStore,
  {
    /** Keeps a conversation, and answers the one that is kept: with an id that is there already, it is that one. */
    readonly begin: (tenant: Tenant, conversation: Conversation) => Effect.Effect<Conversation, StorageError>
    /** Latest activity first, which is the latest message or the beginning. */
    readonly inbox: (
      who: Person,
      after: InboxPlace | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Thread>, StorageError>
    /** Unread messages in all conversations. */
    readonly unread: (who: Person) => Effect.Effect<number, StorageError>
    readonly thread: (who: Person, id: ConversationId) => Effect.Effect<Option.Option<Thread>, StorageError>
    /**
     * Keeps a message with the next number, and answers the one that is kept: with an id that its sender has used before in this
     * conversation, it is that one. Its time is not before that of the message before it. Whoever sends has read what came
     * before. None when the sender takes no part.
     */
    readonly send: (
      tenant: Tenant,
      message: Omit<Message, "number">
    ) => Effect.Effect<Option.Option<Message>, StorageError>
    readonly messages: (
      who: Person,
      id: ConversationId,
      range: MessageRange
    ) => Effect.Effect<Option.Option<ReadonlyArray<Message>>, StorageError>
    /** Never takes back what was read before, and never reaches beyond the latest message. */
    readonly markRead: (
      who: Person,
      id: ConversationId,
      upTo: number
    ) => Effect.Effect<Option.Option<Thread>, StorageError>
  }
>() {}
