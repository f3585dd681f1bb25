import { type Range, splitByRanges } from "./Highlights.ts"

/** A text with its matches marked. The text only ever becomes text nodes, whatever it contains. */
export const Highlighted = ({
  text,
  ranges
}: {
  readonly text: string
  readonly ranges: ReadonlyArray<Range>
}) => (
  <>{splitByRanges(text, ranges).map((piece) => (piece.marked ? <mark>{piece.text}</mark> : piece.text))}</>
)
