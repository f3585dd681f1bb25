import { conversationStoreConformance } from "@influscope/ports/conformance/ConversationStoreConformance"
import { outreachStoreConformance } from "@influscope/ports/conformance/OutreachStoreConformance"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Conversations from "../../src/postgres/messages/Conversations.ts"
import * as Outreach from "../../src/postgres/messages/Outreach.ts"
import { emptyDatabase } from "./Server.ts"

const restartable = emptyDatabase.pipe(
  Effect.map(({ database }) => Layer.provide(Layer.merge(Conversations.layer, Outreach.layer), database())),
  Effect.orDie
)

conversationStoreConformance("postgres", Layer.unwrapEffect(restartable), restartable)
outreachStoreConformance("postgres", Layer.unwrapEffect(restartable), restartable)
