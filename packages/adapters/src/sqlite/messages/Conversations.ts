import type { Database as BunDatabase } from "bun:sqlite"
import type { Tenant } from "@influscope/domain/access/Principal"
import type { Conversation, ConversationId, Message, Thread } from "@influscope/domain/messages/Conversation"
import { ConversationStore, type MessageRange, type Person } from "@influscope/ports/ConversationStore"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  decodeMessages,
  decodeThreads,
  encodeParticipants,
  type MessageRow,
  type ThreadRow
} from "../../messages/ConversationRows.ts"
import type { SqliteDatabase } from "../Database.ts"

const threadColumns = `
  conversations.id, participants, title, created_at, members.last_number, read_up_to,
  messages.id AS last_id, sender, text, sent_at
FROM members
JOIN conversations ON conversations.tenant = members.tenant AND conversations.id = members.conversation
LEFT JOIN messages ON messages.tenant = members.tenant AND messages.conversation = members.conversation
  AND messages.number = members.last_number`

const findThread = (db: BunDatabase, { subject, tenant }: Person, id: ConversationId): ThreadRow | null =>
  db
    .query<ThreadRow, [string, string, string]>(
      `SELECT ${threadColumns} WHERE members.tenant = ? AND members.conversation = ? AND members.subject = ?`
    )
    .get(tenant, id, subject)

const takesPart = (db: BunDatabase, { subject, tenant }: Person, id: ConversationId): boolean =>
  db
    .query<{ one: 1 }, [string, string, string]>(
      "SELECT 1 AS one FROM members WHERE tenant = ? AND conversation = ? AND subject = ?"
    )
    .get(tenant, id, subject) !== null

const insert = (db: BunDatabase, tenant: Tenant, conversation: Conversation): void => {
  const { id, participants, title } = conversation
  const createdAt = conversation.createdAt.getTime()
  const { changes } = db
    .query<never, [string, string, string, string | null, number, number]>(
      `INSERT INTO conversations (tenant, id, participants, title, created_at, last_number, last_at)
       VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING`
    )
    .run(tenant, id, encodeParticipants(participants), title, createdAt, createdAt)
  if (changes === 0) return
  const join = db.query<never, [string, string, string, number]>(
    `INSERT INTO members (tenant, conversation, subject, last_number, last_at, read_up_to)
     VALUES (?, ?, ?, 0, ?, 0) ON CONFLICT DO NOTHING`
  )
  for (const subject of participants) join.run(tenant, id, subject, createdAt)
}

const messageColumns = "id, conversation, number, sender, text, sent_at"

const findSent = (db: BunDatabase, tenant: Tenant, message: Omit<Message, "number">): MessageRow | null =>
  db
    .query<MessageRow, [string, string, string, string]>(
      `SELECT ${messageColumns} FROM messages WHERE tenant = ? AND conversation = ? AND sender = ? AND id = ?`
    )
    .get(tenant, message.conversation, message.sender, message.id)

const append = (db: BunDatabase, tenant: Tenant, message: Omit<Message, "number">): MessageRow | null => {
  const { conversation, id, sender, text } = message
  const place = db
    .query<{ number: number; at: number }, [number, string, string]>(
      `UPDATE conversations SET last_number = last_number + 1, last_at = max(last_at, ?)
       WHERE tenant = ? AND id = ? RETURNING last_number AS number, last_at AS at`
    )
    .get(message.sentAt.getTime(), tenant, conversation)
  if (place === null) return null
  const { at, number } = place
  db.query<never, [number, number, string, number, string, string]>(
    `UPDATE members SET last_number = ?, last_at = ?, read_up_to = CASE WHEN subject = ? THEN ? ELSE read_up_to END
     WHERE tenant = ? AND conversation = ?`
  ).run(number, at, sender, number, tenant, conversation)
  return db
    .query<MessageRow, [string, string, number, string, string, string, number]>(
      `INSERT INTO messages (tenant, conversation, number, id, sender, text, sent_at)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING ${messageColumns}`
    )
    .get(tenant, conversation, number, id, sender, text, at)
}

const selectRange = (
  db: BunDatabase,
  tenant: Tenant,
  id: ConversationId,
  range: MessageRange
): ReadonlyArray<MessageRow> => {
  const forward = "after" in range
  const from = forward ? range.after : (range.before ?? Number.MAX_SAFE_INTEGER)
  return db
    .query<MessageRow, [string, string, number, number]>(
      `SELECT ${messageColumns} FROM messages WHERE tenant = ? AND conversation = ?
       AND number ${forward ? ">" : "<"} ? ORDER BY number ${forward ? "ASC" : "DESC"} LIMIT ?`
    )
    .all(tenant, id, from, range.limit)
}

/** Conversations in a file of this process: what is written at once stands in the order of the writes. */
export const conversationsIn = (database: SqliteDatabase): ConversationStore["Type"] => {
  const oneThread = (
    row: Effect.Effect<ThreadRow | null, StorageError>
  ): Effect.Effect<Option.Option<Thread>, StorageError> =>
    Effect.flatMap(row, (found) =>
      found === null
        ? Effect.succeedNone
        : Effect.map(decodeThreads([found]), ([thread]) => Option.fromNullable(thread))
    )

  return ConversationStore.of({
    begin: Effect.fn("SqliteConversations.begin")(function* (tenant, conversation) {
      const begun = yield* database.transaction("begin a conversation", (db) => {
        insert(db, tenant, conversation)
        return db
          .query<ThreadRow, [string, string]>(
            `SELECT id, participants, title, created_at, last_number, 0 AS read_up_to, NULL AS last_id,
               NULL AS sender, NULL AS text, NULL AS sent_at
             FROM conversations WHERE tenant = ? AND id = ?`
          )
          .get(tenant, conversation.id)
      })
      const [thread] = yield* decodeThreads(begun === null ? [] : [begun])
      return thread?.conversation ?? conversation
    }),
    inbox: Effect.fn("SqliteConversations.inbox")(function* ({ subject, tenant }, after, limit) {
      const rows = yield* database.read("read an inbox", (db) =>
        db
          .query<ThreadRow, [string, string, number, string, number]>(
            `SELECT ${threadColumns} WHERE members.tenant = ? AND members.subject = ?
             AND (members.last_at, members.conversation) < (?, ?)
             ORDER BY members.last_at DESC, members.conversation DESC LIMIT ?`
          )
          .all(tenant, subject, after?.at ?? Number.MAX_SAFE_INTEGER, after?.id ?? "", limit)
      )
      return yield* decodeThreads(rows)
    }),
    unread: ({ subject, tenant }) =>
      database.read(
        "count unread messages",
        (db) =>
          db
            .query<{ unread: number | null }, [string, string]>(
              "SELECT sum(last_number - read_up_to) AS unread FROM members WHERE tenant = ? AND subject = ?"
            )
            .get(tenant, subject)?.unread ?? 0
      ),
    thread: (who, id) => oneThread(database.read("read a thread", (db) => findThread(db, who, id))),
    send: Effect.fn("SqliteConversations.send")(function* (tenant, message) {
      const row = yield* database.transaction("send a message", (db) => {
        const { conversation, sender } = message
        if (!takesPart(db, { tenant, subject: sender }, conversation)) return null
        return findSent(db, tenant, message) ?? append(db, tenant, message)
      })
      const [sent] = yield* decodeMessages(row === null ? [] : [row])
      return Option.fromNullable(sent)
    }),
    messages: Effect.fn("SqliteConversations.messages")(function* (who, id, range) {
      const rows = yield* database.read("read messages", (db) =>
        takesPart(db, who, id) ? selectRange(db, who.tenant, id, range) : undefined
      )
      return rows === undefined ? Option.none() : Option.some(yield* decodeMessages(rows))
    }),
    markRead: (who, id, upTo) =>
      oneThread(
        database.transaction("mark messages as read", (db) => {
          db.query<never, [number, string, string, string]>(
            `UPDATE members SET read_up_to = max(read_up_to, min(?, last_number))
             WHERE tenant = ? AND conversation = ? AND subject = ?`
          ).run(upTo, who.tenant, id, who.subject)
          return findThread(db, who, id)
        })
      )
  })
}
