import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { endpointsOf } from "../../src/access/Authorization.ts"
import { Api } from "../../src/api/Api.ts"
import { KnownUsersApi } from "../../src/api/KnownUsersApi.ts"
import { scopesOf, UserRole } from "../../src/users/User.ts"

const endpoints = [...endpointsOf(Api), ...endpointsOf(KnownUsersApi)]

describe("every endpoint", () => {
  it("says which scope it asks for", () => {
    const forgotten = endpoints.filter(({ scope }) => Option.isNone(scope))
    assert.deepStrictEqual(
      forgotten.map(({ method, path }) => `${method} ${path}`),
      []
    )
    assert.isAbove(endpoints.length, 40)
  })

  it("is behind the guard", () => {
    const open = endpoints.filter(({ isGuarded }) => !isGuarded)
    assert.deepStrictEqual(
      open.map(({ method, path }) => `${method} ${path}`),
      []
    )
  })

  it("that only looks asks for no more than to read", () => {
    for (const { method, path, scope } of endpoints)
      if (method === "GET") assert.match(Option.getOrThrow(scope), /:read$/, path)
  })
})

describe("a role", () => {
  it("may read everything, and nobody but an administrator gives roles", () => {
    for (const role of UserRole.literals) {
      const scopes = scopesOf([role])
      assert.includeMembers([...scopes], ["profiles:read", "users:read", "messages:read"])
      assert.strictEqual(scopes.includes("users:roles"), role === "admin", role)
    }
    assert.deepStrictEqual(scopesOf([]), [])
  })
})
