import { useMemo } from 'react'
import type { Creative } from '../../api/exchanges.ts'
import { AdPreview } from './ad-preview.tsx'
import { type CreativeDraft, creativeOf, newCreative } from './creative-draft.ts'

/** Kinds of ads, in the order in which they are offered. */
const TYPES = ['banner', 'video', 'audio', 'native'] as const satisfies readonly Creative['type'][]
/** Most ads that a campaign may have. */
const MOST = 100

interface CreativesProps {
  readonly creatives: readonly CreativeDraft[]
  onChange(creatives: readonly CreativeDraft[]): void
}

/** The ads of a campaign, each with how it looks. */
export function CreativesForm({ creatives, onChange }: CreativesProps) {
  return (
    <div className="stack">
      {creatives.map((draft) => (
        <CreativeFields
          key={draft.key}
          draft={draft}
          onChange={(changed) => onChange(creatives.map((one) => (one.key === draft.key ? changed : one)))}
          onRemove={() => onChange(creatives.filter((one) => one.key !== draft.key))}
        />
      ))}
      {creatives.length === 0 && <p className="soft">A campaign needs an ad.</p>}
      <div className="row">
        {TYPES.map((type) => (
          <button
            key={type}
            type="button"
            className="button"
            disabled={creatives.length >= MOST}
            onClick={() => onChange([...creatives, newCreative(type)])}
          >
            Add {type === 'audio' ? 'an' : 'a'} {type} ad
          </button>
        ))}
      </div>
    </div>
  )
}

interface FieldsProps {
  readonly draft: CreativeDraft
  onChange(draft: CreativeDraft): void
  onRemove(): void
}

function CreativeFields({ draft, onChange, onRemove }: FieldsProps) {
  const set = (part: Partial<CreativeDraft>) => onChange({ ...draft, ...part })
  const read = useMemo(() => creativeOf(draft), [draft])
  return (
    <fieldset className="creative">
      <legend>
        A {draft.type} ad {draft.id !== '' && <code>{draft.id}</code>}
      </legend>
      <div className="creative-sides">
        <div className="stack">
          <div className="fields wide">
            <label className="field">
              <span>Id (as the exchange has approved it)</span>
              <input required value={draft.id} onChange={(event) => set({ id: event.target.value })} />
            </label>
            {draft.type === 'banner' && (
              <label className="field">
                <span>Sizes</span>
                <input
                  required
                  placeholder="300x250, 320x50"
                  value={draft.sizes}
                  onChange={(event) => set({ sizes: event.target.value })}
                />
              </label>
            )}
          </div>
          {draft.type === 'banner' && (
            <Code label="Markup" rows={6} value={draft.markup} onChange={(markup) => set({ markup })} />
          )}
          {draft.type === 'banner' ? (
            <details>
              <summary>Attributes, languages and the rest as JSON</summary>
              <Code
                label="The rest of the ad as JSON"
                rows={5}
                value={draft.rest}
                onChange={(rest) => set({ rest })}
              />
            </details>
          ) : (
            <Code label="The ad as JSON" rows={10} value={draft.rest} onChange={(rest) => set({ rest })} />
          )}
          <div className="row">
            <button type="button" className="button quiet" onClick={onRemove}>
              Remove this ad
            </button>
          </div>
        </div>
        {typeof read === 'string' ? <p className="side-note">{read}</p> : <AdPreview creative={read} />}
      </div>
    </fieldset>
  )
}

interface CodeProps {
  readonly label: string
  readonly rows: number
  readonly value: string
  onChange(value: string): void
}

export function Code({ label, rows, value, onChange }: CodeProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <textarea
        className="mono"
        rows={rows}
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}
