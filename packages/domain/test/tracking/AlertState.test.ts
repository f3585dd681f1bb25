import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { type Alert, type AlertEvidence, AlertRuleId } from "../../src/tracking/AlertRule.ts"
import { type AlertState, advance } from "../../src/tracking/AlertState.ts"
import { InfluencerId } from "../../src/tracking/InfluencerId.ts"
import { dayAt } from "./Simulated.ts"

const engagement: AlertEvidence = {
  kind: "engagement",
  rate: 1.5,
  formula: "instagram/by-followers@1",
  followers: 10_000,
  avgLikes: 140,
  avgComments: 10
}
const anomaly = (time: number): AlertEvidence => ({
  kind: "anomaly",
  metric: "followers",
  anomaly: {
    kind: "drop",
    time,
    before: 10,
    after: 5,
    days: 1,
    change: -50,
    z: -9,
    median: 0,
    mad: 0,
    step: 1
  }
})

const alert = (day: number, evidence: AlertEvidence = engagement): Option.Option<Alert> =>
  Option.some({
    key: `rule/youtube:mkbhd/${dayAt(day)}`,
    rule: AlertRuleId.make("rule"),
    influencer: InfluencerId.make("youtube:mkbhd"),
    time: dayAt(day),
    evidence
  })
const none = Option.none<Alert>()

/** On which days alerts are raised, look by look. */
const raised = (looks: ReadonlyArray<Option.Option<Alert>>): ReadonlyArray<number> => {
  const days: Array<number> = []
  let state: AlertState | undefined
  for (const found of looks) {
    const advanced = advance(state, found)
    state = advanced.state
    if (Option.isSome(advanced.alert)) days.push(advanced.alert.value.time)
  }
  return days
}

describe("a condition that is looked at again and again", () => {
  it("makes one alert as long as it holds, and the next when it has stopped to hold", () => {
    const looks = [none, alert(1), alert(1), alert(2), alert(3), none, none, alert(6), alert(7)]
    assert.deepStrictEqual(raised(looks), [dayAt(1), dayAt(6)])
  })

  it("makes one alert a day at most while the figure swings around the limit", () => {
    const looks = [alert(1), none, alert(1), none, alert(1), alert(2), none, alert(2), none, none]
    assert.deepStrictEqual(raised(looks), [dayAt(1), dayAt(2)])
  })

  it("makes an alert of each anomaly, though the one before can still be found", () => {
    const looks = [1, 1, 1, 4, 4].map((day) => alert(day, anomaly(dayAt(day))))
    assert.deepStrictEqual(raised([...looks, none, ...looks]), [dayAt(1), dayAt(4)])
  })

  it("is not remembered before its first alert", () => {
    assert.isUndefined(advance(undefined, none).state)
    assert.deepStrictEqual(advance(undefined, alert(1)).state, { holds: true, raised: dayAt(1) })
  })
})
