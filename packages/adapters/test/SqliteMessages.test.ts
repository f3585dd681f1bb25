import { join } from "node:path"
import { conversationStoreConformance } from "@influscope/ports/conformance/ConversationStoreConformance"
import { outreachStoreConformance } from "@influscope/ports/conformance/OutreachStoreConformance"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MessagesDatabase from "../src/sqlite/messages/MessagesDatabase.ts"

const restartable = Effect.map(temporaryDirectory, (path) =>
  MessagesDatabase.layer(join(path, "messages.db"))
)

conversationStoreConformance("sqlite", Layer.unwrapScoped(restartable), restartable)
outreachStoreConformance("sqlite", Layer.unwrapScoped(restartable), restartable)
