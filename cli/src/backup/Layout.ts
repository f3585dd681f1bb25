import { join } from "node:path"

/** Where a running instance is asked for what only it can do, by commands of whoever may write to the data directory. */
export const controlSocket = (dataDir: string): string => join(dataDir, "control.sock")

/** Files that are being imported: read once, and removed after that. */
export const importsIn = (dataDir: string): string => join(dataDir, "imports")

/** Second names of the files being imported, so that they stay for as long as a backup is being made. */
export const heldIn = (dataDir: string): string => join(dataDir, "held")

/** What is being restored; a directory that has it is not whole. */
export const restoringIn = (dataDir: string): string => join(dataDir, "restoring")

/** What is in a backup, written when all of it is there. */
export const manifestName = "backup.json"

/**
 * Entries of the data directory that are of no use elsewhere: locks and addresses of the process, what is rebuilt, and what belongs to
 * other programs (the servers of `influscope stack`, the spool of a scraper beside its sidecar).
 */
const notKept: ReadonlySet<string> = new Set([
  "lock.db",
  "instance.json",
  "control.sock",
  "held",
  "profiles.db.index",
  "stack",
  "spool"
])

/** Whether an entry of the data directory, or of a directory in it, belongs into a backup. */
export const isKept = (path: string): boolean =>
  !notKept.has(path) && !/(^lock\.db-|\.part$|-shm$|(^|\/)\+unfinished$)/.test(path)
