import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"

export const account = (number: number): InfluencerId => InfluencerId.make(`mockstagram:${number}`)
export const accounts = (count: number, first = 1): ReadonlyArray<InfluencerId> =>
  Array.from({ length: count }, (_, place) => account(first + place))
