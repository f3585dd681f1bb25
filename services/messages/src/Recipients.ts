import type { Tenant } from "@influscope/domain/access/Principal"
import { parseSearch } from "@influscope/domain/api/GivenSearch"
import { maxPageSize } from "@influscope/domain/api/SearchApi"
import {
  type Audience,
  type CampaignId,
  type Channel,
  OutreachId
} from "@influscope/domain/messages/Campaign"
import { addressIn, contactsOf, type EmailAddress } from "@influscope/domain/messages/Contact"
import { valuesOf } from "@influscope/domain/messages/RecipientValues"
import { type FieldValues, render, type TemplateContent } from "@influscope/domain/messages/Template"
import type { ProfileId } from "@influscope/domain/ProfileId"
import type { SearchQuery } from "@influscope/domain/Search"
import { type NewRecipient, OutreachStore } from "@influscope/ports/OutreachStore"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** Profiles looked up at once. */
const chunkSize = 500

interface Person {
  readonly id: ProfileId
  readonly address?: EmailAddress
}

/** What recipients are made for. */
export interface Purpose {
  readonly tenant: Tenant
  readonly campaign: CampaignId
  readonly channel: Channel
  readonly content: TemplateContent
}

/** The same whenever and wherever it is made: a recipient of a campaign gets one message. */
const messageOf = (campaign: CampaignId, id: ProfileId): OutreachId =>
  OutreachId.make(new Bun.CryptoHasher("sha256").update(`${campaign}/${id}`).digest("hex").slice(0, 32))

const missing = (content: TemplateContent, values: FieldValues): string | null =>
  // The link is there when it is sent.
  Either.match(render(content, { ...values, unsubscribeUrl: "https://example.com" }), {
    onLeft: (fields) => `nothing is known for ${fields.join(", ")}, and there is no default`,
    onRight: () => null
  })

/** Finds out who the recipients of a campaign are, and what is known of them. */
export class Recipients extends Effect.Service<Recipients>()("@influscope/messages/Recipients", {
  effect: Effect.gen(function* () {
    const index = yield* SearchIndex
    const store = yield* OutreachStore

    const search = (query: SearchQuery) =>
      index.search(query).pipe(
        // The cursor is one that the index gave us a moment ago.
        Effect.catchTag(
          "InvalidCursor",
          ({ detail }) =>
            new StorageError({ reason: "conflict", operation: "search for recipients", cause: detail })
        )
      )

    const found = (query: SearchQuery, most: number): Stream.Stream<Person, StorageError> =>
      Stream.paginateEffect<string | undefined, ReadonlyArray<Person>, StorageError, never>(
        undefined,
        (cursor) =>
          Effect.map(search({ ...query, limit: maxPageSize, cursor }), ({ hits, nextCursor }) => [
            hits.map(({ id }) => ({ id })),
            Option.fromNullable(nextCursor)
          ])
      ).pipe(Stream.flattenIterables, Stream.take(most))

    const peopleOf = (audience: Audience): Stream.Stream<Person, StorageError> => {
      if (audience.kind === "people") return Stream.fromIterable(audience.people)
      return Either.match(parseSearch(audience.query), {
        onLeft: (cause) =>
          Stream.fail(new StorageError({ reason: "corrupt", operation: "search for recipients", cause })),
        onRight: (query) => found(query, audience.most)
      })
    }

    const look = Effect.fn("Recipients.look")(function* (purpose: Purpose, people: ReadonlyArray<Person>) {
      const { campaign, channel, content, tenant } = purpose
      const stored = yield* index.getMany(people.map(({ id }) => id))
      const known = people.map(({ address: given, id }, place) => {
        const entry = Option.getOrUndefined(stored[place] ?? Option.none())
        const profile = entry?._tag === "Present" ? entry.profile : undefined
        const address = given ?? Option.getOrNull(addressIn(profile?.fields.bio ?? ""))
        return { id, address, profile }
      })
      const optedOut = yield* store.optedOut(
        tenant,
        known.flatMap(({ address, id }) => contactsOf(id, address))
      )
      return known.map(({ address, id, profile }): NewRecipient => {
        const values = profile === undefined ? {} : valuesOf(profile)
        const skip = (): string | null => {
          if (profile === undefined) return "there is no such profile"
          if (contactsOf(id, address).some((contact) => optedOut.has(contact))) return "opted out"
          if (channel === "smtp" && address === null) return "there is no address"
          return missing(content, values)
        }
        return { id, message: messageOf(campaign, id), address, values, skipped: skip() }
      })
    })

    return {
      /** Everybody that an audience has, some at a time. */
      all: (audience: Audience, purpose: Purpose): Stream.Stream<ReadonlyArray<NewRecipient>, StorageError> =>
        peopleOf(audience).pipe(
          Stream.grouped(chunkSize),
          Stream.mapEffect((people) => look(purpose, [...people]))
        ),
      /** How many there are at most, and the first few of them. */
      first: Effect.fn("Recipients.first")(function* (audience: Audience, purpose: Purpose, count: number) {
        const people = yield* Stream.runCollect(Stream.take(peopleOf(audience), count))
        const recipients = yield* look(purpose, [...people])
        if (audience.kind === "people") return { total: audience.people.length, recipients }
        const query = Either.getOrUndefined(parseSearch(audience.query))
        const total = query === undefined ? 0 : (yield* search({ ...query, limit: 1 })).total
        return { total: Math.min(total, audience.most), recipients }
      })
    }
  })
}) {}
