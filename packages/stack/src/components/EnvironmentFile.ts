/** Variables of a file that a shell can read with `set -a; . file`: NAME=value, with or without quotes and export. */
export const parseEnvironment = (text: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {}
  for (const line of text.split("\n")) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line)
    const [, name, rest = ""] = match ?? []
    if (name !== undefined) found[name] = unquoted(rest.trim())
  }
  return found
}

const unquoted = (text: string): string => {
  if (text.startsWith("'"))
    return text.replace(/'\\''/g, "\u0000").replaceAll("'", "").replaceAll("\u0000", "'")
  if (text.startsWith('"') && text.endsWith('"') && text.length > 1)
    return text.slice(1, -1).replace(/\\(["\\$`])/g, "$1")
  return text.replace(/\s+#.*$/, "")
}

/** The opposite: every value in single quotes, in which a shell takes every character as it is. */
export const formatEnvironment = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join("")
