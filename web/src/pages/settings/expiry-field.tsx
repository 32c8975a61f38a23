import { viewersZone } from '../../ui/format.ts'
import { EXPIRY_CHOICES, type ExpiryDraft } from './expiry.ts'

interface ExpiryFieldProps {
  readonly draft: ExpiryDraft
  onChange(draft: ExpiryDraft): void
}

export function ExpiryField({ draft, onChange }: ExpiryFieldProps) {
  return (
    <>
      <label className="field">
        <span>Expires</span>
        <select
          value={draft.choice}
          onChange={(event) => {
            const choice = EXPIRY_CHOICES.find(([name]) => name === event.target.value)?.[0] ?? 'never'
            onChange({ ...draft, choice })
          }}
        >
          {EXPIRY_CHOICES.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {draft.choice === 'day' && (
        <label className="field">
          <span>At ({viewersZone})</span>
          <input
            type="datetime-local"
            required
            value={draft.at}
            onChange={(event) => onChange({ ...draft, at: event.target.value })}
          />
        </label>
      )}
    </>
  )
}
