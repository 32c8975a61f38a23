import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import {
  CAMPAIGNS_KEY,
  type Campaign,
  type CampaignInput,
  campaignQuery,
  seatsQuery,
} from '../../api/exchanges.ts'
import { budgetsQuery } from '../../api/queries.ts'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { newDraft } from '../../ui/limit-draft.ts'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { told } from '../../ui/toasts.tsx'
import { type CampaignDraft, campaignOf } from './campaign-draft.ts'
import { Code, CreativesForm } from './creatives-form.tsx'
import { risesIn } from './rises.ts'
import { useCurrency } from './use-currency.ts'

/** Most limits that a campaign may have. */
const MAX_LIMITS = 10

interface FormProps {
  /** As it is stored; undefined for a new one. */
  readonly campaign: Campaign | undefined
  readonly draft: CampaignDraft
  /** Whether the draft is another than what is stored. */
  readonly isChanged: boolean
  onChange(draft: CampaignDraft): void
  onUndo(): void
  onSaved(campaign: Campaign): void
}

/** Makes or changes a campaign. What lets more be spent asks first; what does not is done at once. */
export function CampaignForm({ campaign, draft, isChanged, onChange, onUndo, onSaved }: FormProps) {
  const currency = useCurrency()
  const [reason, setReason] = useState('')
  const [isTried, setTried] = useState(false)
  const { mutate, isPending, error } = usePutCampaign((saved) => {
    setReason('')
    onSaved(saved)
  })
  const body = campaignOf(draft)
  const rises = typeof body === 'string' ? [] : risesIn(campaign, body, currency)
  const save = () => {
    setTried(true)
    if (typeof body !== 'string') mutate({ id: draft.id.trim(), body, reason: reason.trim() })
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (isChanged && rises.length === 0) save()
      }}
    >
      <What draft={draft} isNew={campaign === undefined} onChange={onChange} />
      <Money draft={draft} currency={currency} onChange={onChange} />
      <HowOften draft={draft} onChange={onChange} />
      <Where draft={draft} onChange={onChange} />
      <section className="card" aria-labelledby="ads">
        <header>
          <h2 id="ads">Ads</h2>
        </header>
        <div className="body">
          <CreativesForm
            creatives={draft.creatives}
            onChange={(creatives) => onChange({ ...draft, creatives })}
          />
        </div>
      </section>
      {isChanged && (
        <section className="card" aria-label="Save">
          <div className="body stack">
            <ReasonField value={reason} onChange={setReason} />
            {isTried && typeof body === 'string' && (
              <p className="chip danger" role="alert">
                {body}
              </p>
            )}
            {error && <ProblemBox problem={error} />}
            <div className="row">
              <Save campaign={campaign} rises={rises} isPending={isPending} onSave={save} />
              <button type="button" className="button quiet" onClick={onUndo}>
                Undo
              </button>
            </div>
          </div>
        </section>
      )}
    </form>
  )
}

interface SaveProps {
  readonly campaign: Campaign | undefined
  readonly rises: readonly string[]
  readonly isPending: boolean
  onSave(): void
}

function Save({ campaign, rises, isPending, onSave }: SaveProps) {
  if (rises.length === 0)
    return (
      <button type="submit" className="button main" disabled={isPending}>
        Save
      </button>
    )
  return (
    <Confirm
      trigger={
        <button type="button" className="button main" disabled={isPending}>
          Save …
        </button>
      }
      title={campaign === undefined ? 'Bid for this campaign?' : 'Let more be spent on this campaign?'}
      action="Save it"
      asksReason={false}
      onConfirm={onSave}
    >
      <ul className="difference">
        {rises.map((rise) => (
          <li key={rise}>{rise}</li>
        ))}
      </ul>
    </Confirm>
  )
}

interface PartProps {
  readonly draft: CampaignDraft
  onChange(draft: CampaignDraft): void
}

function What({ draft, isNew, onChange }: PartProps & { isNew: boolean }) {
  const seats = useQuery(seatsQuery).data?.seats ?? []
  const set = (part: Partial<CampaignDraft>) => onChange({ ...draft, ...part })
  return (
    <section className="card" aria-labelledby="what">
      <header>
        <h2 id="what">What it is</h2>
      </header>
      <div className="body fields wide">
        {isNew && (
          <Text
            label="Id (letters, digits, _ and -)"
            value={draft.id}
            onChange={(id) => set({ id })}
            isRequired
          />
        )}
        <label className="field">
          <span>Seat</span>
          <input
            required
            list="known-seats"
            value={draft.seat}
            onChange={(event) => set({ seat: event.target.value })}
          />
          <datalist id="known-seats">
            {seats.map(({ seat }) => (
              <option key={seat} value={seat} />
            ))}
          </datalist>
        </label>
        <label className="field">
          <span>Status</span>
          <select
            value={draft.status}
            onChange={(event) => set({ status: event.target.value === 'paused' ? 'paused' : 'active' })}
          >
            <option>active</option>
            <option>paused</option>
          </select>
        </label>
        <Text
          label="Domain of the advertiser"
          value={draft.advertiserDomain}
          onChange={(advertiserDomain) => set({ advertiserDomain })}
          isRequired
        />
        <Text
          label="Categories (IAB22, …)"
          value={draft.categories}
          onChange={(categories) => set({ categories })}
        />
      </div>
    </section>
  )
}

function Money({ draft, currency, onChange }: PartProps & { currency: string }) {
  const set = (part: Partial<CampaignDraft>) => onChange({ ...draft, ...part })
  const { limits } = draft
  return (
    <section className="card" aria-labelledby="money">
      <header>
        <h2 id="money">Price, limits and pace</h2>
      </header>
      <div className="body stack">
        <div className="fields wide">
          <Text
            label={`CPM for each ${currency} of predicted value`}
            value={draft.cpmPerLtv}
            onChange={(cpmPerLtv) => set({ cpmPerLtv })}
            isNumber
          />
          <Text
            label={`At least (CPM, ${currency})`}
            value={draft.minCpm}
            onChange={(minCpm) => set({ minCpm })}
            isNumber
          />
          <Text
            label={`At most (CPM, ${currency})`}
            value={draft.maxCpm}
            onChange={(maxCpm) => set({ maxCpm })}
            isNumber
            isRequired
          />
        </div>
        {limits.map((limit) => (
          <LimitFields
            key={limit.id}
            draft={limit}
            currency={currency}
            onChange={(changed) =>
              set({ limits: limits.map((one) => (one.id === limit.id ? changed : one)) })
            }
            onRemove={() => set({ limits: limits.filter((one) => one.id !== limit.id) })}
          />
        ))}
        {limits.length === 0 && (
          <p className="soft">
            Without a limit of its own it is bounded by the budgets that pay with it alone.
          </p>
        )}
        <div className="row">
          <button
            type="button"
            className="button"
            disabled={limits.length >= MAX_LIMITS}
            onClick={() => set({ limits: [...limits, newDraft()] })}
          >
            Add a limit
          </button>
        </div>
        <Pace draft={draft} onChange={onChange} />
        <Shading draft={draft} onChange={onChange} />
      </div>
    </section>
  )
}

function Pace({ draft, onChange }: PartProps) {
  const set = (part: Partial<CampaignDraft>) => onChange({ ...draft, ...part })
  return (
    <div className="fields wide">
      <label className="field">
        <span>Pace</span>
        <select value={draft.pacing} onChange={(event) => set({ pacing: pacingOf(event.target.value) })}>
          <option value="asap">as fast as there is traffic</option>
          <option value="even">even over the period</option>
          <option value="ahead">more at its beginning</option>
        </select>
      </label>
      <label className="field">
        <span>Bids from</span>
        <input
          type="datetime-local"
          value={draft.flightStart}
          onChange={(event) => set({ flightStart: event.target.value })}
        />
      </label>
      <label className="field">
        <span>until</span>
        <input
          type="datetime-local"
          value={draft.flightEnd}
          onChange={(event) => set({ flightEnd: event.target.value })}
        />
      </label>
    </div>
  )
}

const pacingOf = (value: string): CampaignDraft['pacing'] =>
  value === 'even' || value === 'ahead' ? value : 'asap'

function Shading({ draft, onChange }: PartProps) {
  return (
    <div className="fields wide">
      <label className="field">
        <span>Where the winner pays what it bid</span>
        <select
          value={draft.shading}
          onChange={(event) => onChange({ ...draft, shading: event.target.value === 'off' ? 'off' : 'on' })}
        >
          <option value="on">bid less (bid shading)</option>
          <option value="off">bid the whole worth</option>
        </select>
      </label>
    </div>
  )
}

function HowOften({ draft, onChange }: PartProps) {
  const set = (part: Partial<CampaignDraft>) => onChange({ ...draft, ...part })
  const isCapped = draft.capImpressions.trim() !== ''
  return (
    <section className="card" aria-labelledby="how-often">
      <header>
        <h2 id="how-often">How often one user may see it</h2>
        <span className="side-note">Empty means as often as it wins</span>
      </header>
      <div className="body fields wide">
        <Text
          label="Impressions for each user"
          value={draft.capImpressions}
          onChange={(capImpressions) => set({ capImpressions })}
          isNumber
        />
        {isCapped && (
          <>
            <Text
              label="within (minutes; 1440 are a day)"
              value={draft.capMinutes}
              onChange={(capMinutes) => set({ capMinutes })}
              isNumber
            />
            <label className="field">
              <span>Where no id of the user is given</span>
              <select
                value={draft.capWithoutId}
                onChange={(event) => set({ capWithoutId: event.target.value === 'bid' ? 'bid' : 'skip' })}
              >
                <option value="skip">do not bid</option>
                <option value="bid">bid without a cap</option>
              </select>
            </label>
          </>
        )}
      </div>
    </section>
  )
}

function Where({ draft, onChange }: PartProps) {
  const set = (part: Partial<CampaignDraft>) => onChange({ ...draft, ...part })
  return (
    <section className="card" aria-labelledby="where">
      <header>
        <h2 id="where">Where it may be shown</h2>
        <span className="side-note">Empty means everywhere</span>
      </header>
      <div className="body stack">
        <div className="fields wide">
          <Text
            label="Countries (USA, DEU, …)"
            value={draft.countries}
            onChange={(countries) => set({ countries })}
          />
          <Text label="Deals alone" value={draft.deals} onChange={(deals) => set({ deals })} />
        </div>
        <details>
          <summary>Domains, apps, devices, hours and everything else as JSON</summary>
          <Code
            label="Everything else as JSON"
            rows={12}
            value={draft.rest}
            onChange={(rest) => set({ rest })}
          />
        </details>
      </div>
    </section>
  )
}

interface TextProps {
  readonly label: string
  readonly value: string
  readonly isNumber?: boolean
  readonly isRequired?: boolean
  onChange(value: string): void
}

function Text({ label, value, isNumber = false, isRequired = false, onChange }: TextProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        required={isRequired}
        {...(isNumber && { inputMode: 'decimal' })}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}

interface Put {
  readonly id: string
  readonly body: CampaignInput
  readonly reason: string
}

/** Stores a campaign; what it has spent stays spent. */
export function usePutCampaign(onSaved?: (campaign: Campaign) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, body, reason }: Put) =>
      dataOf(
        api.PUT('/v1/campaigns/{id}', {
          params: { path: { id }, query: reason === '' ? {} : { reason } },
          body,
        }),
      ),
    onSuccess(saved) {
      told(`The campaign ${saved.id} is stored`)
      queries.setQueryData(campaignQuery(saved.id).queryKey, saved)
      onSaved?.(saved)
    },
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: CAMPAIGNS_KEY }),
        queries.invalidateQueries({ queryKey: budgetsQuery.queryKey }),
        queries.invalidateQueries({ queryKey: ['audit'] }),
      ]),
  })
}
