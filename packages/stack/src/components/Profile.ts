import * as Either from "effect/Either"

/** The component files there are, by building block; the first is the default. */
export const choices = {
  pubsub: ["rabbitmq", "kafka", "redis", "snssqs"],
  state: ["postgresql", "redis", "mysql", "mongodb", "cassandra", "dynamodb", "sqlite"],
  objects: ["minio", "s3"]
} as const

export type Block = keyof typeof choices

/** Which broker and stores are used. */
export interface Profile {
  readonly pubsub: (typeof choices.pubsub)[number]
  readonly state: (typeof choices.state)[number]
  readonly objects: (typeof choices.objects)[number]
}

export const defaultProfile: Profile = { pubsub: "rabbitmq", state: "postgresql", objects: "minio" }

/** "rabbitmq+postgresql+minio". */
export const formatProfile = ({ objects, pubsub, state }: Profile): string => `${pubsub}+${state}+${objects}`

const pick = <A extends string>(
  block: Block,
  known: ReadonlyArray<A>,
  otherwise: A,
  text: string | undefined
): Either.Either<A, string> => {
  const word = text?.trim() ?? ""
  if (word === "") return Either.right(otherwise)
  const found = known.find((candidate) => candidate === word)
  return found === undefined
    ? Either.left(`${word} is no choice for ${block}: ${known.join(", ")}.`)
    : Either.right(found)
}

/**
 * Reads `<pub/sub>+<state>+<objects>`; what is left out, at the end or between two +, is the default. The left side is
 * a sentence.
 */
export const parseProfile = (text: string): Either.Either<Profile, string> => {
  const [pubsub, state, objects, ...more] = text.split("+")
  if (more.length > 0)
    return Either.left(`A profile has three parts, ${formatProfile(defaultProfile)}, and no more.`)
  return Either.all({
    pubsub: pick("pubsub", choices.pubsub, defaultProfile.pubsub, pubsub),
    state: pick("state", choices.state, defaultProfile.state, state),
    objects: pick("objects", choices.objects, defaultProfile.objects, objects)
  })
}
