import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { allScopes } from "@influscope/domain/access/Scopes"
import { es256, jws } from "./Forging.ts"
import { type App, startApp, temporaryDirectory } from "./support.ts"

const { privateKey: key } = generateKeyPairSync("ec", { namedCurve: "P-256" })

const tokenOf = (sub: string, tenant: string): string => {
  const now = Math.floor(Date.now() / 1_000)
  const claims = { iss: "influscope", aud: "influscope", iat: now, nbf: now, exp: now + 3_600 }
  return jws({ alg: "ES256", typ: "JWT" }, { sub, tenant, scope: allScopes.join(" "), ...claims }, es256(key))
}

/** An app that asks for tokens. */
export const startGuardedApp = async (env: Readonly<Record<string, string>> = {}): Promise<App> => {
  const directory = await temporaryDirectory()
  const file = join(directory, "tokens.pem")
  await writeFile(file, String(createPublicKey(key).export({ format: "pem", type: "spki" })))
  return startApp({
    directory,
    env: {
      INFLUSCOPE_JWT_KEY_FILE: file,
      INFLUSCOPE_RATE_LIMIT: "100000",
      INFLUSCOPE_RATE_BURST: "100000",
      ...env
    }
  })
}

/** Somebody of a tenant who may do everything there. */
export interface Caller {
  readonly get: (path: string) => Promise<Response>
  readonly post: (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>
  ) => Promise<Response>
  readonly del: (path: string) => Promise<Response>
}

export const callerOf = (app: App, subject: string, tenant: string): Caller => {
  const authorization = `Bearer ${tokenOf(subject, tenant)}`
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${app.url}${path}`, { ...init, headers: { ...init.headers, authorization } })
  return {
    get: (path) => ask(path),
    post: (path, body = {}, headers = {}) =>
      ask(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body)
      }),
    del: (path) => ask(path, { method: "DELETE" })
  }
}
