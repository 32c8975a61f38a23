import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { budgetQuery } from '../../api/queries.ts'
import { sessionQuery } from '../../api/session.ts'
import { KEYS_KEY, type KeyInput, type KeyScope, type MadeKey } from '../../api/settings.ts'
import { ReasonField } from '../../ui/confirm.tsx'
import { type LimitDraft, limitOf, newDraft } from '../../ui/limit-draft.ts'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { type ExpiryDraft, timeOf } from './expiry.ts'
import { ExpiryField } from './expiry-field.tsx'
import { SCOPES } from './key-scopes.ts'
import { MadeKeyDialog } from './made-key-dialog.tsx'

/** A key as it stands in the form. */
interface KeyDraft {
  readonly name: string
  readonly scopes: readonly KeyScope[]
  /** Empty for the organisation of whoever makes it. */
  readonly organisation: string
  readonly expiry: ExpiryDraft
  /** Undefined for a key without a budget of its own. */
  readonly limit: LimitDraft | undefined
  readonly reason: string
}

const EMPTY: KeyDraft = {
  name: '',
  scopes: ['read'],
  organisation: '',
  expiry: { choice: '90', at: '' },
  limit: undefined,
  reason: '',
}

/** The body that makes the key, or what is missing. */
function inputOf({ name, scopes, organisation, expiry, limit, reason }: KeyDraft): KeyInput | string {
  if (scopes.length === 0) return 'Choose at least one thing that the key may do'
  const expiresAt = timeOf(expiry)
  if (expiresAt === undefined) return 'Say when the key expires'
  const budget = limit && limitOf(limit)
  if (typeof budget === 'string') return budget
  return {
    name: name.trim(),
    scopes: [...scopes],
    ...(organisation.trim() !== '' && { organisation: Number(organisation) }),
    ...(expiresAt !== null && { expiresAt }),
    ...(budget && { budget: { limits: [budget] } }),
    ...(reason.trim() !== '' && { reason: reason.trim() }),
  }
}

/** Makes a key, and shows it once. */
export function MakeKey() {
  const [draft, setDraft] = useState(EMPTY)
  const [made, setMade] = useState<MadeKey>()
  const { mutate, isPending, error } = useMake((key) => {
    setMade(key)
    setDraft(EMPTY)
  })
  const set = (part: Partial<KeyDraft>) => setDraft({ ...draft, ...part })
  const input = inputOf(draft)
  return (
    <section className="card" aria-labelledby="make-key">
      <header>
        <h2 id="make-key">Make an API key</h2>
        <span className="side-note">it is shown once, and let in at once</span>
      </header>
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (typeof input !== 'string') mutate(input)
        }}
      >
        <div className="fields">
          <label className="field">
            <span>Name</span>
            <input
              required
              pattern="[\w\-]{1,32}"
              title="1 to 32 letters, digits, - and _"
              autoComplete="off"
              value={draft.name}
              onChange={(event) => set({ name: event.target.value })}
            />
            <span className="hint">who it is for</span>
          </label>
          <OrganisationField value={draft.organisation} onChange={(organisation) => set({ organisation })} />
          <ExpiryField draft={draft.expiry} onChange={(expiry) => set({ expiry })} />
        </div>
        <ScopeBoxes chosen={draft.scopes} onChange={(scopes) => set({ scopes })} />
        <BudgetFields limit={draft.limit} onChange={(limit) => set({ limit })} />
        <ReasonField value={draft.reason} onChange={(reason) => set({ reason })} />
        {error && <ProblemBox problem={error} />}
        <div className="row">
          <button type="submit" className="button main" disabled={isPending || typeof input === 'string'}>
            Make the key
          </button>
          {typeof input === 'string' && <span className="soft">{input}</span>}
        </div>
      </form>
      {made && <MadeKeyDialog made={made} onClose={() => setMade(undefined)} />}
    </section>
  )
}

/** Only the operator makes keys of other organisations. */
function OrganisationField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const session = useQuery(sessionQuery).data
  if (!session?.isOperator) return null
  return (
    <label className="field">
      <span>Organisation</span>
      <input
        inputMode="numeric"
        pattern="[1-9]\d{0,8}"
        title="The number of an organisation"
        placeholder={String(session.organisation)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="hint">a new number begins a new one</span>
    </label>
  )
}

interface ScopeBoxesProps {
  readonly chosen: readonly KeyScope[]
  onChange(chosen: readonly KeyScope[]): void
}

function ScopeBoxes({ chosen, onChange }: ScopeBoxesProps) {
  return (
    <fieldset className="field-choice">
      <legend>It may</legend>
      <div className="field-boxes">
        {SCOPES.map(([scope, means]) => (
          <label className="check" key={scope}>
            <input
              type="checkbox"
              checked={chosen.includes(scope)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
              }
            />
            <span>
              {scope} <span className="side-note means">{means}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface BudgetFieldsProps {
  readonly limit: LimitDraft | undefined
  onChange(limit: LimitDraft | undefined): void
}

function BudgetFields({ limit, onChange }: BudgetFieldsProps) {
  const session = useQuery(sessionQuery).data
  // Those of organisations are in the currency of the budget of all money, which only the operator sees.
  const scope = session?.isOperator ? 'global' : `org:${session?.organisation}`
  const currency = useQuery(budgetQuery(scope)).data?.currency
  return (
    <div className="stack">
      <label className="check">
        <input
          type="checkbox"
          checked={limit !== undefined}
          onChange={(event) => onChange(event.target.checked ? newDraft() : undefined)}
        />
        <span>
          with a budget of its own
          <span className="side-note means">
            which every bid of the key pays too; exchanges let no such key ask for auctions
          </span>
        </span>
      </label>
      {limit && <LimitFields draft={limit} currency={currency ?? '…'} onChange={onChange} />}
    </div>
  )
}

function useMake(onMade: (made: MadeKey) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: KeyInput) => dataOf(api.POST('/v1/keys', { body })),
    // Shown until it is closed, and kept nowhere else.
    gcTime: 0,
    onSuccess: onMade,
    onSettled: () =>
      Promise.all(
        [KEYS_KEY, ['budgets'], ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
  })
}
