import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { addressIn, Contact, contactsOf, EmailAddress } from "../../src/messages/Contact.ts"
import { makeProfileId } from "../../src/ProfileId.ts"

const isAddress = Schema.is(EmailAddress)

describe("an address", () => {
  it.each(["jo@example.com", "jo.of+x@mail.example.co.uk", "O'Neil@example.com", "a_b-c@ex-ample.org"])(
    "is taken: %s",
    (text) => {
      assert.isTrue(isAddress(text))
    }
  )

  it.each([
    "jo",
    "jo@",
    "@example.com",
    "jo@localhost",
    "jo@exa mple.com",
    "jo@example.com\r\nBcc: eve@example.com",
    "jo@example.com, eve@example.com",
    "<jo@example.com>",
    '"jo"@example.com',
    "jo..x@example.com",
    "jo@-example.com",
    "jö@example.com",
    `${"a".repeat(250)}@example.com`
  ])("is refused: %j", (text) => {
    assert.isFalse(isAddress(text))
  })

  it("has nothing in it that means something in a header", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), FastCheck.string(), (before, after) => {
        const text = `${before}jo@example.com${after}`
        if (isAddress(text)) assert.match(text, /^[\x21-\x7e]+$/)
        if (isAddress(text)) assert.notMatch(text, /[<>(),;:\\"[\]]/)
      })
    )
  })
})

describe("an address in a text", () => {
  it.each([
    ["Travel and food. Contact: jo@example.com!", "jo@example.com"],
    ["📧jo@example.com | 🌍", "jo@example.com"],
    ["mail <jo@example.com>, or call", "jo@example.com"],
    ["(jo@example.com).", "jo@example.com"]
  ])("is found: %s", (text, address) => {
    assert.deepStrictEqual(addressIn(text), Option.some(EmailAddress.make(address)))
  })

  it.each(["", "@jo on the other platform", "jo at example dot com", "a@b"])("is not seen in %j", (text) => {
    assert.isTrue(Option.isNone(addressIn(text)))
  })
})

describe("a contact", () => {
  it("is an account or an address, the same whatever its case", () => {
    const decode = Schema.decodeUnknownSync(Contact)
    assert.strictEqual(decode("Jo@Example.COM"), "jo@example.com")
    assert.strictEqual(decode("youtube:mkbhd"), "youtube:mkbhd")
    assert.deepStrictEqual(contactsOf(makeProfileId("x", "jo"), EmailAddress.make("Jo@Example.com")), [
      makeProfileId("x", "jo"),
      EmailAddress.make("jo@example.com")
    ])
  })
})
