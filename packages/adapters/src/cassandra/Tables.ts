import { postTables } from "./posts/Tables.ts"

export interface Table {
  readonly name: string
  /** Columns, primary key and options as they stand in CREATE TABLE. */
  readonly definition: string
}

export const tables: ReadonlyArray<Table> = postTables
