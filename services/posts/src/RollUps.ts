import { type ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import { type Observation, ProfileFields } from "@influscope/domain/Observation"
import { type ProfileId, platformOf } from "@influscope/domain/ProfileId"
import { AuthorRollup, maxRolledUpPosts } from "@influscope/domain/posts/AuthorRollup"
import { zoneOfCountry } from "@influscope/domain/posts/CountryZones"
import { rollUp } from "@influscope/domain/posts/RollUp"
import { Publisher } from "@influscope/pipeline/Publisher"
import { PostStore } from "@influscope/ports/PostStore"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { decodeStored } from "@influscope/ports/StoredJson"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberId from "effect/FiberId"
import * as Iterable from "effect/Iterable"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import { accountsOf } from "./Accounts.ts"

/** Authors of one round, and of one message: whatever their handles, it fits the smallest that a broker takes (128 KiB). */
const mostAuthors = 50

/** Authors whose posts are read at once. */
const concurrency = 4

/** A rollup as it is kept; `toldAt` (epoch ms) is the latest time of what profiles were told, and never goes back. */
const Kept = Schema.Struct({ rollup: Schema.NullOr(AuthorRollup), toldAt: Schema.Int })
type Kept = typeof Kept.Type
const Stored = Schema.parseJson(Kept)

const isSameRollup = Schema.equivalence(Kept.fields.rollup)
const isSameToTell = Schema.equivalence(ProfileFields)

const keyOf = (author: ProfileId): string => `posts/rollup/${author}`

/** What a profile is told. */
const fieldsOf = ({ rollup }: Kept): ProfileFields => ({
  postsPerWeek: rollup?.postsPerWeek ?? null,
  medianEngagement: rollup?.medianEngagement?.rate ?? null,
  topHashtags: rollup?.hashtags.map(({ tag }) => tag) ?? []
})

/** Something to be kept in place of what was read under the etag, null where there was nothing. */
interface Change {
  readonly author: ProfileId
  readonly kept: Kept
  readonly etag: string | null
  /** Undefined when the profile knows it. */
  readonly observation: Observation | undefined
}

/**
 * Works out what the posts of authors have in common, and tells their profiles when that has changed. It is worked out anew from the
 * store each time, so that it does not matter how often, or after which of several writes. Requests for an author that come
 * while others are worked out share the next round.
 */
export class RollUps extends Effect.Service<RollUps>()("@influscope/posts/RollUps", {
  scoped: Effect.gen(function* () {
    const store = yield* PostStore
    const index = yield* SearchIndex
    const state = yield* StateStore
    const publisher = yield* Publisher
    const waiting = new Map<ProfileId, Deferred.Deferred<void, StorageError>>()
    const bell = yield* Queue.sliding<void>(1)

    const readKept = (author: ProfileId) =>
      Effect.gen(function* () {
        const entry = Option.getOrUndefined(yield* state.get(keyOf(author)))
        if (entry === undefined) return undefined
        return { ...(yield* decodeStored(Stored, entry.value, `reading ${keyOf(author)}`)), etag: entry.etag }
      })

    /** Undefined when all is as it was. */
    const changeOf = (author: ProfileId, country: string | undefined, now: number) =>
      Effect.gen(function* () {
        const before = yield* readKept(author)
        const page = yield* store.page(author, undefined, maxRolledUpPosts)
        const posts = Option.match(page, { onNone: () => [], onSome: (found) => found.posts })
        const rollup = rollUp(
          author,
          posts.map(({ analysis, post }) => ({ post, analysis: Option.getOrUndefined(analysis) })),
          zoneOfCountry(country)
        )
        if (before === undefined && rollup === undefined) return undefined
        const toldAt = Math.min(now, Math.max(rollup?.asOf ?? 0, before?.toldAt ?? 0))
        const kept: Kept = { rollup: rollup ?? null, toldAt }
        if (before !== undefined && isSameRollup(before.rollup, kept.rollup)) return undefined
        const fields = fieldsOf(kept)
        const isTold = before !== undefined && isSameToTell(fieldsOf(before), fields)
        const observation: Observation = {
          id: author,
          platform: platformOf(author),
          handle: author.slice(author.indexOf(":") + 1),
          source: "posts",
          observedAt: toldAt,
          ingestedAt: now,
          ordinal: 0,
          fields
        }
        const change: Change = {
          author,
          kept,
          etag: before?.etag ?? null,
          observation: isTold ? undefined : observation
        }
        return change
      })

    /** Tells profiles through the pipeline, as anything else about an account. */
    const tell = (observations: ReadonlyArray<Observation>) => {
      if (!Arr.isNonEmptyReadonlyArray(observations)) return Effect.void
      const id = `posts/rollup/${crypto.randomUUID()}`
      const event: ProfilesDiscovered = { version: 1, id, job: null, observations }
      return publisher.publish(profilesDiscovered, event, { items: observations.length, job: undefined })
    }

    const keep = ({ author, etag, kept }: Change) =>
      state.set(keyOf(author), JSON.stringify(kept), { ifMatch: etag })

    const done = (author: ProfileId, outcome: Either.Either<unknown, StorageError>) =>
      [author, outcome] as const

    /** What became of each author. Profiles are told before it is kept: who fails in between tells them once more. */
    const rollUpAll = (authors: ReadonlyArray<ProfileId>) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const accounts = yield* accountsOf(index, authors)
        const changes = yield* Effect.forEach(
          authors,
          (author) =>
            Effect.map(Effect.either(changeOf(author, accounts.get(author)?.country, now)), (change) => ({
              author,
              change
            })),
          { concurrency }
        )
        const toKeep = changes.flatMap(({ change }) =>
          Either.isRight(change) && change.right !== undefined ? [change.right] : []
        )
        yield* tell(toKeep.flatMap(({ observation }) => observation ?? []))
        const kept = yield* Effect.forEach(
          toKeep,
          (change) => Effect.map(Effect.either(keep(change)), (outcome) => done(change.author, outcome)),
          { concurrency }
        )
        return new Map([...changes.map(({ author, change }) => done(author, change)), ...kept])
      })

    const round = Effect.gen(function* () {
      yield* Queue.take(bell)
      while (waiting.size > 0) {
        const taken = [...Iterable.take(waiting, mostAuthors)]
        // From here on further posts count as new.
        for (const [author] of taken) waiting.delete(author)
        const outcomes = yield* Effect.exit(rollUpAll(taken.map(([author]) => author)))
        yield* Effect.forEach(taken, ([author, deferred]) =>
          Deferred.complete(
            deferred,
            Effect.asVoid(Effect.flatMap(outcomes, (all) => all.get(author) ?? Either.right(undefined)))
          )
        )
      }
    })
    yield* Effect.forkScoped(Effect.forever(round))

    return {
      /** Succeeds when the rollups of the authors, and what their profiles are told, are as of now or later. */
      settle: (authors: ReadonlyArray<ProfileId>): Effect.Effect<void, StorageError> =>
        Effect.gen(function* () {
          const shares = new Set(
            authors.map((author) => {
              const known = waiting.get(author)
              if (known !== undefined) return known
              const deferred = Deferred.unsafeMake<void, StorageError>(FiberId.none)
              waiting.set(author, deferred)
              return deferred
            })
          )
          yield* Queue.offer(bell, undefined)
          yield* Effect.forEach(shares, (share) => Deferred.await(share), { discard: true })
        }).pipe(Effect.withSpan("RollUps.settle")),
      get: (author: ProfileId): Effect.Effect<Option.Option<AuthorRollup>, StorageError> =>
        Effect.map(readKept(author), (kept) => Option.fromNullable(kept?.rollup))
    }
  })
}) {}
