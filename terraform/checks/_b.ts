import * as Effect from "effect/Effect"
import { terraform } from "./Tools.ts"
console.log(await Effect.runPromise(Effect.timed(terraform)))
