import { repairMojibake } from "./Mojibake.ts"
import type { Table } from "./TableReader.ts"

/** Whether the text of a table was encoded as UTF-8 twice, as far as its first rows show. */
export const encodedTwice = (table: Table): boolean => {
  let broken = 0
  let sound = 0
  for (const row of table.sample)
    for (const cell of row) {
      if (repairMojibake(cell).repaired) broken++
      else if (/[^\p{ASCII}]/u.test(cell)) sound++
    }
  return broken > 2 && broken > sound
}
