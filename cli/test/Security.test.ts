import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { endpointsOf } from "@influscope/domain/access/Authorization"
import { allScopes } from "@influscope/domain/access/Scopes"
import { Api } from "@influscope/domain/api/Api"
import { KnownUsersApi } from "@influscope/domain/api/KnownUsersApi"
import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"

const text = readFileSync(fileURLToPath(new URL("../../docs/security.md", import.meta.url)), "utf8")

describe("docs/security.md", () => {
  it("has every scope with its routes, and no other", () => {
    const declared = Object.fromEntries(allScopes.map((scope) => [scope, [] as string[]]))
    for (const { method, path, scope } of [...endpointsOf(Api), ...endpointsOf(KnownUsersApi)])
      declared[Option.getOrThrow(scope)]?.push(`${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
    const rows = text.matchAll(/^\| `([a-z]+:[a-z]+)` \| (.*) \|$/gm)
    const documented = Object.fromEntries(
      Array.from(rows, ([, scope = "", routes = ""]) => [
        scope,
        Array.from(routes.matchAll(/`([^`]+)`/g), ([, route]) => route).sort()
      ])
    )
    expect(documented).toEqual(
      Object.fromEntries(Object.entries(declared).map(([scope, routes]) => [scope, routes.sort()]))
    )
  })
})
