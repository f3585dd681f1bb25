import { Subject } from "@influscope/domain/access/Principal"
import {
  type Conversation,
  ConversationId,
  type Message,
  MessageId,
  type Thread
} from "@influscope/domain/messages/Conversation"
import type { StorageError } from "@influscope/ports/StorageError"
import { corrupt } from "@influscope/ports/StoredJson"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// Rows as both databases have them: times are epoch ms.

export interface MessageRow {
  readonly id: string
  readonly conversation: string
  readonly number: number
  readonly sender: string
  readonly text: string
  readonly sent_at: number
}

/** A thread with its latest message, whose columns are null when there is none. */
export interface ThreadRow {
  readonly id: string
  /** JSON. */
  readonly participants: string
  readonly title: string | null
  readonly created_at: number
  readonly last_number: number
  readonly read_up_to: number
  readonly last_id: string | null
  readonly sender: string | null
  readonly text: string | null
  readonly sent_at: number | null
}

const Participants = Schema.parseJson(Schema.Array(Subject))

export const encodeParticipants = (participants: ReadonlyArray<Subject>): string =>
  JSON.stringify(participants)

const StoredMessages = Schema.Array(
  Schema.Struct({
    id: MessageId,
    conversation: ConversationId,
    number: Schema.Int,
    sender: Subject,
    text: Schema.String,
    sent_at: Schema.DateFromNumber
  })
)

const StoredThreads = Schema.Array(
  Schema.Struct({
    id: ConversationId,
    participants: Participants,
    title: Schema.NullOr(Schema.String),
    created_at: Schema.DateFromNumber,
    last_number: Schema.Int,
    read_up_to: Schema.Int,
    last_id: Schema.NullOr(MessageId),
    sender: Schema.NullOr(Subject),
    text: Schema.NullOr(Schema.String),
    sent_at: Schema.NullOr(Schema.DateFromNumber)
  })
)

const decodeStoredMessages = Schema.decode(StoredMessages)
const decodeStoredThreads = Schema.decode(StoredThreads)

export const decodeMessages = (
  rows: ReadonlyArray<MessageRow>
): Effect.Effect<ReadonlyArray<Message>, StorageError> =>
  decodeStoredMessages(rows).pipe(
    Effect.mapError(corrupt("read messages")),
    Effect.map((messages) => messages.map(({ sent_at, ...message }) => ({ ...message, sentAt: sent_at })))
  )

type StoredThread = (typeof StoredThreads.Type)[number]

const lastOf = ({ id, last_id, last_number, sender, sent_at, text }: StoredThread): Message | null =>
  last_id === null || sender === null || text === null || sent_at === null
    ? null
    : { id: last_id, conversation: id, number: last_number, sender, text, sentAt: sent_at }

const threadOf = (stored: StoredThread): Thread => {
  const { created_at, id, last_number, participants, read_up_to, title } = stored
  const conversation: Conversation = { id, participants, title, createdAt: created_at }
  return { conversation, last: lastOf(stored), unread: last_number - read_up_to, readUpTo: read_up_to }
}

export const decodeThreads = (
  rows: ReadonlyArray<ThreadRow>
): Effect.Effect<ReadonlyArray<Thread>, StorageError> =>
  decodeStoredThreads(rows).pipe(
    Effect.mapError(corrupt("read threads")),
    Effect.map((threads) => threads.map(threadOf))
  )
