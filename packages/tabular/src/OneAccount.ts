import { FileUnreadable } from "./FileUnreadable.ts"
import { meaningOf } from "./HeaderMeaning.ts"
import type { Reshaped } from "./Unfold.ts"

const identities: ReadonlySet<string | undefined> = new Set(["handle", "channelId", "url"])

/**
 * A table all of which is about one account (`platform:handle`), which it does not name: as if it had a last column that does.
 * Fails when it has a column of its own for that.
 */
export const ofAccount = (account: string, { expand, table }: Reshaped): Reshaped | FileUnreadable => {
  const own = table.names.find((name) => identities.has(meaningOf(name).target))
  if (own !== undefined)
    return new FileUnreadable({
      reason: "mapping",
      message: `The file says itself whose figures these are, in the column "${own}".`,
      hint: "Do not name the account, or leave that column out of the file."
    })
  const width = table.names.length
  const withAccount = (cells: ReadonlyArray<string>): ReadonlyArray<string> =>
    cells.toSpliced(width, 0, account)
  return {
    table: { ...table, names: [...table.names, "id"], sample: table.sample.map(withAccount) },
    expand: (event) =>
      expand(event).map((each) =>
        each._tag === "Row" ? { ...each, cells: withAccount(each.cells), found: each.found + 1 } : each
      )
  }
}
