import { AlertRule, AlertRuleId } from "@influscope/domain/tracking/AlertRule"
import { type InfluencerId, namespaceOf } from "@influscope/domain/tracking/InfluencerId"
import { WebhookSecret } from "@influscope/domain/Webhook"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored, readStoredMany } from "@influscope/ports/StoredJson"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const listKey = "alerts/rules"
const keyOf = (id: AlertRuleId): string => `alerts/rule/${id}`

/** A rule, and what its webhooks are signed with. */
const KeptRule = Schema.Struct({ rule: AlertRule, secret: Schema.Redacted(WebhookSecret) })
export type KeptRule = typeof KeptRule.Type

const StoredIds = Schema.parseJson(Schema.Array(AlertRuleId))
const StoredRule = Schema.parseJson(KeptRule)

/** The rules by whom they watch. */
interface Arranged {
  readonly everybody: ReadonlyArray<AlertRule>
  readonly namespaces: ReadonlyMap<string, ReadonlyArray<AlertRule>>
  readonly influencers: ReadonlyMap<InfluencerId, ReadonlyArray<AlertRule>>
}

const arrange = (rules: Iterable<KeptRule>): Arranged => {
  const everybody: Array<AlertRule> = []
  const namespaces = new Map<string, Array<AlertRule>>()
  const influencers = new Map<InfluencerId, Array<AlertRule>>()
  const addTo = <K>(map: Map<K, Array<AlertRule>>, key: K, rule: AlertRule): void => {
    map.set(key, [...(map.get(key) ?? []), rule])
  }
  for (const { rule } of rules) {
    if (rule.scope.kind === "all") everybody.push(rule)
    else if (rule.scope.kind === "namespace") addTo(namespaces, rule.scope.namespace, rule)
    else for (const id of new Set(rule.scope.ids)) addTo(influencers, id, rule)
  }
  return { everybody, namespaces, influencers }
}

/** The alert rules: one row of the state store each, and all of them in memory. One process changes them. */
export class AlertRules extends Effect.Service<AlertRules>()("@influscope/tracker/AlertRules", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore
    const lock = yield* Effect.makeSemaphore(1)
    /** Oldest first. */
    const rules = new Map<AlertRuleId, KeptRule>()
    let arranged = arrange([])

    const ids = Option.getOrElse(yield* readStored(state, listKey, StoredIds), () => [])
    // One that is missing is in the list, and then the process ended: the rule was not added, or is gone.
    for (const kept of Arr.getSomes(yield* readStoredMany(state, ids.map(keyOf), StoredRule)))
      rules.set(kept.rule.id, kept)
    arranged = arrange(rules.values())

    const writeList = (listed: ReadonlyArray<AlertRuleId>) => state.set(listKey, JSON.stringify(listed))

    return {
      /** Oldest first. */
      all: (): ReadonlyArray<AlertRule> => [...rules.values()].map(({ rule }) => rule),
      get: (id: AlertRuleId): KeptRule | undefined => rules.get(id),
      /** Whether a rule watches this influencer. */
      watches: (id: InfluencerId): boolean =>
        arranged.everybody.length > 0 ||
        arranged.influencers.has(id) ||
        (arranged.namespaces.size > 0 && arranged.namespaces.has(namespaceOf(id))),
      /** The rules that watch this influencer. */
      watching: (id: InfluencerId): ReadonlyArray<AlertRule> => [
        ...arranged.everybody,
        ...(arranged.namespaces.get(namespaceOf(id)) ?? []),
        ...(arranged.influencers.get(id) ?? [])
      ],
      /** Answers false, and adds nothing, when there are `most` already. */
      add: (kept: KeptRule, most: number) =>
        Effect.gen(function* () {
          if (rules.size >= most) return false
          const { id } = kept.rule
          // The list goes first: a rule that nobody knows of would stay for ever.
          yield* writeList([...rules.keys(), id])
          yield* state.set(keyOf(id), yield* Effect.orDie(Schema.encode(StoredRule)(kept)))
          rules.set(id, kept)
          arranged = arrange(rules.values())
          return true
        }).pipe(lock.withPermits(1)),
      /** Answers false when there is no such rule. */
      remove: (id: AlertRuleId) =>
        Effect.gen(function* () {
          if (!rules.has(id)) return false
          yield* state.delete(keyOf(id))
          rules.delete(id)
          arranged = arrange(rules.values())
          yield* writeList([...rules.keys()])
          return true
        }).pipe(lock.withPermits(1))
    }
  })
}) {}
