import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Platform, platforms } from "./Platform.ts"

/** Longest handle accepted, in code points. Every platform's own limit is lower. */
export const maxHandleLength = 100

const handlePattern = /^[^\s\p{C}:/\\?#]{1,100}$/u

/**
 * `platform:handle`, in lower case: the identity of an account in every store, queue and route.
 * The handle has no blanks, control characters or `: / \ ? #`.
 */
export const ProfileId = Schema.String.pipe(
  Schema.pattern(new RegExp(`^(?:${platforms.join("|")}):[^\\s\\p{C}:/\\\\?#]{1,${maxHandleLength}}$`, "u"), {
    message: () => "expected platform:handle, for example instagram:natgeo"
  }),
  Schema.brand("ProfileId")
).annotations({
  identifier: "ProfileId",
  description: "platform:handle in lower case, for example instagram:natgeo"
})
export type ProfileId = typeof ProfileId.Type

/** Lower-cases (NFC), trims and drops leading `@`; none when what is left cannot be a handle. */
export const normalizeHandle = (raw: string): Option.Option<string> => {
  // Lower case can compose further: a capital iota with dialytika and an accent is one letter only in lower case.
  const handle = raw.normalize("NFC").trim().replace(/^@+/, "").toLowerCase().normalize("NFC")
  return handlePattern.test(handle) ? Option.some(handle) : Option.none()
}

/** Makes the id of an already normalized handle. Throws on a handle that `normalizeHandle` would refuse. */
export const makeProfileId = (platform: Platform, handle: string): ProfileId =>
  ProfileId.make(`${platform}:${handle}`)

const decodePlatform = Schema.decodeUnknownSync(Platform)

/** The platform an account lives on. */
export const platformOf = (id: ProfileId): Platform => decodePlatform(id.slice(0, id.indexOf(":")))
