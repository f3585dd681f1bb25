import { join } from "node:path"
import { NotDelivered, type OutgoingMessage } from "@influscope/ports/Delivery"
import * as Effect from "effect/Effect"
import { fileFailure } from "../files/FileFailure.ts"
import { replaceFile } from "../files/ReplaceFile.ts"
import { messageBody } from "./MessageBody.ts"

/** What is being written; no message has such a name. */
const unfinished = "+unfinished"

/**
 * Writes a message to `<directory>/<id>.json`. Another attempt writes the same file once more: however often it is made, there is
 * one message.
 */
export const deliverToFile =
  (directory: string) =>
  (message: OutgoingMessage): Effect.Effect<void, NotDelivered> =>
    Effect.tryPromise(() =>
      replaceFile(join(directory, unfinished), join(directory, `${message.id}.json`), [
        `${JSON.stringify(messageBody(message), null, 2)}\n`
      ])
    ).pipe(
      Effect.catchAll(({ cause }) => fileFailure("write a message", cause)),
      Effect.mapError((error) => new NotDelivered({ reason: error.message, again: "later" }))
    )
