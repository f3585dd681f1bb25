import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Layer from "effect/Layer"
import {
  type AppliedCounts,
  type ConfirmedBefore,
  type Grace,
  type JobProgress,
  Outbox,
  type TopicAudit
} from "../Outbox.ts"
import type { Message } from "../PubSub.ts"
import { awkwardText, type Restartable, suite, unique } from "./Conformance.ts"

export interface OutboxConformanceOptions<E> {
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<Outbox, E>
}

const anHour = 3_600_000
/** With it, what is still open counts as missing at once. */
const noGrace = -1

const makeMessage = (items = 1, payload = "{}"): Message => ({
  id: unique("batch"),
  payload,
  items,
  traceparent: undefined
})

const counts = (created: number, updated = 0, unchanged = 0): AppliedCounts => ({
  created,
  updated,
  unchanged
})

const noAudit = (topic: string): TopicAudit => ({
  topic,
  sent: 0,
  sentBatches: 0,
  applied: 0,
  duplicateBatches: 0,
  deadLettered: 0,
  dropped: 0,
  pending: 0,
  missing: 0
})

const noProgress: JobProgress = {
  batches: 0,
  items: 0,
  confirmedBatches: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deadLetteredItems: 0,
  deadLetteredBatches: 0
}

const auditOf = Effect.fnUntraced(function* (topic: string, graceMillis = anHour) {
  const outbox = yield* Outbox
  const all = yield* outbox.audit(graceMillis)
  return all.find((entry) => entry.topic === topic) ?? noAudit(topic)
})

const allBefore = (confirmedBefore: number): ConfirmedBefore => ({
  ofJobs: confirmedBefore,
  others: confirmedBefore
})

/** Whatever was sent before is to be sent again, however often it was. */
const impatient: Grace = { first: 0, longest: 0 }

const overdueOf = Effect.fnUntraced(function* (topic: string, sentBefore: number) {
  const outbox = yield* Outbox
  return yield* outbox.overdue(topic, sentBefore, impatient, 100_000)
})

const soonAfter = Effect.zipRight(
  Effect.sleep("5 millis"),
  Effect.sync(() => Date.now())
)

type Step =
  | { readonly _tag: "Append"; readonly batch: number }
  | { readonly _tag: "Confirm"; readonly batch: number }
  | { readonly _tag: "Dead"; readonly batch: number }
  | { readonly _tag: "Dropped"; readonly batch: number }
  | { readonly _tag: "Resent"; readonly batch: number }

const batches = 4

const steps: FastCheck.Arbitrary<ReadonlyArray<Step>> = FastCheck.array(
  FastCheck.record({
    _tag: FastCheck.constantFrom("Append", "Confirm", "Dead", "Dropped", "Resent"),
    batch: FastCheck.nat(batches - 1)
  }),
  { maxLength: 25, size: "max" }
)

const itemsOf = (batch: number): number => 10 ** batch

/** The accounts a sequence of steps must leave, kept the simplest way there is. */
class Model {
  readonly states = new Map<number, "sent" | "confirmed" | "dead" | "dropped">()
  duplicates = 0

  /** What `append`, `confirm` and `markDead` must answer. */
  step({ _tag, batch }: Step): boolean {
    const state = this.states.get(batch)
    if (_tag === "Append") {
      if (state === undefined) this.states.set(batch, "sent")
      return state === undefined
    }
    if (state === undefined) return _tag !== "Confirm"
    if (_tag === "Confirm") {
      if (state === "confirmed") this.duplicates += 1
      this.states.set(batch, "confirmed")
      return state !== "confirmed"
    }
    if (_tag !== "Resent" && state === "confirmed") return false
    if (_tag === "Dead" && state === "sent") this.states.set(batch, "dead")
    if (_tag === "Dropped") this.states.set(batch, "dropped")
    if (_tag === "Resent" && state === "dead") this.states.set(batch, "sent")
    return true
  }

  batchesIn(...wanted: ReadonlyArray<string>): ReadonlyArray<number> {
    return [...this.states].filter(([, state]) => wanted.includes(state)).map(([batch]) => batch)
  }

  itemsIn(...wanted: ReadonlyArray<string>): number {
    return this.batchesIn(...wanted).reduce((sum, batch) => sum + itemsOf(batch), 0)
  }

  audit(topic: string): TopicAudit {
    return {
      topic,
      sent: this.itemsIn("sent", "confirmed", "dead", "dropped"),
      sentBatches: this.states.size,
      applied: this.itemsIn("confirmed"),
      duplicateBatches: this.duplicates,
      deadLettered: this.itemsIn("dead"),
      dropped: this.itemsIn("dropped"),
      pending: this.itemsIn("sent"),
      missing: 0
    }
  }

  progress(): JobProgress {
    return {
      batches: this.states.size,
      items: this.itemsIn("sent", "confirmed", "dead", "dropped"),
      confirmedBatches: this.batchesIn("confirmed").length,
      created: this.itemsIn("confirmed"),
      updated: this.batchesIn("confirmed").length,
      unchanged: 0,
      deadLetteredItems: this.itemsIn("dead", "dropped"),
      deadLetteredBatches: this.batchesIn("dead", "dropped").length
    }
  }
}

/** What every Outbox must do. The layer is built once and shared by the tests. */
export const outboxConformance = <E>(
  name: string,
  layer: Layer.Layer<Outbox, E>,
  options: OutboxConformanceOptions<E> = {}
): void => {
  suite(`Outbox: ${name}`, layer, (test) => {
    test("keeps a batch whole and hands it back when it is overdue", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        const message = { ...makeMessage(7, JSON.stringify(awkwardText)), traceparent }
        const large = makeMessage(500, JSON.stringify("é".repeat(256 * 1024 - 8)))
        assert.isTrue(yield* outbox.append(topic, message, undefined))
        assert.deepStrictEqual(yield* overdueOf(topic, Date.now() - anHour), [])
        yield* soonAfter
        yield* outbox.append(topic, large, undefined)
        assert.deepStrictEqual(yield* overdueOf(topic, yield* soonAfter), [message, large])
      }))

    test("leaves a batch that is already there as it is", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, other, job] = [unique("topic"), unique("topic"), unique("job")]
        const message = makeMessage(3, JSON.stringify("first"))
        assert.isTrue(yield* outbox.append(topic, message, job))
        assert.isFalse(
          yield* outbox.append(topic, { ...message, payload: JSON.stringify("second"), items: 9 }, job)
        )
        assert.isTrue(yield* outbox.append(other, message, undefined))
        assert.strictEqual((yield* overdueOf(topic, yield* soonAfter))[0]?.payload, message.payload)
        assert.strictEqual((yield* auditOf(topic)).sent, 3)
        assert.strictEqual((yield* outbox.progress(job)).batches, 1)
      }))

    test("lists overdue batches oldest first, at most as many as asked", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const messages = Array.from({ length: 5 }, () => makeMessage())
        yield* Effect.forEach(
          messages,
          (message) => Effect.zipRight(soonAfter, outbox.append(topic, message, undefined)),
          { discard: true }
        )
        const found = yield* overdueOf(topic, yield* soonAfter)
        assert.deepStrictEqual(
          found.map((message) => message.id),
          messages.map((message) => message.id)
        )
        yield* outbox.append(unique("topic"), makeMessage(), undefined)
        assert.deepStrictEqual(
          yield* outbox.overdue(topic, yield* soonAfter, impatient, 2),
          messages.slice(0, 2)
        )
      }))

    test("does not hand out again what was resent just now, confirmed, or dead", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const [resent, confirmed, dead, dropped, left] = [
          makeMessage(),
          makeMessage(),
          makeMessage(),
          makeMessage(),
          makeMessage()
        ]
        for (const message of [resent, confirmed, dead, dropped, left])
          yield* outbox.append(topic, message, undefined)
        const sentBefore = yield* soonAfter
        yield* outbox.resent(topic, resent.id)
        yield* outbox.confirm(topic, confirmed.id, counts(1))
        yield* outbox.markDead(topic, dead.id, "dead")
        yield* outbox.markDead(topic, dropped.id, "dropped")
        const ids = (yield* overdueOf(topic, sentBefore)).map((message) => message.id)
        assert.deepStrictEqual(ids, [left.id])
        const later = (yield* overdueOf(topic, yield* soonAfter)).map((message) => message.id)
        assert.deepStrictEqual(later, [left.id, resent.id])
      }))

    test("doubles the grace of a batch with every time it is sent, and begins anew with a replay", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const message = makeMessage()
        const isOverdue = (at: number, longest: number) =>
          Effect.map(outbox.overdue(topic, at, { first: 0, longest }, 10), (found) => found.length === 1)
        /** Answers a time just before it. */
        const resendAfter = (millis: number) =>
          Effect.sleep(millis).pipe(
            Effect.zipRight(Effect.sync(() => Date.now())),
            Effect.zipLeft(outbox.resent(topic, message.id))
          )
        const appended = Date.now()
        yield* outbox.append(topic, message, undefined)
        const first = yield* resendAfter(300)
        assert.isFalse(yield* isOverdue(first + 10, anHour))
        const age = (yield* soonAfter) - appended
        assert.isTrue(yield* isOverdue(yield* soonAfter, 1))
        assert.isTrue(yield* isOverdue((yield* soonAfter) + age, anHour))
        const second = yield* resendAfter(age)
        // Twice as old as before, and so twice as patient: what was enough then is not now, unless it is the longest.
        assert.isFalse(yield* isOverdue(second + age, anHour))
        assert.isTrue(yield* isOverdue((yield* soonAfter) + age, age))
        const now = yield* soonAfter
        assert.isTrue(yield* isOverdue(now + (now - appended), anHour))
        yield* outbox.markDead(topic, message.id, "dead")
        yield* outbox.resent(topic, message.id)
        assert.isTrue(yield* isOverdue(yield* soonAfter, anHour))
      }))

    test("counts a confirmation once, however often the batch is delivered", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, job] = [unique("topic"), unique("job")]
        const message = makeMessage(10)
        yield* outbox.append(topic, message, job)
        assert.isTrue(yield* outbox.confirm(topic, message.id, counts(5, 3, 2)))
        assert.isFalse(yield* outbox.confirm(topic, message.id, counts(0, 0, 10)))
        assert.isFalse(yield* outbox.confirm(topic, message.id, counts(0, 0, 10)))
        assert.deepStrictEqual(yield* auditOf(topic), {
          ...noAudit(topic),
          sent: 10,
          sentBatches: 1,
          applied: 10,
          duplicateBatches: 2
        })
        assert.deepStrictEqual(yield* outbox.progress(job), {
          ...noProgress,
          ...counts(5, 3, 2),
          batches: 1,
          items: 10,
          confirmedBatches: 1
        })
      }))

    test("counts a confirmation once when deliveries race", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const message = makeMessage(10)
        yield* outbox.append(topic, message, undefined)
        const first = yield* Effect.all(
          Array.from({ length: 8 }, () => outbox.confirm(topic, message.id, counts(10))),
          { concurrency: 8 }
        )
        assert.strictEqual(first.filter((answer) => answer).length, 1)
        const audit = yield* auditOf(topic)
        assert.strictEqual(audit.applied, 10)
        assert.strictEqual(audit.duplicateBatches, 7)
      }))

    test("moves a batch from dead to applied when its replay is confirmed", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, job] = [unique("topic"), unique("job")]
        const message = makeMessage(4)
        yield* outbox.append(topic, message, job)
        yield* outbox.markDead(topic, message.id, "dead")
        yield* outbox.markDead(topic, message.id, "dead")
        assert.strictEqual((yield* auditOf(topic)).deadLettered, 4)
        assert.deepStrictEqual(yield* outbox.progress(job), {
          ...noProgress,
          batches: 1,
          items: 4,
          deadLetteredItems: 4,
          deadLetteredBatches: 1
        })
        assert.isTrue(yield* outbox.confirm(topic, message.id, counts(4)))
        assert.deepStrictEqual(yield* auditOf(topic), {
          ...noAudit(topic),
          sent: 4,
          sentBatches: 1,
          applied: 4
        })
        assert.deepStrictEqual(yield* outbox.progress(job), {
          ...noProgress,
          ...counts(4),
          batches: 1,
          items: 4,
          confirmedBatches: 1
        })
      }))

    test("counts a dead batch that was sent again as on its way, whole and once", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, job] = [unique("topic"), unique("job")]
        const message = makeMessage(4, JSON.stringify("kept"))
        yield* outbox.append(topic, message, job)
        yield* outbox.markDead(topic, message.id, "dead")
        yield* outbox.resent(topic, message.id)
        const onItsWay = { ...noAudit(topic), sent: 4, sentBatches: 1, pending: 4 }
        assert.deepStrictEqual(yield* auditOf(topic), onItsWay)
        assert.deepStrictEqual(yield* outbox.progress(job), { ...noProgress, batches: 1, items: 4 })
        assert.deepStrictEqual(yield* overdueOf(topic, yield* soonAfter), [message])
        yield* outbox.markDead(topic, message.id, "dead")
        assert.strictEqual((yield* auditOf(topic)).deadLettered, 4)
        yield* outbox.resent(topic, message.id)
        yield* outbox.confirm(topic, message.id, counts(4))
        yield* outbox.resent(topic, message.id)
        assert.isFalse(yield* outbox.markDead(topic, message.id, "dead"))
        assert.deepStrictEqual(yield* auditOf(topic, noGrace), { ...onItsWay, pending: 0, applied: 4 })
      }))

    test("keeps a dropped batch in the account", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const message = makeMessage(4)
        yield* outbox.append(topic, message, undefined)
        yield* outbox.markDead(topic, message.id, "dead")
        yield* outbox.markDead(topic, message.id, "dropped")
        yield* outbox.markDead(topic, message.id, "dead")
        yield* outbox.resent(topic, message.id)
        assert.deepStrictEqual(yield* auditOf(topic, noGrace), {
          ...noAudit(topic),
          sent: 4,
          sentBatches: 1,
          dropped: 4
        })
      }))

    test("holds a batch missing only when it is older than the grace period", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        const [old, resent] = [makeMessage(5), makeMessage(7)]
        yield* outbox.append(topic, old, undefined)
        yield* outbox.append(topic, resent, undefined)
        yield* Effect.sleep("300 millis")
        yield* outbox.resent(topic, resent.id)
        const within = yield* auditOf(topic, anHour)
        assert.deepStrictEqual([within.pending, within.missing], [12, 0])
        const beyond = yield* auditOf(topic, 200)
        assert.deepStrictEqual([beyond.pending, beyond.missing], [7, 5])
      }))

    test("forgets confirmed batches when pruned, but not the totals", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, job] = [unique("topic"), unique("job")]
        const [confirmed, open, dead] = [makeMessage(3), makeMessage(5), makeMessage(7)]
        for (const message of [confirmed, open, dead]) yield* outbox.append(topic, message, job)
        yield* outbox.confirm(topic, confirmed.id, counts(3))
        yield* outbox.markDead(topic, dead.id, "dead")
        const audit = yield* auditOf(topic)
        const progress = yield* outbox.progress(job)
        yield* outbox.prune(allBefore(Date.now() - anHour))
        assert.isAtLeast(yield* outbox.prune(allBefore(yield* soonAfter)), 1)
        assert.strictEqual(yield* outbox.prune(allBefore(Date.now() - 1)), 0)
        assert.deepStrictEqual(yield* auditOf(topic), audit)
        assert.deepStrictEqual(yield* outbox.progress(job), progress)
        assert.deepStrictEqual(yield* overdueOf(topic, Date.now()), [open])
        assert.isFalse(yield* outbox.confirm(topic, confirmed.id, counts(3)))
        assert.strictEqual((yield* auditOf(topic)).applied, 3)
        assert.isTrue(yield* outbox.confirm(topic, dead.id, counts(7)))
      }))

    test("forgets confirmed batches of no job sooner than those of jobs, and takes them anew then", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const [topic, job] = [unique("topic"), unique("job")]
        const [open, ofJob, ofNone] = [makeMessage(2), makeMessage(3), makeMessage(5)]
        yield* outbox.append(topic, ofJob, job)
        for (const message of [open, ofNone]) yield* outbox.append(topic, message, undefined)
        for (const message of [ofJob, ofNone]) yield* outbox.confirm(topic, message.id, counts(message.items))
        const audit = yield* auditOf(topic)
        const before = yield* soonAfter
        assert.isAtLeast(yield* outbox.prune({ ofJobs: before - anHour, others: before }), 1)
        assert.deepStrictEqual(yield* auditOf(topic), audit)
        assert.isFalse(yield* outbox.append(topic, ofJob, job))
        assert.isFalse(yield* outbox.append(topic, open, undefined))
        // It comes late and is no news; appended again it is sent, and counted, again.
        assert.isFalse(yield* outbox.confirm(topic, ofNone.id, counts(5)))
        assert.isTrue(yield* outbox.append(topic, ofNone, undefined))
        assert.isTrue(yield* outbox.confirm(topic, ofNone.id, counts(0, 0, 5)))
        assert.deepStrictEqual(yield* auditOf(topic), {
          ...audit,
          sent: 15,
          sentBatches: 4,
          applied: 13,
          duplicateBatches: 1
        })
      }))

    test("knows nothing of other jobs and batches", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const topic = unique("topic")
        assert.deepStrictEqual(yield* outbox.progress(unique("job")), noProgress)
        assert.isFalse(yield* outbox.confirm(topic, unique("batch"), counts(1)))
        yield* outbox.markDead(topic, unique("batch"), "dead")
        yield* outbox.resent(topic, unique("batch"))
        assert.strictEqual((yield* auditOf(topic)).sent, 0)
      }))

    test("keeps the accounts right through any sequence of events", () =>
      Effect.gen(function* () {
        const outbox = yield* Outbox
        const run = Effect.fnUntraced(function* (sequence: ReadonlyArray<Step>) {
          const model = new Model()
          const [topic, job, prefix] = [unique("topic"), unique("job"), unique("batch")]
          for (const step of sequence) {
            const id = `${prefix}-${step.batch}`
            const items = itemsOf(step.batch)
            const expected = model.step(step)
            if (step._tag === "Append") {
              const message = { id, payload: "{}", items, traceparent: undefined }
              assert.strictEqual(yield* outbox.append(topic, message, job), expected)
            } else if (step._tag === "Confirm") {
              // A confirmation of what was never sent has no account to go to.
              if (!model.states.has(step.batch)) continue
              assert.strictEqual(yield* outbox.confirm(topic, id, counts(items, 1)), expected)
            } else if (step._tag === "Resent") {
              yield* outbox.resent(topic, id)
            } else {
              const state = step._tag === "Dead" ? "dead" : "dropped"
              assert.strictEqual(yield* outbox.markDead(topic, id, state), expected)
            }
          }
          if (model.states.size === 0) return
          assert.deepStrictEqual(yield* auditOf(topic), model.audit(topic))
          assert.deepStrictEqual(yield* outbox.progress(job), model.progress())
        })
        yield* Effect.forEach(FastCheck.sample(steps, 40), run, { discard: true })
      }))
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`Outbox across restarts: ${name}`, () => {
    it.scopedLive("keeps batches and accounts", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const [topic, job] = [unique("topic"), unique("job")]
        const [open, confirmed] = [makeMessage(2), makeMessage(3)]
        const state = Effect.gen(function* () {
          const outbox = yield* Outbox
          return {
            audit: yield* auditOf(topic),
            progress: yield* outbox.progress(job),
            overdue: yield* overdueOf(topic, yield* soonAfter)
          }
        })
        const before = yield* Effect.gen(function* () {
          const outbox = yield* Outbox
          yield* outbox.append(topic, open, job)
          yield* outbox.append(topic, confirmed, job)
          yield* outbox.confirm(topic, confirmed.id, counts(3))
          return yield* state
        }).pipe(Effect.provide(process))
        assert.deepStrictEqual(before.overdue, [open])
        assert.deepStrictEqual(yield* Effect.provide(state, process), before)
      })
    )
  })
}
