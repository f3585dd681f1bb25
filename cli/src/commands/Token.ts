import { generateKeyPairSync } from "node:crypto"
import { dirname, join } from "node:path"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import { Subject, Tenant } from "@influscope/domain/access/Principal"
import { allScopes } from "@influscope/domain/access/Scopes"
import { scopesOf, UserRole } from "@influscope/domain/users/User"
import { keyFile, tokenNames } from "@influscope/http/AccessConfig"
import { issueToken } from "@influscope/http/IssueToken"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CliError } from "../CliError.ts"
import { dataDirPath } from "../DataDir.ts"
import { print, remark } from "../Output.ts"

/** Writes a new private key for its owner alone; fails where a file is already. */
const makeKey = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
    yield* fs.makeDirectory(dirname(path), { recursive: true, mode: 0o700 })
    const pem = String(privateKey.export({ format: "pem", type: "pkcs8" }))
    yield* fs.writeFileString(path, pem, { flag: "wx", mode: 0o600 })
    yield* remark(`Made a key. An instance asks for its tokens with INFLUSCOPE_JWT_KEY_FILE=${path}`)
    return pem
  })

const keyHere = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = join(yield* dataDirPath, "keys", "tokens.pem")
  const pem = yield* (yield* fs.exists(path)) ? fs.readFileString(path) : makeKey(path)
  return { path, pem }
})

/** The key that is configured, or the data directory's own, which is made when it is first needed. */
const findKey = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const configured = yield* keyFile
  if (Option.isNone(configured)) return yield* keyHere
  return { path: configured.value, pem: yield* fs.readFileString(configured.value) }
})

const options = {
  subject: Options.text("subject").pipe(
    Options.withSchema(Subject),
    Options.withDescription("Who the token is for."),
    Options.withDefault(Subject.make("developer"))
  ),
  tenant: Options.text("tenant").pipe(
    Options.withSchema(Tenant),
    Options.withDescription("Whose users, messages and campaigns it gives access to."),
    Options.withDefault(Tenant.make("local"))
  ),
  scope: Options.choice("scope", allScopes).pipe(
    Options.withDescription("What it is good for; repeat for more. Everything without --scope and --role."),
    Options.repeated
  ),
  role: Options.choice("role", UserRole.literals).pipe(
    Options.withDescription("Good for what users of this role do; repeat for more."),
    Options.repeated
  ),
  hours: Options.integer("hours").pipe(
    Options.withSchema(Schema.Int.pipe(Schema.between(1, 8_760))),
    Options.withDescription("How long it is good, 1 to 8760."),
    Options.withDefault(8)
  )
}

export const token = Command.make("token", options, ({ hours, role, scope, subject, tenant }) =>
  Effect.gen(function* () {
    const { path, pem } = yield* findKey
    const named = new Set([...scope, ...scopesOf(role)])
    const scopes = named.size === 0 ? new Set(allScopes) : named
    const request = {
      principal: { subject, tenant, scopes },
      lifetime: Duration.hours(hours),
      ...(yield* tokenNames)
    }
    const made = yield* Effect.mapError(
      issueToken(pem, request),
      (why) =>
        new CliError({
          what: `No token can be made with the key of ${path}.`,
          likelyCause: why,
          todo: "Set INFLUSCOPE_JWT_KEY_FILE to a private key in PEM, or unset it to have one made."
        })
    )
    yield* print(made)
  })
).pipe(Command.withDescription("Make a token for development; the instance needs the same key."))
