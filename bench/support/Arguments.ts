import { parseArgs } from "node:util"

/** Numbers from the command line (`--count 1000`), those of `defaults` where none is given; `--no-gate` only reports. */
export const readArguments = <K extends string>(
  defaults: Readonly<Record<K, number>>
): { readonly numbers: Readonly<Record<K, number>>; readonly gate: boolean } => {
  const names = Object.keys(defaults)
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: {
      "no-gate": { type: "boolean" },
      ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const]))
    }
  })
  const numbers: Record<K, number> = { ...defaults }
  for (const name in defaults) {
    const given = Object.entries(values).find(([key]) => key === name)?.[1]
    if (given === undefined) continue
    const number = Number(given)
    if (!Number.isFinite(number) || number < 0) throw new Error(`--${name} expects a number, not ${given}`)
    numbers[name] = number
  }
  return { numbers, gate: values["no-gate"] !== true }
}
