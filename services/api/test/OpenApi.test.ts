import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type App, startApp } from "./support.ts"

const Any = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const Parameter = Schema.Struct({
  name: Schema.NonEmptyString,
  in: Schema.Literal("path", "query", "header"),
  required: Schema.Boolean,
  schema: Any
})
const Content = Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Any }) })
const Operation = Schema.Struct({
  operationId: Schema.NonEmptyString,
  summary: Schema.NonEmptyString,
  tags: Schema.NonEmptyArray(Schema.String),
  parameters: Schema.Array(Parameter),
  requestBody: Schema.optionalWith(Schema.Struct({ required: Schema.Literal(true), content: Content }), {
    exact: true
  }),
  responses: Schema.Record({
    key: Schema.String.pipe(Schema.pattern(/^[2-5]\d\d$/)),
    value: Schema.Struct({
      description: Schema.NonEmptyString,
      headers: Schema.optionalWith(
        Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Any }) }),
        {
          default: () => ({})
        }
      ),
      content: Schema.optionalWith(Content, { default: () => ({}) })
    })
  })
})
const Document = Schema.Struct({
  openapi: Schema.String.pipe(Schema.pattern(/^3\.1\.\d$/)),
  info: Schema.Struct({ title: Schema.NonEmptyString, version: Schema.NonEmptyString }),
  paths: Schema.Record({
    key: Schema.String,
    value: Schema.Record({ key: Schema.String, value: Operation })
  }),
  components: Schema.Struct({ schemas: Schema.Record({ key: Schema.String, value: Any }) })
})

let app: App
let text: string
let document: typeof Document.Type
beforeAll(async () => {
  app = await startApp()
  const response = await fetch(`${app.url}/openapi.json`)
  assert.strictEqual(response.headers.get("content-type"), "application/json")
  text = await response.text()
  document = Schema.decodeUnknownSync(Schema.parseJson(Document), { errors: "all" })(text)
})
afterAll(() => app?.stop())

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation
    }))
  )

/** What each operation may answer, besides 401, 403 and 429 (who asks), 431 (too long to be read) and 500. */
const statuses: { readonly [name: string]: string } = {
  "GET /search": "200 400 503",
  "GET /v1/search": "200 400 503",
  "POST /v1/profiles": "202 400 413 415 503 507",
  "GET /v1/profiles/{id}": "200 400 404 503",
  "DELETE /v1/profiles/{id}": "204 400 404 503 507",
  "GET /v1/profiles/{id}/avatar": "200 400 404 503",
  "GET /v1/export": "200 400 503",
  "POST /v1/imports": "202 400 413 503 507",
  "GET /v1/imports": "200 400 503",
  "GET /v1/imports/{id}": "200 400 404 503",
  "GET /v1/imports/{id}/events": "200 400 404 503",
  "GET /influencer_analytics/{id}": "200 400 404 503",
  "GET /v1/influencers/{id}/series": "200 400 404 503",
  "GET /v1/influencers/{id}/growth": "200 400 404 503",
  "GET /v1/influencers/{id}/tracking": "200 400 503",
  "GET /v1/influencers/{id}/live": "200 400 404 503",
  "POST /v1/tracking": "200 400 413 415 503 507",
  "POST /v1/tracking/remove": "200 400 413 415 503 507",
  "GET /v1/tracking": "200 400 503",
  "GET /v1/tracking/status": "200 400 503",
  "POST /v1/points": "202 400 413 415 503 507",
  "POST /v1/alerts/rules": "201 400 413 415 503 507",
  "GET /v1/alerts/rules": "200 400 503",
  "GET /v1/alerts/rules/{id}": "200 400 404 503",
  "DELETE /v1/alerts/rules/{id}": "204 400 404 503 507",
  "GET /v1/alerts": "200 400 503",
  "POST /v1/posts": "201 400 409 413 415 503 507",
  "GET /v1/posts/{id}": "200 400 404 503",
  "GET /v1/posts/{id}/analysis": "200 400 404 503",
  "DELETE /v1/posts/{id}": "204 400 404 503 507",
  "GET /v1/users/{id}/posts": "200 400 503",
  "GET /v1/users/{id}/posts/rollup": "200 400 404 503",
  "GET /v1/audit": "200 400 503",
  "GET /v1/dead-letters": "200 400 503",
  "GET /v1/dead-letters/{id}": "200 400 404 503",
  "DELETE /v1/dead-letters/{id}": "204 400 404 503 507",
  "POST /v1/dead-letters/{id}/replay": "204 400 404 503 507",
  "POST /v1/discoveries": "202 400 413 415 503 507",
  "GET /v1/discoveries/{id}": "200 400 404 503",
  "POST /v1/users": "201 400 409 413 415 503 507",
  "POST /v1/users/requests": "202 400 409 413 415 503 507",
  "GET /v1/users": "200 400 503",
  "GET /v1/users/{id}": "200 400 404 503",
  "PATCH /v1/users/{id}": "200 400 404 412 413 415 503 507",
  "PUT /v1/users/{id}/roles": "200 400 404 412 413 415 503 507",
  "DELETE /v1/users/{id}": "204 400 404 412 503 507",
  "GET /v1/inbox": "200 400 503",
  "GET /v1/inbox/live": "200 400 503",
  "POST /v1/conversations": "201 400 409 413 415 503 507",
  "GET /v1/conversations/{id}": "200 400 404 503",
  "POST /v1/conversations/{id}/messages": "201 400 404 409 413 415 503 507",
  "GET /v1/conversations/{id}/messages": "200 400 404 503",
  "POST /v1/conversations/{id}/read": "200 400 404 413 415 503 507",
  "GET /v1/conversations/{id}/live": "200 400 404 503",
  "POST /v1/templates": "201 400 413 415 503 507",
  "GET /v1/templates": "200 400 503",
  "GET /v1/templates/{id}": "200 400 404 503",
  "DELETE /v1/templates/{id}": "204 400 404 503 507",
  "POST /v1/campaigns": "201 400 404 413 415 503 507",
  "POST /v1/campaigns/preview": "200 400 404 413 415 503",
  "GET /v1/campaigns": "200 400 503",
  "GET /v1/campaigns/{id}": "200 400 404 503",
  "GET /v1/campaigns/{id}/recipients": "200 400 404 503",
  "POST /v1/campaigns/{id}/pause": "200 400 404 409 503 507",
  "POST /v1/campaigns/{id}/resume": "200 400 404 409 503 507",
  "POST /v1/campaigns/{id}/cancel": "200 400 404 409 503 507",
  "POST /v1/campaigns/inbound": "200 400 404 413 415 503 507",
  "POST /v1/opt-outs": "201 400 413 415 503 507",
  "GET /v1/opt-outs": "200 400 503",
  "DELETE /v1/opt-outs/{contact}": "204 400 404 503 507"
}

describe("the description", () => {
  it("is whole: every reference leads somewhere, every name is used once", () => {
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name ?? ""
    )
    assert.isNotEmpty(references)
    for (const name of references) assert.property(document.components.schemas, name)
    assert.notInclude(text, "HttpApiDecodeError")
    const ids = operations().map(({ operation }) => operation.operationId)
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const { name, operation, path } of operations()) {
      const keys = operation.parameters.map((parameter) => `${parameter.in} ${parameter.name}`)
      assert.strictEqual(new Set(keys).size, keys.length, name)
      const inPath = operation.parameters.filter((parameter) => parameter.in === "path")
      assert.sameMembers(
        inPath.map((parameter) => parameter.name),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter ?? ""),
        name
      )
      assert.isTrue(
        inPath.every(({ required }) => required),
        name
      )
    }
  })

  it("lists what every operation answers, each error as a problem and each answer with its id", () => {
    assert.sameMembers(
      operations().map(({ name }) => name),
      Object.keys(statuses)
    )
    for (const { name, operation } of operations()) {
      const expected = [...(statuses[name] ?? "").split(" "), "401", "403", "429", "431", "500"].sort()
      assert.deepStrictEqual(Object.keys(operation.responses).sort(), expected, name)
      for (const [status, { content, description, headers }] of Object.entries(operation.responses)) {
        if (status === "431") continue
        assert.property(headers, "x-request-id", `${name} ${status}`)
        assert.strictEqual(
          "retry-after" in headers,
          status === "503" || status === "429",
          `${name} ${status}`
        )
        if (Number(status) < 400) continue
        assert.deepStrictEqual(content, {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } }
        })
        assert.match(description, /^[A-Z].*\.$/)
      }
    }
    for (const path of ["/v1/imports", "/v1/discoveries"])
      assert.property(document.paths[path]?.["post"]?.responses["202"]?.headers ?? {}, "location")
  })

  it("says how a file is sent", () => {
    const content = document.paths["/v1/imports"]?.["post"]?.requestBody?.content ?? {}
    assert.includeMembers(Object.keys(content), [
      "text/csv",
      "application/octet-stream",
      "multipart/form-data"
    ])
    const form = content["multipart/form-data"]?.schema
    assert.deepStrictEqual(form?.["required"], ["file"])
    assert.hasAllKeys(Schema.decodeUnknownSync(Any)(form?.["properties"]), [
      "file",
      "kind",
      "of",
      "platform",
      "source",
      "observedAt",
      "map",
      "dryRun"
    ])
  })
})
