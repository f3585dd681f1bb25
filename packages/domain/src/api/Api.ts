import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { ImportsApi } from "./ImportsApi.ts"
import { OperationsApi } from "./OperationsApi.ts"
import { problemContentType } from "./Problems.ts"
import { ProfilesApi } from "./ProfilesApi.ts"
import { SearchApi } from "./SearchApi.ts"

type Json = Record<string, unknown>

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const problem: Json = {
  type: "object",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: { path: { type: "string" }, message: { type: "string" } }
      }
    }
  }
}

/** Every answer of 400 and above is a problem, whichever errors an endpoint declares. */
const documentProblems = (spec: Json): Json => {
  const paths = isJson(spec["paths"]) ? Object.values(spec["paths"]).filter(isJson) : []
  for (const operation of paths.flatMap((path) => Object.values(path)).filter(isJson)) {
    if (!isJson(operation["responses"])) continue
    for (const [status, response] of Object.entries(operation["responses"])) {
      if (Number(status) < 400 || !isJson(response)) continue
      response["content"] = { [problemContentType]: { schema: { $ref: "#/components/schemas/Problem" } } }
    }
  }
  const components = isJson(spec["components"]) ? spec["components"] : {}
  const schemas = isJson(components["schemas"]) ? components["schemas"] : {}
  return { ...spec, components: { ...components, schemas: { ...schemas, Problem: problem } } }
}

/** The whole HTTP API: the contract that the server implements and every client is made from. */
export class Api extends HttpApi.make("influscope")
  .add(SearchApi)
  .add(ProfilesApi)
  .add(ImportsApi)
  .add(OperationsApi)
  .annotate(OpenApi.Title, "InfluScope")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.Description, "Find, track and analyse social-media influencers.")
  .annotate(OpenApi.Transform, documentProblems) {}
