/**
 * The tables of a time series file. Series have numbers in the order of their first points, so that those which are
 * tracked together stand together; 32 numbers make a block. Keys are `owner << 32 | epoch seconds`, where the owner is a
 * block or a series.
 */
const tables = `
CREATE TABLE series (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE) STRICT;

-- compacted: the points of the block's series before this time are in chunks, those from it on in the head.
CREATE TABLE blocks (block INTEGER PRIMARY KEY, compacted INTEGER NOT NULL, trimmed INTEGER NOT NULL) STRICT;
CREATE INDEX blocks_by_compaction ON blocks (compacted);
CREATE INDEX blocks_by_trim ON blocks (trimmed);

-- By block and nominal time: new points of all its series. Bits tell which series and metrics a row has.
CREATE TABLE head (
  key INTEGER PRIMARY KEY, members INTEGER NOT NULL, metrics INTEGER NOT NULL, points BLOB NOT NULL
) STRICT;
-- By series and first time: points until the next chunk.
CREATE TABLE chunks (key INTEGER PRIMARY KEY, points BLOB NOT NULL) STRICT;
-- By series and start of a window of 16 or 512 days: rollups of whole days that are before the block's \`compacted\`.
CREATE TABLE hours (key INTEGER PRIMARY KEY, buckets BLOB NOT NULL) STRICT;
CREATE TABLE days (key INTEGER PRIMARY KEY, buckets BLOB NOT NULL) STRICT;
-- By block and day: the last figure of each series at the day's end, of the points in chunks.
CREATE TABLE closes (key INTEGER PRIMARY KEY, figures BLOB NOT NULL) STRICT;

-- What is kept, in epoch seconds; the generation counts the changes, and blocks tell which one they have followed.
CREATE TABLE kept (
  generation INTEGER NOT NULL, raw INTEGER NOT NULL, hour INTEGER NOT NULL, day INTEGER NOT NULL,
  week INTEGER NOT NULL, month INTEGER NOT NULL
) STRICT;
INSERT INTO kept VALUES (0, 0, 0, 0, 0, 0);
CREATE TABLE totals (series INTEGER NOT NULL, points INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0, 0);
`

/** Each released script stays as it is; changes are appended. */
export const migrations: ReadonlyArray<string> = [tables]

export const blockSize = 32
export const blockOf = (series: number): number => series >>> 5
export const memberOf = (series: number): number => series & 31
export const seriesOf = (block: number, member: number): number => block * blockSize + member
/** All 32 bits without a sign, as SQLite keeps them. */
export const bitOf = (member: number): number => (1 << member) >>> 0
export const allMembers = 0xffff_ffff

/** No time is so late. */
export const endOfTime = 2 ** 32

export const daySeconds = 86_400
export const dayOf = (time: number): number => time - (time % daySeconds)
