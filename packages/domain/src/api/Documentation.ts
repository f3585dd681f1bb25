import { problemContentType } from "./Problems.ts"

export type Json = Record<string, unknown>

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const objectsOf = (value: unknown): ReadonlyArray<Json> =>
  isJson(value) ? Object.values(value).filter(isJson) : []

const problem: Json = {
  type: "object",
  description:
    "RFC 9457 problem; `type` is stable, `errors` names the fields of a request that is not valid.",
  required: ["type", "title", "status", "detail"],
  properties: {
    type: { type: "string", pattern: "^urn:influscope:problem:[a-z-]+$" },
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

const header = (description: string, schema: Json): Json => ({ required: true, description, schema })

const requestId = header("The request's own, when it has a harmless one, or a new one; the log has it too.", {
  type: "string"
})
const retryAfter = header("Seconds after which to try again.", { type: "integer", minimum: 1 })

const challenge = header("Which kind of token is asked for.", { const: "Bearer" })

const meanings: { readonly [status: string]: string } = {
  "400": "The request is not valid; nothing was done.",
  "401": "A valid token is needed, and was not sent.",
  "403":
    "The token is not good for this; or, where no tokens are asked for, a page of another site asks, or under a host name that is not this machine's.",
  "404": "There is no such thing.",
  "409": "It does not go with what is there; nothing was done.",
  "412": "It has changed since the version that If-Match names; nothing was done.",
  "413": "The body is too large; nothing was done.",
  "415": "The body is of another kind than documented; nothing was done.",
  "429": "Too many requests from this subject, or with bad tokens from this address.",
  "500": "Something broke on our side.",
  "503": "Not now; nothing was done.",
  "507": "The disk is full; nothing was done."
}

/** The one answer that is not ours: the HTTP server gives it before it knows what is asked. */
const tooLong: Json = {
  description: "The address and the headers are longer than 16 KiB; the answer is empty."
}

/** No token is asked for on this machine while no keys are configured. */
const noToken: Json = {}

const documentAnswers = (operation: Json): void => {
  if (Array.isArray(operation["security"])) operation["security"].push(noToken)
  const responses = isJson(operation["responses"]) ? operation["responses"] : {}
  responses["403"] = {}
  responses["431"] = tooLong
  for (const [status, response] of Object.entries(responses)) {
    if (!isJson(response) || response === tooLong) continue
    response["headers"] = {
      ...(isJson(response["headers"]) ? response["headers"] : {}),
      "x-request-id": requestId,
      ...(status === "503" || status === "429" ? { "retry-after": retryAfter } : {}),
      ...(status === "401" ? { "www-authenticate": challenge } : {})
    }
    if (Number(status) < 400) continue
    response["description"] = meanings[status] ?? response["description"]
    response["content"] = { [problemContentType]: { schema: { $ref: "#/components/schemas/Problem" } } }
  }
}

/**
 * Makes the description say what holds for every operation: each answer carries its request id, each of 400 and above
 * is a problem, and any of them may be refused for where it comes from.
 */
export const documentAll = (spec: Json): Json => {
  for (const operation of objectsOf(spec["paths"]).flatMap(objectsOf)) documentAnswers(operation)
  const components = isJson(spec["components"]) ? spec["components"] : {}
  const schemas = isJson(components["schemas"]) ? components["schemas"] : {}
  // The framework's own shape of an error never goes out.
  const { HttpApiDecodeError: _, Issue: __, PropertyKey: ___, ...ours } = schemas
  return { ...spec, components: { ...components, schemas: { ...ours, Problem: problem } } }
}

/** The answer of 202 says where to follow what was begun. */
export const documentLocation = (operation: Json): Json => {
  const accepted = isJson(operation["responses"]) ? operation["responses"]["202"] : undefined
  if (isJson(accepted)) {
    accepted["headers"] = { location: header("Where its progress is told.", { type: "string" }) }
  }
  return operation
}
