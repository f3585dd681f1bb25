import { FileUnreadable } from "./FileUnreadable.ts"

const starts = (bytes: Uint8Array, signature: ReadonlyArray<number>, offset = 0): boolean =>
  bytes.length >= offset + signature.length &&
  signature.every((byte, index) => bytes[offset + index] === byte)

const ascii = (text: string): ReadonlyArray<number> => Array.from(text, (char) => char.charCodeAt(0))

interface Signature {
  readonly bytes: ReadonlyArray<number>
  readonly offset?: number
  readonly what: string
  readonly hint: string
}

const unpack = "Unpack it and import the table inside."
const exportAsCsv = "Save the table as CSV (UTF-8), tab-separated text or JSON and import that."

/** Files people take for tables, by the bytes they start with. */
const signatures: ReadonlyArray<Signature> = [
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    what: "an Excel or ZIP file",
    hint: 'Open it, choose "Save as CSV (UTF-8)" and import the CSV; of a ZIP archive, import the table inside.'
  },
  { bytes: [0x50, 0x4b, 0x05, 0x06], what: "an empty ZIP file", hint: unpack },
  {
    bytes: [0xd0, 0xcf, 0x11, 0xe0],
    what: "an old Excel file (.xls)",
    hint: 'Open it, choose "Save as CSV (UTF-8)" and import the CSV.'
  },
  { bytes: ascii("PAR1"), what: "a Parquet file", hint: exportAsCsv },
  { bytes: ascii("ARROW1"), what: "an Arrow file", hint: exportAsCsv },
  { bytes: ascii("Obj\u0001"), what: "an Avro file", hint: exportAsCsv },
  { bytes: ascii("SQLite format 3"), what: "an SQLite database", hint: exportAsCsv },
  { bytes: ascii("%PDF"), what: "a PDF", hint: exportAsCsv },
  { bytes: ascii("{\\rtf"), what: "a rich-text document", hint: exportAsCsv },
  {
    bytes: [0x89, 0x50, 0x4e, 0x47],
    what: "a PNG picture",
    hint: "Import a table: CSV, tab-separated text or JSON."
  },
  {
    bytes: [0xff, 0xd8, 0xff],
    what: "a JPEG picture",
    hint: "Import a table: CSV, tab-separated text or JSON."
  },
  { bytes: ascii("GIF8"), what: "a GIF picture", hint: "Import a table: CSV, tab-separated text or JSON." },
  {
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    what: "compressed with zstd",
    hint: "Unpack it or compress it with gzip."
  },
  {
    bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a],
    what: "compressed with xz",
    hint: "Unpack it or compress it with gzip."
  },
  { bytes: ascii("BZh"), what: "compressed with bzip2", hint: "Unpack it or compress it with gzip." },
  { bytes: [0x37, 0x7a, 0xbc, 0xaf], what: "a 7z archive", hint: unpack },
  { bytes: ascii("Rar!"), what: "a RAR archive", hint: unpack },
  { bytes: ascii("ustar"), offset: 257, what: "a tar archive", hint: unpack },
  { bytes: [0x1f, 0x8b], what: "compressed with gzip twice", hint: "Unpack it once and import the result." },
  {
    bytes: [0xff, 0xfe, 0x00, 0x00],
    what: "text in UTF-32, which is not supported",
    hint: "Save it as UTF-8."
  },
  {
    bytes: [0x00, 0x00, 0xfe, 0xff],
    what: "text in UTF-32, which is not supported",
    hint: "Save it as UTF-8."
  }
]

const htmlStart = /^\s*(?:<!doctype html|<html|<head|<body)/i

export const isGzip = (bytes: Uint8Array): boolean => starts(bytes, [0x1f, 0x8b])

/** Looks at the first bytes (after decompression) of a file that is no table and says so; undefined when it may be text. */
export const foreignKind = (head: Uint8Array): FileUnreadable | undefined => {
  const found = signatures.find((signature) => starts(head, signature.bytes, signature.offset ?? 0))
  if (found !== undefined)
    return new FileUnreadable({
      reason: "format",
      message: `This is not a table in text form: the file is ${found.what}.`,
      hint: found.hint
    })
  if (htmlStart.test(new TextDecoder("windows-1252").decode(head.subarray(0, 256))))
    return new FileUnreadable({
      reason: "format",
      message: "This is a web page (HTML), not a table; the download was perhaps a log-in or error page.",
      hint: "Download the data itself as CSV or JSON and import that."
    })
  return undefined
}

const isControl = (byte: number): boolean =>
  byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1a

/** Whether bytes in an ASCII-compatible encoding hold so many control characters that they cannot be text. */
export const looksBinary = (head: Uint8Array): boolean => {
  let control = 0
  for (const byte of head) if (isControl(byte)) control++
  return control > 4 && control > head.length * 0.01
}
