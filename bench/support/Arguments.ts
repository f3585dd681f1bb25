import { parseArgs } from "node:util"

/**
 * Numbers from the command line (`--count 1000`), those of `defaults` where none is given; words that are one of a few
 * (`--runtime dapr`), the first of `choices` where none is given; `--no-gate` only reports.
 */
export const readArguments = <K extends string>(
  defaults: Readonly<Record<K, number>>,
  choices: Readonly<Record<string, ReadonlyArray<string>>> = {}
): {
  readonly numbers: Readonly<Record<K, number>>
  readonly word: (name: string) => string
  readonly gate: boolean
} => {
  const names = [...Object.keys(defaults), ...Object.keys(choices)]
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      "no-gate": { type: "boolean" },
      ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const]))
    }
  })
  const givenOf = (name: string): string | boolean | undefined =>
    Object.entries(values).find(([key]) => key === name)?.[1]
  const numbers: Record<K, number> = { ...defaults }
  for (const name in defaults) {
    const given = givenOf(name)
    if (given === undefined) continue
    const number = Number(given)
    if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} expects a number, not ${given}`)
    numbers[name] = number
  }
  const word = (name: string): string => {
    const possible = choices[name] ?? []
    const given = givenOf(name) ?? possible[0]
    const found = possible.find((each) => each === given)
    if (found === undefined) throw new Error(`--${name} expects ${possible.join(" or ")}, not ${given}`)
    return found
  }
  return { numbers, word, gate: values["no-gate"] !== true }
}
