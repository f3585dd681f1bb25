import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { NewTemplate } from "../../src/api/TemplatesApi.ts"
import {
  type FieldValues,
  plainValue,
  render,
  type TemplateContent,
  TemplateField,
  TemplateHtml
} from "../../src/messages/Template.ts"

const content = (changes: Partial<TemplateContent>): TemplateContent => ({
  subject: "Hello",
  text: "Hello",
  html: null,
  defaults: {},
  ...changes
})

const decode = Schema.decodeUnknownEither(NewTemplate, { onExcessProperty: "error" })
const problemOf = (given: object): string | undefined =>
  Either.match(decode({ name: "n", subject: "s", text: "t", ...given }), {
    onLeft: ({ message }) => message,
    onRight: () => undefined
  })

const rendered = (template: TemplateContent, values: FieldValues) =>
  Either.getOrThrowWith(render(template, values), (missing) => new RangeError(missing.join()))

describe("a template", () => {
  it("fills in its fields, and defaults for those that are not known", () => {
    const template = content({
      subject: "{{displayName}} of {{ platform }}",
      text: "{{followers}} followers in {{country}}",
      defaults: { displayName: "friend", country: "your country" }
    })
    assert.deepStrictEqual(rendered(template, { platform: "youtube", followers: "1,200" }), {
      subject: "friend of youtube",
      text: "1,200 followers in your country",
      html: null
    })
  })

  it("names every field that has neither a value nor a default", () => {
    const template = content({ subject: "{{displayName}}", text: "{{country}} {{displayName}} {{handle}}" })
    assert.deepStrictEqual(
      render(template, { handle: "jo", country: " \r\n " }),
      Either.left(["displayName", "country"])
    )
  })

  it.each([
    { subject: "Hello {{name}}" },
    { text: "Hello {{constructor}}" },
    { text: "Hello {{}}" },
    { text: "Hello {{displayName" },
    { text: "Hello }} there" },
    { text: "Hello {{{displayName}}}" },
    { subject: "Hello\r\nBcc: everybody@example.com" },
    { subject: "Hello\u2028there" },
    { defaults: { displayName: "two\nlines" } },
    { defaults: { unknown: "x" } },
    { subject: "" }
  ])("is refused when it is not one: %j", (given) => {
    assert.isString(problemOf(given))
  })

  it.each([
    "<p>{{displayName}}</p>",
    '<a href="{{unsubscribeUrl}}">out</a>',
    '<a class="x" href="{{profileUrl}}" title="y">{{handle}}</a>',
    "<style>p { color: red }</style><p>{{handle}}</p>",
    "<!-- a comment --><b>{{handle}}</b> 1 < 2 {{country}}"
  ])("takes HTML with fields where they are text: %s", (html) => {
    assert.isTrue(Schema.is(TemplateHtml)(html))
  })

  it.each([
    "<p title={{displayName}}>",
    '<p title="{{displayName}}">',
    '<a href="{{displayName}}">',
    '<a href="https://example.com/{{handle}}">',
    '<a href="javascript:{{profileUrl}}">',
    "<a href={{profileUrl}}>",
    "<a href='{{profileUrl}}' x",
    "<script>{{displayName}}</script>",
    "<SCRIPT src='x'>\n{{displayName}}",
    "<style>{{displayName}}</style>",
    "<!-- {{displayName}} -->",
    "<{{displayName}}>",
    "</{{displayName}}>",
    "<s{{displayName}}>",
    '<p title="> {{displayName}}',
    "<textarea>{{displayName}}</textarea>",
    "<title>{{displayName}}</title>"
  ])("refuses HTML with fields anywhere else: %s", (html) => {
    assert.isFalse(Schema.is(TemplateHtml)(html))
  })

  it("looks at the most hostile HTML in no time that its length does not explain", () => {
    const hostile = [
      "<a".repeat(49_000),
      '<a "'.repeat(24_000),
      "<!--".repeat(24_000),
      "<style".repeat(16_000)
    ]
    for (const html of hostile) assert.isFalse(Schema.is(TemplateHtml)(`${html}{{displayName}}`))
  })

  const anyText = FastCheck.string({ unit: "binary", maxLength: 60 })
  const hostile = FastCheck.oneof(
    anyText,
    FastCheck.constantFrom(
      "a\r\nBcc: eve@example.com",
      "a\n\n<script>alert(1)</script>",
      '"><img src=x onerror=alert(1)>',
      "{{displayName}}",
      "{{unsubscribeUrl}}",
      "$& $1 \\u0000",
      "\u202Egnp.exe",
      "' onmouseover='alert(1)"
    )
  )
  const values = FastCheck.record(
    Object.fromEntries(TemplateField.literals.map((field) => [field, hostile]))
  ).map((record): FieldValues => record)

  it("never lets a value be more than one line of text", () => {
    const template = content({
      subject: "A {{displayName}} B",
      text: "line 1\n{{displayName}}\nline 3",
      html: '<p>{{displayName}}</p><a href="{{profileUrl}}">x</a>',
      defaults: { displayName: "friend", profileUrl: "https://example.com" }
    })
    FastCheck.assert(
      FastCheck.property(values, (given) => {
        const { html, subject, text } = rendered(template, given)
        assert.match(subject, /^A [^\p{Cc}\u2028\u2029]* B$/u)
        assert.strictEqual(text.split(/[\r\n\u2028\u2029]/).length, 3)
        // What was text of the template stays so, and nothing in between ends it.
        const [, name = "<", url = '"'] =
          /^<p>([\s\S]*)<\/p><a href="([\s\S]*)">x<\/a>$/.exec(html ?? "") ?? []
        assert.notMatch(name, /[<>"'`]/)
        assert.notMatch(url, /[<>"'`=]/)
      })
    )
  })

  it("escapes so that a reader of HTML sees the value as it is", () => {
    const template = content({ html: "{{displayName}}" })
    const decodeReferences = (html: string) =>
      html.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    FastCheck.assert(
      FastCheck.property(hostile, (given) => {
        const value = plainValue(given)
        FastCheck.pre(value !== "")
        assert.strictEqual(decodeReferences(rendered(template, { displayName: given }).html ?? ""), value)
      })
    )
  })

  it("leaves what looks like a field in a value alone", () => {
    const template = content({ text: "{{displayName}}" })
    const { text } = rendered(template, { displayName: "{{handle}} {{unsubscribeUrl}}", handle: "jo" })
    assert.strictEqual(text, "{{handle}} {{unsubscribeUrl}}")
  })
})
