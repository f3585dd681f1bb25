import { createPublicKey, generateKeyPairSync } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import type { JWTVerifyGetKey } from "jose"
import { issueToken } from "../src/IssueToken.ts"
import { keysOfFile } from "../src/KeyFile.ts"
import { algorithms, verifyToken } from "../src/Tokens.ts"
import { jwkOf, namedTokenOf, names, newKey, pemOf, principal, tokenOf } from "./Keys.ts"

const directory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "influscope-keys-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

const keysOf = (text: string) =>
  Effect.gen(function* () {
    const path = join(yield* directory, "keys")
    yield* Effect.promise(() => writeFile(path, text))
    return yield* keysOfFile(path)
  })

const rulesOf = (keys: JWTVerifyGetKey) => ({ keys, algorithms, skew: Duration.seconds(30), ...names })

const bearer = (token: string): string => `Bearer ${token}`

describe("a token", () => {
  it.scoped("tells who, of which tenant, and what for", () =>
    Effect.gen(function* () {
      const key = newKey()
      const rules = rulesOf(yield* keysOf(pemOf(key)))
      const token = yield* tokenOf(key, "users:read", "posts:write")
      assert.deepStrictEqual(
        yield* verifyToken(bearer(token), rules),
        principal(["users:read", "posts:write"])
      )
      assert.isTrue((yield* Effect.exit(verifyToken(`bearer ${token}`, rules)))._tag === "Success")
    })
  )

  it.scoped(
    "is good from its first to its last moment, and as long before and after as clocks may differ",
    () =>
      Effect.gen(function* () {
        const key = newKey()
        const rules = rulesOf(yield* keysOf(pemOf(key)))
        yield* TestClock.setTime(1_000_000_000_000)
        const token = yield* tokenOf(key, "users:read")
        const isGood = Effect.map(
          Effect.exit(verifyToken(bearer(token), rules)),
          ({ _tag }) => _tag === "Success"
        )
        yield* TestClock.setTime(1_000_000_000_000 - 31_000)
        assert.isFalse(yield* isGood)
        yield* TestClock.adjust("2 seconds")
        assert.isTrue(yield* isGood)
        yield* TestClock.adjust("1 hours")
        assert.isTrue(yield* isGood)
        yield* TestClock.adjust("58 seconds")
        assert.isTrue(yield* isGood)
        yield* TestClock.adjust("2 seconds")
        assert.isFalse(yield* isGood)
      })
  )

  it.scoped("is taken by whichever of several keys its header names", () =>
    Effect.gen(function* () {
      const [one, other] = [newKey(), newKey()]
      const rules = rulesOf(
        yield* keysOf(JSON.stringify({ keys: [jwkOf(one, "one"), jwkOf(other, "other")] }))
      )
      yield* TestClock.setTime(Date.now())
      const kindOf = (token: string) =>
        Effect.map(Effect.exit(verifyToken(bearer(token), rules)), ({ _tag }) => _tag)
      assert.strictEqual(yield* kindOf(yield* namedTokenOf(one, "one")), "Success")
      assert.strictEqual(yield* kindOf(yield* namedTokenOf(other, "other")), "Success")
      assert.strictEqual(yield* kindOf(yield* namedTokenOf(one, "other")), "Failure")
      assert.strictEqual(yield* kindOf(yield* namedTokenOf(one, "third")), "Failure")
    })
  )
})

describe("a file of keys", () => {
  it.scoped("may have a public or private key of any kind that is taken", () =>
    Effect.gen(function* () {
      const keys = [
        newKey(),
        generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
        generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey,
        generateKeyPairSync("ed25519").privateKey
      ]
      for (const key of keys) {
        const publicKey = createPublicKey(key)
        const texts = [
          pemOf(key),
          String(publicKey.export({ format: "pem", type: "spki" })),
          JSON.stringify(publicKey.export({ format: "jwk" })),
          JSON.stringify({ keys: [key.export({ format: "jwk" })] })
        ]
        const token = yield* tokenOf(key, "users:read")
        for (const text of texts) {
          const { subject } = yield* verifyToken(bearer(token), rulesOf(yield* keysOf(text)))
          assert.strictEqual(subject, "ada")
        }
      }
    })
  )

  it.scoped("with anything else stops the start", () =>
    Effect.gen(function* () {
      const shared = { kty: "oct", k: Buffer.from("a secret of thirty-two characters").toString("base64url") }
      const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey
      const texts = [
        "",
        "no key",
        "{}",
        JSON.stringify(shared),
        JSON.stringify({ keys: [jwkOf(newKey(), "good"), shared] }),
        pemOf(weak),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
      ]
      for (const text of texts)
        assert.strictEqual((yield* Effect.flip(keysOf(text)))._tag, "KeysUnusable", text.slice(0, 40))
      const missing = yield* Effect.flip(keysOfFile(join(yield* directory, "missing.pem")))
      assert.include(missing.message, "missing.pem")
    })
  )

  it.effect("that has only a public key makes no tokens", () =>
    Effect.gen(function* () {
      const pem = String(createPublicKey(newKey()).export({ format: "pem", type: "spki" }))
      const why = yield* Effect.flip(
        issueToken(pem, { principal: principal([]), lifetime: Duration.hours(1), ...names })
      )
      assert.isNotEmpty(why)
    })
  )
})
