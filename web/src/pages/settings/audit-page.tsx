import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { useMay } from '../../api/session.ts'
import { type AuditFilter, changesQuery } from '../../api/settings.ts'
import { Empty, Waiting } from '../../ui/answer.tsx'
import { Changes } from '../../ui/changes.tsx'
import { words } from '../../ui/format.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'

type Action = NonNullable<AuditFilter['action']>

/** Every action, by its name in the API; nothing compiles while one is missing. */
const ACTIONS: Readonly<Record<Action, true>> = {
  'limits.set': true,
  'budget.paused': true,
  'budget.resumed': true,
  'budget.removed': true,
  'kill_switch.engaged': true,
  'kill_switch.released': true,
  'key.made': true,
  'key.changed': true,
  'key.revoked': true,
  'campaign.stored': true,
  'campaign.deleted': true,
  'platform_campaign.created': true,
  'platform_campaign.changed': true,
  'ltv.stored': true,
  'ltv.deleted': true,
  'connector.connected': true,
  'connector.disconnected': true,
  'connector.schedule_set': true,
  'connector.webhook_secret_set': true,
  'connector.suppression_lifted': true,
  'conversions.connection_set': true,
  'conversions.mappings_set': true,
  'conversions.replayed': true,
  'approval.asked': true,
  'approval.given': true,
  'approval.refused': true,
  'approval.expired': true,
  'approval.noted': true,
  'store.trusted': true,
  'configuration.changed': true,
}
const isAction = (text: string): text is Action => Object.hasOwn(ACTIONS, text)

/** Who has changed what, when and why. The filter is in the address, so that it can be given to others. */
export function AuditPage() {
  const [search, setSearch] = useSearchParams()
  const filter = filterIn(search)
  const query = useInfiniteQuery(changesQuery(filter))
  const entries = query.data?.pages.flatMap((page) => page.entries)
  return (
    <section className="card" aria-label="Changes">
      <Filter key={search.toString()} search={search} onChange={setSearch} />
      {query.error && !entries ? (
        <div className="body">
          <ProblemBox problem={query.error} />
        </div>
      ) : entries === undefined ? (
        <Waiting />
      ) : entries.length === 0 && search.size > 0 && !query.hasNextPage ? (
        <Empty title="No change fits this">Look for less at once, or for an earlier time.</Empty>
      ) : (
        <Changes entries={entries} showsTarget />
      )}
      {query.hasNextPage && (
        <p className="more">
          <button
            type="button"
            className="button"
            disabled={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            Earlier changes
          </button>
        </p>
      )}
    </section>
  )
}

interface FilterProps {
  readonly search: URLSearchParams
  onChange(search: URLSearchParams): void
}

const FIELDS = ['action', 'target', 'caller', 'organisation', 'from', 'to'] as const
type Field = (typeof FIELDS)[number]

function Filter({ search, onChange }: FilterProps) {
  const { isOperator } = useMay()
  const [draft, setDraft] = useState(
    () => new Map<Field, string>(FIELDS.map((name) => [name, search.get(name) ?? ''])),
  )
  const field = (name: Field) => ({
    value: draft.get(name) ?? '',
    onChange: ({ target }: { target: { value: string } }) => setDraft(new Map(draft).set(name, target.value)),
  })
  return (
    <form
      className="body audit-filter"
      onSubmit={(event) => {
        event.preventDefault()
        onChange(new URLSearchParams([...draft].filter(([, value]) => value.trim() !== '')))
      }}
    >
      <div className="fields">
        <label className="field">
          <span>What</span>
          <select {...field('action')}>
            <option value="">any change</option>
            {Object.keys(ACTIONS).map((action) => (
              <option key={action} value={action}>
                {words(action.replaceAll('.', ' '))}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Of</span>
          <input placeholder="platform:meta" maxLength={300} {...field('target')} />
        </label>
        <label className="field">
          <span>By the key</span>
          <input maxLength={64} {...field('caller')} />
        </label>
        {isOperator && (
          <label className="field">
            <span>Of organisation</span>
            <input inputMode="numeric" pattern="[1-9]\d{0,8}" title="A number" {...field('organisation')} />
          </label>
        )}
        <label className="field">
          <span>From the day</span>
          <input type="date" {...field('from')} />
        </label>
        <label className="field">
          <span>Through the day</span>
          <input type="date" {...field('to')} />
        </label>
      </div>
      <div className="row">
        <button type="submit" className="button main">
          Find
        </button>
        {search.size > 0 && (
          <button type="button" className="button quiet" onClick={() => onChange(new URLSearchParams())}>
            Show all
          </button>
        )}
      </div>
    </form>
  )
}

/** Local midnight at the begin of a day; undefined for what is none. @param plus days after it */
function midnight(day: string | null, plus = 0): string | undefined {
  if (day === null) return undefined
  const at = new Date(`${day}T00:00:00`)
  at.setDate(at.getDate() + plus)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** What the address asks for; what it cannot mean is left out. */
function filterIn(search: URLSearchParams): AuditFilter {
  const action = search.get('action') ?? ''
  const organisation = Number(search.get('organisation'))
  const [target, caller] = [search.get('target'), search.get('caller')]
  const [from, to] = [midnight(search.get('from')), midnight(search.get('to'), 1)]
  return {
    ...(isAction(action) && { action }),
    ...(target !== null && { target: target.trim() }),
    ...(caller !== null && { caller: caller.trim() }),
    ...(Number.isInteger(organisation) && organisation > 0 && { organisation }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  }
}
