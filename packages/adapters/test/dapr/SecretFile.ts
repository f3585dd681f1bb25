import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ComponentFile } from "./Sidecars.ts"

/** The component `secrets` on a file with these secrets, by name and key. */
export const secretFile = (
  directory: string,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>>
): ComponentFile => {
  const path = join(directory, "secrets.json")
  writeFileSync(path, JSON.stringify(secrets), { mode: 0o600 })
  return {
    name: "secrets",
    type: "secretstores.local.file",
    metadata: { secretsFile: path, multiValued: "true" }
  }
}
