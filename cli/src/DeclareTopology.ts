import * as RabbitmqTopology from "@influscope/stack/RabbitmqTopology"
import * as Effect from "effect/Effect"
import { CliError } from "./CliError.ts"

/** How a broker is reached; both are unset where there is no RabbitMQ. */
export interface BrokerVariables {
  readonly RABBITMQ_URL?: string | undefined
  readonly RABBITMQ_MANAGEMENT_URL?: string | undefined
}

/** Before anything is published: what reaches an exchange without a queue is gone. Answers whether there is a RabbitMQ. */
export const declareTopology = (
  { RABBITMQ_MANAGEMENT_URL: managementUrl, RABBITMQ_URL: url }: BrokerVariables,
  todo: string
): Effect.Effect<boolean, CliError> =>
  url === undefined || managementUrl === undefined
    ? Effect.succeed(false)
    : RabbitmqTopology.declare({ url, managementUrl }, RabbitmqTopology.pipelines).pipe(
        Effect.as(true),
        Effect.mapError(
          ({ message }) =>
            new CliError({
              what: `The queues of RabbitMQ were not declared: ${message}.`,
              likelyCause: "It has just started, or has queues of the same names from elsewhere.",
              todo
            })
        )
      )
