import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { oneLine } from "../OneLine.ts"

/**
 * What a template may name, as in `{{displayName}}`. All but the last are of the recipient; followers are grouped by thousands,
 * `category` is the first one.
 */
export const TemplateField = Schema.Literal(
  "displayName",
  "handle",
  "platform",
  "followers",
  "country",
  "language",
  "category",
  "profileUrl",
  "unsubscribeUrl"
).annotations({ identifier: "TemplateField" })
export type TemplateField = typeof TemplateField.Type

/** Addresses: they alone may stand in a tag of HTML, as a whole value. */
const addresses: ReadonlySet<TemplateField> = new Set(["profileUrl", "unsubscribeUrl"])

/** What the fields are for a recipient; those that are not known are absent. */
export type FieldValues = { readonly [F in TemplateField]?: string }

/** Text as it stands, or a field. */
export type TemplatePart = string | { readonly field: TemplateField }

const isField = Schema.is(TemplateField)
const placeholder = /\{\{([^{}]*)\}\}/g

/** The parts of a template's text; or what is wrong with it. */
export const parseTemplate = (text: string): Either.Either<ReadonlyArray<TemplatePart>, string> => {
  const parts: Array<TemplatePart> = []
  let end = 0
  for (const match of text.matchAll(placeholder)) {
    const field = (match[1] ?? "").trim()
    if (!isField(field))
      return Either.left(
        `unknown field {{${field.slice(0, 50)}}}; there are ${TemplateField.literals.join(", ")}`
      )
    parts.push(text.slice(end, match.index), { field })
    end = match.index + match[0].length
  }
  parts.push(text.slice(end))
  const isOpen =
    /\{{3}|\}{3}/.test(text) || parts.some((part) => typeof part === "string" && /\{\{|\}\}/.test(part))
  return isOpen ? Either.left("expected {{ and }} around the name of a field only") : Either.right(parts)
}

/** A tag, with quoted values, or what a field would make one; or what no reader of a page sees, up to its end. */
const markup =
  /<(script|style|title|textarea|noscript|iframe|xmp|noembed|noframes|plaintext)\b[\s\S]*?(?:<\/\1\s*>|$)|<!--[\s\S]*?(?:-->|$)|<[a-z/!?{](?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^"'>])*(?:>|$)/gi

const wholeAddress = /(?:href|src)="\{\{\s*([A-Za-z]+)\s*\}\}"/g

/**
 * Whether every field stands where its escaped value can only be text: between tags, or, if it is an address, as the whole
 * of a quoted href or src.
 */
const isPlacedSafely = (html: string): boolean =>
  [...html.matchAll(markup)].every(([tag]) => {
    const rest = tag.replaceAll(wholeAddress, (whole, field: string) =>
      isField(field) && addresses.has(field) ? "" : whole
    )
    return !rest.includes("{{")
  })

/** Text that is a template. */
const parsable = (text: Schema.Schema<string>) =>
  text.pipe(
    Schema.filter((given) => {
      const parsed = parseTemplate(given)
      return Either.isRight(parsed) ? true : parsed.left
    })
  )

export const TemplateSubject = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(200),
  oneLine,
  parsable
)
export const TemplateText = Schema.String.pipe(Schema.minLength(1), Schema.maxLength(50_000), parsable)
export const TemplateHtml = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(100_000),
  parsable,
  Schema.filter(isPlacedSafely, {
    message: () =>
      'expected fields between tags only, or href="{{profileUrl}}" and href="{{unsubscribeUrl}}" as they stand here'
  })
)

/** Line ends, controls, and marks that turn the direction of what follows them. */
const unruly = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\s]+/gu

/** The other characters, as the contract says it. */
const ruly = "[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]"

/** A value comes from whoever runs the account: it is made one line. */
export const plainValue = (value: string): string => value.toWellFormed().replaceAll(unruly, " ").trim()

/** What stands for a field of the recipient that is not known. */
export const TemplateDefaults = Schema.partialWith(
  Schema.Record({
    key: TemplateField,
    value: Schema.String.pipe(
      Schema.minLength(1),
      Schema.maxLength(200),
      Schema.filter((text) => plainValue(text) === text, {
        message: () => "expected one line of text with single blanks",
        jsonSchema: { pattern: `^${ruly}+(?: ${ruly}+)*$` }
      })
    )
  }),
  { exact: true }
)

/** What is sent, before the fields are filled in. HTML goes beside the text, never instead of it. */
export const TemplateContent = Schema.Struct({
  subject: TemplateSubject,
  text: TemplateText,
  html: Schema.NullOr(TemplateHtml),
  defaults: TemplateDefaults
}).annotations({ identifier: "TemplateContent" })
export type TemplateContent = typeof TemplateContent.Type

export const TemplateId = Schema.String.pipe(
  Schema.pattern(/^[A-Za-z0-9_-]{1,64}$/),
  Schema.brand("TemplateId")
).annotations({ identifier: "TemplateId" })
export type TemplateId = typeof TemplateId.Type

export const TemplateName = Schema.NonEmptyString.pipe(Schema.maxLength(100))

/** A template never changes: campaigns say which one they sent. */
export const Template = Schema.Struct({
  id: TemplateId,
  name: TemplateName,
  ...TemplateContent.fields,
  createdAt: Schema.Date
}).annotations({ identifier: "Template" })
export type Template = typeof Template.Type

/** A template with the fields of one recipient filled in. */
export const Rendered = Schema.Struct({
  subject: Schema.String,
  text: Schema.String,
  html: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Rendered" })
export type Rendered = typeof Rendered.Type

/** All but letters and digits as references, so that no value ends the text or the quotes that it stands in. */
const escapeHtml = (value: string): string =>
  value.replaceAll(
    /[\u0021-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007e]/g,
    (sign) => `&#${sign.charCodeAt(0)};`
  )

/** Texts were parsed when they were taken: what is no field by now stands as it is. */
const partsOf = (text: string): ReadonlyArray<TemplatePart> =>
  Either.getOrElse(parseTemplate(text), () => [text])

/** Fills in a template; or names the fields that have neither a value nor a default. */
export const render = (
  { defaults, html, subject, text }: TemplateContent,
  values: FieldValues
): Either.Either<Rendered, ReadonlyArray<TemplateField>> => {
  const missing = new Set<TemplateField>()
  const fill = (template: string, write: (value: string) => string): string =>
    partsOf(template)
      .map((part) => {
        if (typeof part === "string") return part
        const value = plainValue(values[part.field] ?? "") || defaults[part.field]
        if (value === undefined) missing.add(part.field)
        return write(value ?? "")
      })
      .join("")
  const asIs = (value: string): string => value
  const rendered: Rendered = {
    subject: fill(subject, asIs),
    text: fill(text, asIs),
    html: html === null ? null : fill(html, escapeHtml)
  }
  return missing.size === 0 ? Either.right(rendered) : Either.left([...missing])
}
