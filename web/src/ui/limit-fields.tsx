import type { LimitDraft } from './limit-draft.ts'
import './limit-fields.css'

interface FieldsProps {
  readonly draft: LimitDraft
  readonly currency: string
  onChange(draft: LimitDraft): void
  /** Undefined where the limit has to stay. */
  readonly onRemove?: (() => void) | undefined
}

/** The amount of a limit, and the time over which it counts. */
export function LimitFields({ draft, currency, onChange, onRemove }: FieldsProps) {
  const set = (part: Partial<LimitDraft>) => onChange({ ...draft, ...part })
  return (
    <fieldset className="limit-fields">
      <legend className="sr-only">A limit</legend>
      <label className="field">
        <span>At most ({currency})</span>
        <input inputMode="decimal" value={draft.max} onChange={(event) => set({ max: event.target.value })} />
      </label>
      <label className="field">
        <span>Over</span>
        <select value={draft.kind} onChange={(event) => set({ kind: kindOf(event.target.value) })}>
          <option value="sliding">a sliding window</option>
          <option value="day">a day</option>
          <option value="lifetime">all time</option>
        </select>
      </label>
      {draft.kind === 'sliding' && (
        <label className="field">
          <span>Minutes</span>
          <input
            inputMode="decimal"
            value={draft.windowMinutes}
            onChange={(event) => set({ windowMinutes: event.target.value })}
          />
        </label>
      )}
      {draft.kind === 'day' && (
        <label className="field">
          <span>Time zone</span>
          <input value={draft.timezone} onChange={(event) => set({ timezone: event.target.value })} />
        </label>
      )}
      {onRemove && (
        <button type="button" className="button quiet remove" onClick={onRemove}>
          Remove
        </button>
      )}
    </fieldset>
  )
}

const kindOf = (value: string): LimitDraft['kind'] =>
  value === 'sliding' || value === 'lifetime' ? value : 'day'
