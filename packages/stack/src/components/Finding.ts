/**
 * - `syntax`: not YAML, or not a resource of Dapr's
 * - `unknown`: a key that is ignored without a word
 * - `value`: a value that means something else than it says
 * - `required`: without it the component does not start
 * - `loss`: data is lost, or seems safe and is not
 * - `secret`: a secret in a file
 */
export type Rule = "syntax" | "unknown" | "value" | "required" | "loss" | "secret"

/** One thing that is refused. */
export interface Finding {
  readonly file: string
  /** From 1. */
  readonly line: number
  /** As written, or the one that is missing. */
  readonly key: string
  readonly rule: Rule
  /** One sentence. */
  readonly why: string
  /** What to write instead. */
  readonly instead?: string
}

export type Report = (line: number, key: string, rule: Rule, why: string, instead?: string) => void
