import * as Layer from "effect/Layer"
import { HttpSource } from "./Http.ts"
import { SyntheticSource } from "./Synthetic.ts"

/** Every source of profiles. A new one is its file and its line here. */
export const SourcesLive = Layer.mergeAll(SyntheticSource, HttpSource)
