import { assert, describe, it } from "@effect/vitest"
import { Subject, Tenant } from "@influscope/domain/access/Principal"
import {
  type Conversation,
  ConversationId,
  type Message,
  MessageId
} from "@influscope/domain/messages/Conversation"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { ConversationStore, type Person } from "../ConversationStore.ts"
import { type Restartable, suite, unique } from "./Conformance.ts"

const at = (millis: number): Date => new Date(Date.UTC(2026, 0, 1) + millis)
const person = (tenant: Tenant, name: string): Person => ({ tenant, subject: Subject.make(name) })
const newTenant = () => Tenant.make(unique("tenant"))

const begin = Effect.fnUntraced(function* (tenant: Tenant, names: ReadonlyArray<string>, createdAt = at(0)) {
  const store = yield* ConversationStore
  const conversation: Conversation = {
    id: ConversationId.make(unique("conversation")),
    participants: names.map((name) => Subject.make(name)),
    title: null,
    createdAt
  }
  return yield* store.begin(tenant, conversation)
})

const send = Effect.fnUntraced(function* (
  { subject, tenant }: Person,
  conversation: ConversationId,
  id: string,
  text = id,
  sentAt = at(1)
) {
  const store = yield* ConversationStore
  const message = { id: MessageId.make(id), conversation, sender: subject, text, sentAt }
  return Option.getOrUndefined(yield* store.send(tenant, message))
})

const all = Effect.fnUntraced(function* (who: Person, id: ConversationId) {
  const store = yield* ConversationStore
  const found = yield* store.messages(who, id, { after: 0, limit: 1_000 })
  return Option.getOrElse(found, (): ReadonlyArray<Message> => [])
})

const unreadOf = Effect.fnUntraced(function* (who: Person, id: ConversationId) {
  const store = yield* ConversationStore
  return Option.getOrThrow(yield* store.thread(who, id)).unread
})

/** What every ConversationStore must do. The layer is built once and shared by the tests. */
export const conversationStoreConformance = <E>(
  name: string,
  layer: Layer.Layer<ConversationStore, E>,
  restartable: Restartable<ConversationStore, E>
): void => {
  suite(`ConversationStore: ${name}`, layer, (test) => {
    test("numbers messages in their order, and never keeps one twice", () =>
      Effect.gen(function* () {
        const tenant = newTenant()
        const [ann, bob] = [person(tenant, "ann"), person(tenant, "bob")]
        const { id } = yield* begin(tenant, ["ann", "bob"])
        const first = yield* send(ann, id, "one")
        yield* send(bob, id, "one", "of bob")
        assert.deepStrictEqual(yield* send(ann, id, "one", "something else", at(99)), first)
        yield* send(ann, id, "two")
        assert.deepStrictEqual(
          (yield* all(bob, id)).map(({ number, sender, text }) => [number, sender, text]),
          [
            [1, "ann", "one"],
            [2, "bob", "of bob"],
            [3, "ann", "two"]
          ]
        )
      }))

    test("keeps order, numbers and counts however many send at once, and again", () =>
      Effect.gen(function* () {
        const tenant = newTenant()
        const names = ["ann", "bob", "cat"]
        const { id } = yield* begin(tenant, names)
        const given = names.flatMap((name) =>
          Array.from({ length: 10 }, (_, place) => ({ who: person(tenant, name), id: `m${place}` }))
        )
        const shuffled = FastCheck.sample(
          FastCheck.shuffledSubarray([...given, ...given], { minLength: 60 }),
          {
            numRuns: 1,
            seed: 7
          }
        ).flat()
        yield* Effect.forEach(shuffled, (each) => send(each.who, id, each.id), {
          concurrency: 8,
          discard: true
        })
        const messages = yield* all(person(tenant, "ann"), id)
        assert.deepStrictEqual(
          messages.map(({ number }) => number),
          Array.from({ length: 30 }, (_, place) => place + 1)
        )
        assert.strictEqual(new Set(messages.map((each) => `${each.sender} ${each.id}`)).size, 30)
        for (const name of names) {
          const own = messages.filter(({ sender }) => sender === name).at(-1)?.number ?? 0
          assert.strictEqual(yield* unreadOf(person(tenant, name), id), 30 - own)
        }
      }))

    test("never gives a message a time before that of the one before it", () =>
      Effect.gen(function* () {
        const tenant = newTenant()
        const ann = person(tenant, "ann")
        const { id } = yield* begin(tenant, ["ann", "bob"])
        yield* send(ann, id, "late", "late", at(1_000))
        yield* send(ann, id, "early", "early", at(500))
        assert.deepStrictEqual(
          (yield* all(ann, id)).map(({ sentAt }) => sentAt),
          [at(1_000), at(1_000)]
        )
      }))

    test("keeps the conversation that was there first under an id", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const tenant = newTenant()
        const first = yield* begin(tenant, ["ann", "bob"])
        const other = { ...first, participants: [Subject.make("eve"), Subject.make("ann")], title: "other" }
        assert.deepStrictEqual(yield* store.begin(tenant, other), first)
        assert.isTrue(Option.isNone(yield* store.thread(person(tenant, "eve"), first.id)))
      }))

    test("is closed to who takes no part, and to other tenants", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const [tenant, foreign] = [newTenant(), newTenant()]
        const { id } = yield* begin(tenant, ["ann", "bob"])
        yield* send(person(tenant, "ann"), id, "hello")
        for (const stranger of [person(tenant, "eve"), person(foreign, "ann")]) {
          assert.isUndefined(yield* send(stranger, id, "hello"))
          assert.isTrue(Option.isNone(yield* store.thread(stranger, id)))
          assert.isTrue(Option.isNone(yield* store.messages(stranger, id, { after: 0, limit: 10 })))
          assert.isTrue(Option.isNone(yield* store.markRead(stranger, id, 1)))
          assert.deepStrictEqual(yield* store.inbox(stranger, undefined, 10), [])
          assert.strictEqual(yield* store.unread(stranger), 0)
        }
        assert.strictEqual((yield* all(person(tenant, "bob"), id)).length, 1)
      }))

    test("has the same ids stand for other things in other tenants", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const [one, two] = [newTenant(), newTenant()]
        const first = yield* begin(one, ["ann", "bob"])
        const second = yield* store.begin(two, { ...first, title: "another" })
        yield* send(person(one, "ann"), first.id, "m", "in one")
        yield* send(person(two, "ann"), first.id, "m", "in two")
        assert.strictEqual(second.title, "another")
        assert.deepStrictEqual(
          (yield* all(person(one, "bob"), first.id)).map(({ text }) => text),
          ["in one"]
        )
        assert.deepStrictEqual(
          (yield* all(person(two, "bob"), first.id)).map(({ text }) => text),
          ["in two"]
        )
      }))

    test("counts what is unread, and never goes back", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const tenant = newTenant()
        const [ann, bob] = [person(tenant, "ann"), person(tenant, "bob")]
        const { id } = yield* begin(tenant, ["ann", "bob"])
        for (const text of ["a", "b", "c"]) yield* send(ann, id, text)
        assert.deepStrictEqual([yield* unreadOf(ann, id), yield* unreadOf(bob, id)], [0, 3])
        assert.strictEqual(Option.getOrThrow(yield* store.markRead(bob, id, 2)).unread, 1)
        assert.strictEqual(Option.getOrThrow(yield* store.markRead(bob, id, 1)).unread, 1)
        assert.strictEqual(Option.getOrThrow(yield* store.markRead(bob, id, 999)).unread, 0)
        yield* send(ann, id, "d")
        assert.strictEqual(yield* unreadOf(bob, id), 1)
        yield* send(bob, id, "e")
        assert.deepStrictEqual([yield* unreadOf(ann, id), yield* unreadOf(bob, id)], [1, 0])
        assert.strictEqual(yield* store.unread(ann), 1)
      }))

    test("pages through an inbox, the latest first, and misses nothing of it", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const tenant = newTenant()
        const ann = person(tenant, "ann")
        const begun = yield* Effect.forEach([5, 1, 3, 3, 3, 2, 4], (hour) =>
          begin(tenant, ["ann", "bob"], at(hour))
        )
        const [last] = begun
        if (last !== undefined) yield* send(ann, last.id, "latest", "x", at(9))
        const seen: Array<readonly [number, string]> = []
        let after: { readonly at: number; readonly id: ConversationId } | undefined
        for (;;) {
          const page = yield* store.inbox(ann, after, 2)
          for (const { conversation, last } of page)
            seen.push([(last?.sentAt ?? conversation.createdAt).getTime(), conversation.id])
          const end = page.at(-1)
          if (end === undefined) break
          after = {
            at: (end.last?.sentAt ?? end.conversation.createdAt).getTime(),
            id: end.conversation.id
          }
        }
        assert.strictEqual(new Set(seen.map(([, id]) => id)).size, begun.length)
        assert.deepStrictEqual(
          seen.map(([time]) => time - at(0).getTime()),
          [9, 4, 3, 3, 3, 2, 1]
        )
      }))

    test("pages through messages both ways", () =>
      Effect.gen(function* () {
        const store = yield* ConversationStore
        const tenant = newTenant()
        const ann = person(tenant, "ann")
        const { id } = yield* begin(tenant, ["ann", "bob"])
        for (const text of ["a", "b", "c", "d", "e"]) yield* send(ann, id, text)
        const texts = (range: Parameters<typeof store.messages>[2]) =>
          Effect.map(store.messages(ann, id, range), (found) =>
            Option.getOrThrow(found).map(({ text }) => text)
          )
        assert.deepStrictEqual(yield* texts({ before: undefined, limit: 2 }), ["e", "d"])
        assert.deepStrictEqual(yield* texts({ before: 4, limit: 2 }), ["c", "b"])
        assert.deepStrictEqual(yield* texts({ before: 1, limit: 2 }), [])
        assert.deepStrictEqual(yield* texts({ after: 3, limit: 2 }), ["d", "e"])
        assert.deepStrictEqual(yield* texts({ after: 5, limit: 2 }), [])
      }))

    test("keeps awkward text as it is", () =>
      Effect.gen(function* () {
        const tenant = newTenant()
        const ann = person(tenant, "ann")
        const { id } = yield* begin(tenant, ["ann", "bob"])
        const text = "\"'\\ \r\n\t é e\u0301 日本語 العربية 👩‍👩‍👧‍👦 \u2028 %00 <&> $1 ?"
        yield* send(ann, id, "awkward", text)
        assert.deepStrictEqual(
          (yield* all(ann, id)).map((each) => each.text),
          [text]
        )
      }))
  })

  describe(`ConversationStore across restarts: ${name}`, () => {
    it.scopedLive("has everything", () =>
      Effect.gen(function* () {
        const reopen = yield* restartable
        const tenant = newTenant()
        const ann = person(tenant, "ann")
        const before = yield* Effect.gen(function* () {
          const { id } = yield* begin(tenant, ["ann", "bob"])
          for (const text of ["a", "b"]) yield* send(ann, id, text)
          return { id, messages: yield* all(ann, id) }
        }).pipe(Effect.provide(reopen))
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* all(ann, before.id), before.messages)
          const again = yield* send(ann, before.id, "b")
          assert.strictEqual(again?.number, 2)
          assert.strictEqual(yield* unreadOf(person(tenant, "bob"), before.id), 2)
        }).pipe(Effect.provide(reopen))
      })
    )
  })
}
