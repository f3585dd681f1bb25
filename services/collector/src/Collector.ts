import * as Layer from "effect/Layer"
import { FetchLive } from "./Fetch.ts"
import { SinkLive } from "./Sink.ts"

/** All that collecting does: asking the providers about whoever is due, and writing the answers down. In any number of processes. */
export const CollectorLive = Layer.merge(FetchLive, SinkLive)
