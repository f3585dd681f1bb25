import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { platforms } from "../src/Platform.ts"
import { makeProfileId, maxHandleLength, normalizeHandle, ProfileId } from "../src/ProfileId.ts"

const isId = (text: string): boolean => Either.isRight(Schema.decodeEither(ProfileId)(text))

const normalized = (raw: string): string | undefined => Option.getOrUndefined(normalizeHandle(raw))

/** Any text, with the characters that matter here more often than chance would have them. */
const text = FastCheck.array(
  FastCheck.oneof(
    FastCheck.fullUnicode(),
    FastCheck.constantFrom(
      "@",
      " ",
      ".",
      "_",
      "-",
      ":",
      "/",
      "A",
      "z",
      "0",
      "İ",
      "Σ",
      "ß",
      "\u0301",
      "\u0345",
      "\ud800"
    )
  ),
  { maxLength: 8 }
).map((characters) => characters.join(""))

const check = <Ts extends [unknown, ...Array<unknown>]>(property: FastCheck.IPropertyWithHooks<Ts>): void =>
  FastCheck.assert(property, { numRuns: 5_000 })

describe("handles", () => {
  it("are trimmed, lower case, composed and without their @", () => {
    assert.strictEqual(normalized("  @NatGeo "), "natgeo")
    assert.strictEqual(normalized("@@_a.b-9_"), "_a.b-9_")
    assert.strictEqual(normalized("a@b"), "a@b")
    assert.strictEqual(normalized("E\u0301COLE"), "école")
    assert.strictEqual(normalized("日本語"), "日本語")
    // Becomes one letter only once it is in lower case.
    assert.strictEqual(normalized("\u03aa\u0301"), "\u0390")
  })

  it("are refused when they cannot be one", () => {
    const hostile = [
      "a b",
      "a\tb",
      "a:b",
      "a/b",
      "a\\b",
      "a?b",
      "a#b",
      "a\u0000b",
      "a\u202eb",
      "a\u200db",
      "a\ud800"
    ]
    for (const raw of ["", "   ", "@", "@@@", " @ ", "@ a", ...hostile])
      assert.isTrue(Option.isNone(normalizeHandle(raw)), JSON.stringify(raw))
  })

  it("have at most 100 characters, the @ and blanks around them aside", () => {
    for (const letter of ["a", "é", "😀"]) {
      const longest = letter.repeat(maxHandleLength)
      assert.strictEqual(normalized(` @${longest} `), longest)
      assert.isUndefined(normalized(longest + letter))
      assert.isTrue(isId(`tiktok:${longest}`))
      assert.isFalse(isId(`tiktok:${longest}${letter}`))
    }
    assert.isUndefined(normalized("a".repeat(1_000_000)))
  })

  it("stay as they are when normalized again, and make an id on every platform", () =>
    check(
      FastCheck.property(text, FastCheck.constantFrom(...platforms), (raw, platform) => {
        const handle = normalized(raw)
        if (handle === undefined) return
        assert.strictEqual(normalized(handle), handle)
        assert.isTrue(isId(makeProfileId(platform, handle)))
      })
    ))

  it("are the same however they were typed", () =>
    check(
      FastCheck.property(text, (raw) => {
        assert.strictEqual(normalized(` @${raw.normalize("NFD")} `), normalized(`@${raw.normalize("NFC")}`))
      })
    ))
})

describe("profile ids", () => {
  it("name the platform and the handle", () => {
    assert.strictEqual(makeProfileId("x", "nasa"), "x:nasa")
    for (const platform of platforms) assert.isTrue(isId(`${platform}:a`))
  })

  it("are refused for other platforms and for what cannot be a handle", () => {
    for (const bad of [
      "",
      "x",
      "x:",
      ":a",
      "myspace:a",
      "X:a",
      " x:a",
      "x:a ",
      "x:a\n",
      "x:a:b",
      "x:a/b",
      "xx:a",
      "x:\ud800"
    ])
      assert.isFalse(isId(bad), JSON.stringify(bad))
    assert.throws(() => makeProfileId("x", "a b"))
    assert.throws(() => makeProfileId("x", ""))
  })

  it("are made of exactly the handles that a handle can be", () =>
    check(
      FastCheck.property(text, (raw) => {
        const lower = raw.toLowerCase().normalize("NFC")
        if (lower !== raw || raw.startsWith("@")) return
        assert.strictEqual(isId(`x:${raw}`), normalized(raw) === raw)
      })
    ))
})
