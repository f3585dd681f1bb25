import type { Thread } from "@influscope/domain/messages/Conversation"
import { ConversationStore } from "@influscope/ports/ConversationStore"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import {
  decodeMessages,
  decodeThreads,
  encodeParticipants,
  type MessageRow,
  type ThreadRow
} from "../../messages/ConversationRows.ts"
import { Database } from "../Database.ts"

const messageColumns = "id, conversation, number, sender, text, sent_at::float8 AS sent_at"

const threads = `
SELECT conversations.id, participants, title, created_at::float8 AS created_at, members.last_number, read_up_to,
  messages.id AS last_id, sender, text, sent_at::float8 AS sent_at
FROM influscope.members
JOIN influscope.conversations ON conversations.tenant = members.tenant AND conversations.id = members.conversation
LEFT JOIN influscope.messages ON messages.tenant = members.tenant AND messages.conversation = members.conversation
  AND messages.number = members.last_number`

/** $1 tenant, $2 conversation, $3 subject. */
const findThread = `${threads}
WHERE members.tenant = $1::text AND members.conversation = $2::text AND members.subject = $3::text`

/** $1 tenant, $2 subject, $3 time, $4 conversation, $5 limit. */
const inbox = `${threads}
WHERE members.tenant = $1::text AND members.subject = $2::text
  AND (members.last_at, members.conversation) < ($3::bigint, $4::text)
ORDER BY members.last_at DESC, members.conversation DESC LIMIT $5::integer`

/** $1 tenant, $2 id, $3 participants (JSON), $4 title, $5 time. */
const begin = `
WITH begun AS (
  INSERT INTO influscope.conversations (tenant, id, participants, title, created_at, last_number, last_at)
  VALUES ($1::text, $2::text, $3::text, $4::text, $5::bigint, 0, $5::bigint) ON CONFLICT DO NOTHING RETURNING 1
)
INSERT INTO influscope.members (tenant, conversation, subject, last_number, last_at, read_up_to)
SELECT DISTINCT $1::text, $2::text, subject, 0, $5::bigint, 0 FROM json_array_elements_text($3::json) AS subject, begun`

/** $1 tenant, $2 id. */
const findConversation = `
SELECT id, participants, title, created_at::float8 AS created_at, last_number, 0 AS read_up_to,
  NULL AS last_id, NULL AS sender, NULL AS text, NULL AS sent_at
FROM influscope.conversations WHERE tenant = $1::text AND id = $2::text`

const takesPart = `
EXISTS (SELECT FROM influscope.members WHERE tenant = $1::text AND conversation = $2::text AND subject = $3::text)`

/**
 * $1 tenant, $2 conversation, $3 sender, $4 id, $5 text, $6 time. The row of the conversation stays locked from the count to the
 * commit: numbers have no gaps, and who sees one has seen those before it.
 */
const send = `
WITH known AS (
  SELECT id, conversation, number, sender, text, sent_at FROM influscope.messages
  WHERE tenant = $1::text AND conversation = $2::text AND sender = $3::text AND id = $4::text AND ${takesPart}
), place AS (
  UPDATE influscope.conversations SET last_number = last_number + 1, last_at = greatest(last_at, $6::bigint)
  WHERE tenant = $1::text AND id = $2::text AND ${takesPart} AND NOT EXISTS (SELECT FROM known)
  RETURNING last_number AS number, last_at AS at
), told AS (
  UPDATE influscope.members SET last_number = number, last_at = at,
    read_up_to = CASE WHEN subject = $3::text THEN number ELSE read_up_to END
  FROM place WHERE tenant = $1::text AND conversation = $2::text
), added AS (
  INSERT INTO influscope.messages (tenant, conversation, number, id, sender, text, sent_at)
  SELECT $1::text, $2::text, number, $4::text, $3::text, $5::text, at FROM place
  RETURNING id, conversation, number, sender, text, sent_at
)
SELECT ${messageColumns} FROM (SELECT * FROM known UNION ALL SELECT * FROM added) AS sent`

/** $1 tenant, $2 conversation, $3 subject, $4 number, $5 limit. */
const messagesAfter = `
SELECT ${messageColumns} FROM influscope.messages
WHERE tenant = $1::text AND conversation = $2::text AND ${takesPart} AND number > $4::integer
ORDER BY number LIMIT $5::integer`

/** As before, the other way. */
const messagesBefore = `
SELECT ${messageColumns} FROM influscope.messages
WHERE tenant = $1::text AND conversation = $2::text AND ${takesPart} AND number < $4::integer
ORDER BY number DESC LIMIT $5::integer`

/** $1 tenant, $2 conversation, $3 subject, $4 number. */
const markRead = `
UPDATE influscope.members SET read_up_to = greatest(read_up_to, least($4::bigint, last_number)::integer)
WHERE tenant = $1::text AND conversation = $2::text AND subject = $3::text`

/** $1 tenant, $2 subject. */
const countUnread = `
SELECT coalesce(sum(last_number - read_up_to), 0)::float8 AS unread FROM influscope.members
WHERE tenant = $1::text AND subject = $2::text`

const highestNumber = 2_147_483_647

const make = Effect.gen(function* () {
  const { query } = yield* Database

  const oneThread = (
    operation: string,
    parameters: ReadonlyArray<string>
  ): Effect.Effect<Option.Option<Thread>, StorageError> =>
    Effect.gen(function* () {
      const [thread] = yield* decodeThreads(yield* query<ThreadRow>(operation, findThread, parameters))
      return Option.fromNullable(thread)
    })

  return ConversationStore.of({
    begin: Effect.fn("PostgresConversations.begin")(function* (tenant, conversation) {
      const { createdAt, id, participants, title } = conversation
      yield* query("begin a conversation", begin, [
        tenant,
        id,
        encodeParticipants(participants),
        title,
        createdAt.getTime()
      ])
      const rows = yield* query<ThreadRow>("begin a conversation", findConversation, [tenant, id])
      const [thread] = yield* decodeThreads(rows)
      return thread?.conversation ?? conversation
    }),
    inbox: Effect.fn("PostgresConversations.inbox")(function* ({ subject, tenant }, after, limit) {
      const from = [after?.at ?? Number.MAX_SAFE_INTEGER, after?.id ?? ""]
      return yield* decodeThreads(
        yield* query<ThreadRow>("read an inbox", inbox, [tenant, subject, ...from, limit])
      )
    }),
    unread: ({ subject, tenant }) =>
      Effect.map(
        query<{ unread: number }>("count unread messages", countUnread, [tenant, subject]),
        ([row]) => row?.unread ?? 0
      ),
    thread: ({ subject, tenant }, id) => oneThread("read a thread", [tenant, id, subject]),
    send: Effect.fn("PostgresConversations.send")(function* (tenant, message) {
      const { conversation, id, sender, sentAt, text } = message
      const rows = yield* query<MessageRow>("send a message", send, [
        tenant,
        conversation,
        sender,
        id,
        text,
        sentAt.getTime()
      ]).pipe(
        // Sent twice at once: the second one finds what the first one wrote.
        Effect.retry({ times: 3, while: ({ reason }) => reason === "conflict" })
      )
      const [sent] = yield* decodeMessages(rows)
      return Option.fromNullable(sent)
    }),
    messages: Effect.fn("PostgresConversations.messages")(function* (who, id, range) {
      const place = [who.tenant, id, who.subject]
      const rows = yield* "after" in range
        ? query<MessageRow>("read messages", messagesAfter, [...place, range.after, range.limit])
        : query<MessageRow>("read messages", messagesBefore, [
            ...place,
            Math.min(highestNumber, range.before ?? highestNumber),
            range.limit
          ])
      if (rows.length > 0) return Option.some(yield* decodeMessages(rows))
      const thread = yield* oneThread("read messages", place)
      return Option.map(thread, () => [])
    }),
    markRead: Effect.fn("PostgresConversations.markRead")(function* (who, id, upTo) {
      const place = [who.tenant, id, who.subject]
      yield* query("mark messages as read", markRead, [...place, upTo])
      return yield* oneThread("mark messages as read", place)
    })
  })
})

/** Conversations in the database that all services share. */
export const layer: Layer.Layer<ConversationStore, never, Database> = Layer.effect(ConversationStore, make)
