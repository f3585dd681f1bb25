import { ConversationStore } from "@influscope/ports/ConversationStore"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Database from "../Database.ts"
import { conversationsIn } from "./Conversations.ts"
import { outreachIn } from "./Outreach.ts"
import { migrations } from "./Tables.ts"

/** Conversations and outreach in a file of their own. */
export const layer = (path: string): Layer.Layer<ConversationStore | OutreachStore, StorageError> =>
  Layer.scopedContext(
    Effect.map(Database.make({ path, migrations }), (database) =>
      Context.make(ConversationStore, conversationsIn(database)).pipe(
        Context.add(OutreachStore, outreachIn(database))
      )
    )
  )
