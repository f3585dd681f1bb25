import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { RequestedUser } from "@influscope/domain/api/UsersApi"
import { User, UserPage } from "@influscope/domain/users/User"
import { type App, body, eventually, exchange, invalidPaths, postJson, problem, startApp } from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app?.stop())

const users = "/v1/users"
const send = (method: string, path: string, value: unknown, headers: Record<string, string> = {}) =>
  fetch(`${app.url}${path}`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(value === undefined ? {} : { body: JSON.stringify(value) })
  })
const create = (value: unknown, headers: Record<string, string> = {}) => send("POST", users, value, headers)

/** The service's own port, where the routes are that people know. */
const known = (path: string, init: RequestInit = {}) => fetch(`${app.usersUrl}${path}`, init)
const knownCreate = (value: unknown, headers: Record<string, string> = {}) =>
  known("/create", { method: "POST", body: JSON.stringify(value), headers })

describe("the routes that people know", () => {
  it("create a user without an answer, and tell of it by its number", async () => {
    const created = await knownCreate({ name: "John Doe", created_at: "2024-01-23" })
    assert.strictEqual(created.status, 204)
    assert.strictEqual(await created.text(), "")
    const got = await known("/get?id=1")
    assert.strictEqual(got.status, 200)
    assert.strictEqual(got.headers.get("content-type"), "application/json")
    assert.strictEqual(await got.text(), '{"user_id":"1","name":"John Doe","created_at":"2024-01-23"}')
  })

  it("take each user once by Idempotency-Key", async () => {
    const headers = { "idempotency-key": "jane" }
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => (await knownCreate({ name: "Jane Doe" }, headers)).status)
    )
    assert.deepStrictEqual(new Set(statuses), new Set([204]))
    const page = await body(await fetch(`${app.url}${users}`), UserPage)
    assert.deepStrictEqual(
      page.users.map(({ name }) => name),
      ["John Doe", "Jane Doe"]
    )
    await problem(await knownCreate({ name: "Another" }, headers), 409, "conflict")
  })

  it("say what is wrong with a request", async () => {
    assert.deepStrictEqual(await invalidPaths(await knownCreate({ created_at: "2024-02-30" })), [
      "name",
      "created_at"
    ])
    assert.deepStrictEqual(await invalidPaths(await knownCreate({ name: "A", surname: "B" })), ["surname"])
    assert.deepStrictEqual(await invalidPaths(await knownCreate({ name: " " })), ["name"])
    assert.deepStrictEqual(await invalidPaths(await known("/create", { method: "POST", body: "{" })), [
      "body"
    ])
    for (const id of ["", "0", "-1", "1.0", "01", "x", "1".repeat(16)])
      assert.deepStrictEqual(await invalidPaths(await known(`/get?id=${id}`)), ["id"], id)
    assert.deepStrictEqual(await invalidPaths(await known("/get")), ["id"])
    await problem(await known("/get?id=999"), 404, "not-found")
    await problem(await known("/create"), 405, "method-not-allowed")
    await problem(await known("/v1/users"), 404, "not-found")
    const large = await known("/create", { method: "POST", body: "x".repeat(5_000_000) })
    await problem(large, 413, "payload-too-large")
  })

  it("are described, and turn pages of other sites away", async () => {
    const { paths } = await (await known("/openapi.json")).json()
    assert.deepStrictEqual(Object.keys(paths), ["/create", "/get"])
    const foreign = await known("/get?id=1", { headers: { origin: "http://evil.example" } })
    await problem(foreign, 403, "foreign-origin")
  })
})

describe("/v1/users", () => {
  it("creates, shows, changes and deletes, version by version", async () => {
    const created = await create({ name: "Ada Lovelace", createdAt: "2020-12-10T12:00:00Z" })
    assert.strictEqual(created.headers.get("etag"), '"1"')
    const location = created.headers.get("location") ?? ""
    const ada = await body(created, User, 201)
    assert.strictEqual(location, `${users}/${ada.id}`)
    assert.deepInclude(ada, { name: "Ada Lovelace", roles: [], revision: 1 })

    const got = await send("GET", location, undefined)
    assert.strictEqual(got.headers.get("etag"), '"1"')
    assert.deepStrictEqual(await body(got, User), ada)

    const changed = await send("PATCH", location, { name: "Ada King" }, { "if-match": '"1"' })
    assert.strictEqual(changed.headers.get("etag"), '"2"')
    assert.deepInclude(await body(changed, User), { name: "Ada King", revision: 2 })
    const stale = await send("PATCH", location, { name: "Ada Byron" }, { "if-match": '"1"' })
    assert.include((await problem(stale, 412, "precondition-failed")).detail, '"2"')

    const roles = await send(
      "PUT",
      `${location}/roles`,
      { roles: ["admin", "analyst"] },
      { "if-match": '"2"' }
    )
    assert.deepInclude(await body(roles, User), { roles: ["admin", "analyst"], revision: 3 })

    await problem(
      await send("DELETE", location, undefined, { "if-match": '"2"' }),
      412,
      "precondition-failed"
    )
    assert.strictEqual((await send("DELETE", location, undefined, { "if-match": '"3"' })).status, 204)
    await problem(await send("GET", location, undefined), 404, "not-found")
    await problem(await send("DELETE", location, undefined), 404, "not-found")
    await problem(await send("PATCH", location, { name: "x" }, { "if-match": '"3"' }), 404, "not-found")
  })

  it("makes one user of fifty requests with the same key", async () => {
    const headers = { "idempotency-key": "the-same" }
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => body(await create({ name: "Once" }, headers), User, 201))
    )
    assert.strictEqual(new Set(answers.map(({ id }) => id)).size, 1)
    await problem(await create({ name: "Twice" }, headers), 409, "conflict")
  })

  it("has users made through the queue, under an id that is known at once", async () => {
    const headers = { "idempotency-key": "queued" }
    const requested = await send("POST", `${users}/requests`, { name: "Queued" }, headers)
    const location = requested.headers.get("location") ?? ""
    const { id } = await body(requested, RequestedUser, 202)
    assert.strictEqual(location, `${users}/${id}`)
    const user = await eventually(async () => body(await send("GET", location, undefined), User))
    assert.deepInclude(user, { id, name: "Queued", revision: 1 })
    const again = await send("POST", `${users}/requests`, { name: "Queued" }, headers)
    assert.strictEqual((await body(again, RequestedUser, 202)).id, id)
  })

  it("lists everybody in pages", async () => {
    for (let number = 0; number < 5; number++) await create({ name: `Listed ${number}` })
    const ids: Array<number> = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? "" : `&cursor=${cursor}`
      const page: typeof UserPage.Type = await body(
        await fetch(`${app.url}${users}?limit=2${query}`),
        UserPage
      )
      assert.isAtMost(page.users.length, 2)
      ids.push(...page.users.map(({ id }) => Number(id)))
      cursor = page.nextCursor
    } while (cursor !== null)
    assert.isAtLeast(ids.length, 5)
    assert.deepStrictEqual(
      ids,
      [...new Set(ids)].sort((a, b) => a - b)
    )
  })

  it("says what is wrong with a request", async () => {
    assert.deepStrictEqual(await invalidPaths(await create({})), ["name"])
    assert.deepStrictEqual(await invalidPaths(await create({ name: "A", roles: ["admin"] })), ["roles"])
    assert.deepStrictEqual(await invalidPaths(await create({ name: "A\u0000" })), ["name"])
    assert.deepStrictEqual(await invalidPaths(await create({ name: "A" }, { "idempotency-key": "a b" })), [
      "idempotency-key"
    ])
    const change = { name: "A" }
    assert.deepStrictEqual(await invalidPaths(await send("PATCH", `${users}/1`, change)), ["if-match"])
    for (const tag of ["1", "*", 'W/"1"', '"0"', '"x"'])
      assert.deepStrictEqual(
        await invalidPaths(await send("PATCH", `${users}/1`, change, { "if-match": tag })),
        ["if-match"],
        tag
      )
    const roles = { roles: ["admin", "admin"] }
    assert.deepStrictEqual(
      await invalidPaths(await send("PUT", `${users}/1/roles`, roles, { "if-match": '"1"' })),
      ["roles"]
    )
    for (const query of ["limit=0", "limit=101", "cursor=x"])
      assert.strictEqual((await fetch(`${app.url}${users}?${query}`)).status, 400, query)
    await problem(await fetch(`${app.url}${users}/requests`), 405, "method-not-allowed")
    await problem(await postJson(app, `${users}/1`, change), 405, "method-not-allowed")
  })

  it("counts who was made, and how", async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text()
    assert.match(text, /^users_created_total\{by="request"\} [1-9]/m)
    assert.match(text, /^users_created_total\{by="queue"\} 1$/m)
  })

  it("is not reached by a page of another site", async () => {
    const answer = await exchange(
      app,
      `DELETE ${users}/1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`
    )
    assert.match(answer, /^HTTP\/1\.1 403 /)
    assert.strictEqual((await fetch(`${app.url}${users}/1`)).status, 200)
  })
})
