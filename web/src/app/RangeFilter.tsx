import { useSignal } from "@preact/signals"
import { formatExact, parseChange, parseCount } from "./Format.ts"
import type { RangeName } from "./Query.ts"
import { applyQuery, query } from "./Store.ts"

const Bound = ({
  name,
  label,
  placeholder
}: {
  readonly name: RangeName
  readonly label: string
  readonly placeholder: string
}) => {
  const isChange = name === "growth30Min" || name === "growth30Max"
  const parse = isChange ? parseChange : parseCount
  // What is being typed, until it is taken over on Enter or on leaving the field.
  const draft = useSignal<string | undefined>(undefined)
  const value = query.value[name]
  const wrong = useSignal(false)
  const shown = draft.value ?? (value === undefined ? "" : formatExact(value))
  return (
    <label class="bound">
      <span>{label}</span>
      <input
        type="text"
        inputMode={isChange ? "text" : "decimal"}
        autocomplete="off"
        name={name}
        placeholder={placeholder}
        value={shown}
        aria-invalid={wrong.value}
        title={
          wrong.value ? `A number, for example ${isChange ? "5 or -2.5" : "25000, 25k or 1.5m"}` : undefined
        }
        onInput={(event) => {
          draft.value = event.currentTarget.value
          wrong.value = parse(event.currentTarget.value) === null
        }}
        onChange={(event) => {
          const next = parse(event.currentTarget.value)
          if (next === null) return
          draft.value = undefined
          if (next !== value) applyQuery({ ...query.value, [name]: next })
        }}
      />
    </label>
  )
}

/** Two bounds of one figure. Bounds that exclude everything are said to, where they are typed. */
export const RangeFilter = ({
  title,
  unit,
  min,
  max,
  examples
}: {
  readonly title: string
  readonly unit: string
  readonly min: RangeName
  readonly max: RangeName
  readonly examples: readonly [string, string]
}) => {
  const low = query.value[min]
  const high = query.value[max]
  return (
    <fieldset class="facet">
      <legend>
        {title} <span class="unit">{unit}</span>
      </legend>
      <div class="range">
        <Bound name={min} label="From" placeholder={examples[0]} />
        <Bound name={max} label="To" placeholder={examples[1]} />
      </div>
      {low !== undefined && high !== undefined && low > high ? (
        <p class="hint">“From” is above “To”, so nothing can match.</p>
      ) : null}
    </fieldset>
  )
}
