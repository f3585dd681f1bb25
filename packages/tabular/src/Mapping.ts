import { type GivenFieldName, givenFieldNames } from "@influscope/domain/Observation"
import { FileUnreadable } from "./FileUnreadable.ts"
import { squeeze } from "./Text.ts"

/** What columns of a kind of file can be mapped to. */
export interface MapFields<Target extends string> {
  readonly targets: ReadonlyArray<Target>
  /** Other names of them, in lower case. */
  readonly aliases: Readonly<Record<string, Target>>
  /** That may have several columns. */
  readonly repeatable: ReadonlySet<Target>
}

/** What a caller may map a column of profiles to; `ignore` leaves it out. */
export type MapTarget = GivenFieldName | "handle" | "platform" | "observedAt" | "ignore"

export const profileFields: MapFields<Exclude<MapTarget, "ignore">> = {
  targets: ["handle", "platform", "observedAt", ...givenFieldNames],
  aliases: { category: "categories" },
  repeatable: new Set(["categories"])
}

const badMapping = (message: string, hint: string) => new FileUnreadable({ reason: "mapping", message, hint })

const columnIndex = (names: ReadonlyArray<string>, column: string): number => {
  const wanted = squeeze(column)
  const exact = names.findIndex((name) => squeeze(name) === wanted)
  if (exact !== -1) return exact
  // A repeated name without its position means the first of them.
  const repeated = names.findIndex((name) => squeeze(name.replace(/ \[\d+\]$/, "")) === wanted)
  if (repeated !== -1) return repeated
  const position = /^#(\d+)$/.exec(column.trim())?.[1]
  return position !== undefined && Number(position) <= names.length ? Number(position) - 1 : -1
}

const targetOf = <Target extends string>(
  field: string,
  { aliases, targets }: MapFields<Target>
): Target | "ignore" | undefined => {
  const wanted = field.trim().toLowerCase()
  if (wanted === "" || wanted === "ignore") return "ignore"
  if (Object.hasOwn(aliases, wanted)) return aliases[wanted]
  return targets.find((target) => target.toLowerCase() === wanted)
}

/**
 * Reads `column=field` entries (column by name, case does not matter, by dotted path or by position `#3`; an empty field
 * ignores the column) into targets by column index. The error lists what would have been valid.
 */
export const readMapping = <Target extends string>(
  entries: ReadonlyArray<string>,
  names: ReadonlyArray<string>,
  fields: MapFields<Target>
): ReadonlyMap<number, Target | "ignore"> | FileUnreadable => {
  const mapping = new Map<number, Target | "ignore">()
  for (const entry of entries) {
    const cut = entry.lastIndexOf("=")
    if (cut <= 0)
      return badMapping(
        `The mapping "${entry}" is not of the form column=field.`,
        'Write for example "Subs=followers".'
      )
    const index = columnIndex(names, entry.slice(0, cut))
    if (index === -1)
      return badMapping(
        `The mapping "${entry}" names a column the file does not have.`,
        `Columns of the file: ${names.slice(0, 60).join(", ")}. A column can also be given by its position, as in #3=followers.`
      )
    const target = targetOf(entry.slice(cut + 1), fields)
    if (target === undefined)
      return badMapping(
        `The mapping "${entry}" names a field that does not exist.`,
        `Fields: ${fields.targets.join(", ")}; nothing after the = ignores the column.`
      )
    const taken = Array.from(mapping).find(
      ([, other]) => other === target && target !== "ignore" && !fields.repeatable.has(target)
    )
    if (taken !== undefined && taken[0] !== index)
      return badMapping(`Two columns are mapped to ${target}.`, "Map only one of them.")
    mapping.set(index, target)
  }
  return mapping
}
