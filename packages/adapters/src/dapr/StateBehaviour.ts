/**
 * How the stores behind Dapr's state API differ where the API says they do not; read in the sources of components-contrib
 * 1.16.0, and shown by the conformance suite on the real stores.
 */
export interface StateBehaviour {
  /**
   * How to write a key only when it is absent: by `first-write` without a tag or, where that option sticks to the key and
   * fails later writes (Redis), with a tag that no version has, which these stores take for an absent key.
   */
  readonly createTag: string | undefined
  /**
   * Deleting leaves a mark behind for some minutes: these stores begin again with the first tag when a key comes back
   * (Redis), or accept any tag for an absent key (Redis, MongoDB).
   */
  readonly marksDeletion: boolean
  /**
   * `atomic`: all operations or none. `locked`: it runs as one, but a failed condition does not undo the rest, and an
   * expiry is set by a second command, so keys are held while they are written. `unusable`: for the reason given.
   */
  readonly transactions: "atomic" | "locked" | { readonly unusable: string }
  /** Reads are stale unless they ask for strong consistency. */
  readonly asksStrong: boolean
}

const exact: StateBehaviour = {
  createTag: undefined,
  marksDeletion: false,
  transactions: "atomic",
  asksStrong: false
}

const behaviours: Readonly<Record<string, StateBehaviour>> = {
  "state.postgresql": exact,
  "state.mysql": exact,
  "state.sqlite": exact,
  "state.in-memory": exact,
  "state.cassandra": exact,
  "state.mongodb": { ...exact, marksDeletion: true },
  "state.redis": { createTag: "-1", marksDeletion: true, transactions: "locked", asksStrong: false },
  "state.aws.dynamodb": {
    ...exact,
    asksStrong: true,
    transactions: {
      unusable:
        "its transactions ignore conditions and expiry and leave values without a tag, so that a later write cannot be checked"
    }
  }
}

/** Of a component by its type; a type not known here is not trusted with the tags of deleted keys. */
export const behaviourOf = (type: string): StateBehaviour =>
  behaviours[type] ?? { ...exact, marksDeletion: true }
