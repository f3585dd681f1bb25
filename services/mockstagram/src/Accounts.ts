import { type Figures, figuresAt, type Growth } from "./Figures.ts"

/** An account as the API tells it. `asOf` is when the figures were true, ISO 8601 in UTC to the second. */
export interface Influencer extends Figures {
  readonly pk: number
  readonly username: string
  readonly fullName: string
  readonly asOf: string
}

/** Numbers of the accounts are `firstPk` and the following. */
export const firstPk = 1_000_001

export interface Population {
  readonly seed: number
  readonly accounts: number
  readonly growth: Growth
}

const firstNames =
  "Ada Amir Ana Bo Carla Chen Dara Eli Emma Femi Gina Hugo Ines Ivan Jun Kai Lena Luca Maya Nia Noah Omar Rosa Zoe".split(
    " "
  )
const lastNames =
  "Adler Baker Costa Diaz Evans Fischer Garcia Haddad Ito Jensen Kim Lopez Meyer Novak Okafor Park Quinn Rossi Silva Tran".split(
    " "
  )

/** The number of the account behind the last. */
export const endPk = (population: Population): number => firstPk + population.accounts

/** Undefined when there is no such account. `time` in epoch seconds. */
export const influencerAt = (
  population: Population,
  pk: number,
  time: number,
  asOf: string
): Influencer | undefined => {
  if (pk < firstPk || pk >= endPk(population)) return undefined
  const first = firstNames[pk % firstNames.length] ?? ""
  const last = lastNames[Math.floor(pk / firstNames.length) % lastNames.length] ?? ""
  return {
    pk,
    username: `${first}.${last}${pk}`.toLowerCase(),
    fullName: `${first} ${last}`,
    ...figuresAt(population.seed, pk, time, population.growth),
    asOf
  }
}
