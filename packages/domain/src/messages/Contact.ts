import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ProfileId } from "../ProfileId.ts"

const addressPattern =
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$/
const longestAddress = 254

/**
 * An address of electronic mail as it is everywhere in use (RFC 5321 without quoted names): ASCII, so that it is nothing but
 * itself in a header.
 */
export const EmailAddress = Schema.String.pipe(
  Schema.maxLength(longestAddress),
  Schema.pattern(addressPattern, {
    message: () => "expected an address, for example someone@example.com"
  }),
  Schema.brand("EmailAddress")
).annotations({ identifier: "EmailAddress" })
export type EmailAddress = typeof EmailAddress.Type

const isAddress = Schema.is(EmailAddress)

/** The first address of electronic mail in a text, as creators have it in their bios. */
export const addressIn = (text: string): Option.Option<EmailAddress> =>
  Option.fromNullable(
    text
      .split(/[\s,;:|<>()[\]"“”]+/u)
      .map((word) => word.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ""))
      .find(isAddress)
  )

/** An account or an address, in lower case: who wants to hear nothing is kept by either. */
export const Contact = Schema.Union(
  ProfileId,
  // The JSON Schema of a transformation has its source alone, and that is any text.
  Schema.Lowercase.pipe(Schema.compose(EmailAddress)).annotations({
    jsonSchema: { type: "string", maxLength: longestAddress, pattern: addressPattern.source }
  })
).annotations({ identifier: "Contact" })
export type Contact = typeof Contact.Type

/** What leads to somebody: the account, and the address where there is one. */
export const contactsOf = (id: ProfileId, address: EmailAddress | null): ReadonlyArray<Contact> =>
  address === null ? [id] : [id, EmailAddress.make(address.toLowerCase())]

/** Somebody who wants to hear nothing from a tenant; `link` and `one-click` are their own doing (RFC 8058). */
export const OptOut = Schema.Struct({
  contact: Contact,
  source: Schema.Literal("link", "one-click", "complaint", "given"),
  at: Schema.Date
}).annotations({ identifier: "OptOut" })
export type OptOut = typeof OptOut.Type
