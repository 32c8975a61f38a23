import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Link } from 'wouter'
import type { BidRecord } from '../../api/client.ts'
import { type BidFilter, type BidsListed, bidsQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, money, words } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'
import { type Column, VirtualTable } from '../../ui/virtual-table.tsx'
import { PLATFORMS } from './platforms.ts'
import { StatusChip } from './status-chip.tsx'
import { TryBid } from './try-bid.tsx'

/** Bids that the service lists at once. */
const LISTED = 1_000
const STATUSES = [
  'placed',
  'refused',
  'deferred',
  'dry_run',
  'outcome_unknown',
  'not_placed',
  'superseded',
  'expired',
] as const

interface Sought {
  readonly platform: string
  readonly status: string
  readonly source: string
  readonly campaign: string
  readonly code: string
}

const NOTHING: Sought = { platform: '', status: '', source: '', campaign: '', code: '' }

const COLUMNS: readonly Column<BidRecord>[] = [
  { id: 'at', title: 'At', width: '175px', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'status',
    title: 'Status',
    width: '125px',
    cell: ({ status }) => <StatusChip status={status} />,
  },
  {
    id: 'bid',
    title: 'Bid',
    width: '165px',
    cell: ({ bidId }) => (
      <Link className="mono" href={`/console/bids/${encodeURIComponent(bidId)}`}>
        {bidId}
      </Link>
    ),
  },
  { id: 'platform', title: 'Platform', width: '105px', cell: ({ platform }) => words(platform) },
  { id: 'campaign', title: 'Campaign', width: 'minmax(110px, 1fr)', cell: ({ campaignId }) => campaignId },
  { id: 'source', title: 'Source', width: '80px', cell: ({ source }) => source ?? '—' },
  {
    id: 'ltv',
    title: 'Predicted',
    width: '110px',
    isNumber: true,
    cell: ({ predictedLtv, currency }) => (predictedLtv === undefined ? '—' : money(predictedLtv, currency)),
  },
  {
    id: 'amount',
    title: 'Amount',
    width: '110px',
    isNumber: true,
    cell: ({ bidAmount, currency }) => (bidAmount === undefined ? '—' : money(bidAmount, currency)),
  },
  { id: 'why', title: 'Why', width: 'minmax(150px, 2fr)', cell: (bid) => whyOf(bid) },
]

/** What came of a bid, in few words: the code of a refusal, or else what led to its price. */
const whyOf = ({ code, explanation }: BidRecord): string =>
  code === undefined ? (explanation ?? '') : words(code)

const keyOf = ({ bidId }: BidRecord): string => bidId

export function BidList() {
  const [sought, setSought] = useState(NOTHING)
  const { may } = useMay()
  const query = useQuery(bidsQuery(filterOf(sought)))
  return (
    <>
      <div className="page-head">
        <h1>Bids</h1>
        <p>The latest that this process remembers, newest first</p>
      </div>
      <div className="stack">
        {may('bid') && <TryBid />}
        <section className="card" aria-label="Latest bids">
          <header>
            <Filters sought={sought} onChange={setSought} />
          </header>
          <Answer query={query}>
            {(listed) => <Listed key={JSON.stringify(sought)} listed={listed} sought={sought} />}
          </Answer>
        </section>
      </div>
    </>
  )
}

function Listed({ listed: { bids, skipped = 0 }, sought }: { listed: BidsListed; sought: Sought }) {
  const fitting = useMemo(() => bids.filter((bid) => fits(bid, sought)), [bids, sought])
  const { rows, fresh, isHeld, toggle, onScrolled } = useHeld(fitting)
  if (fitting.length > 0)
    return (
      <>
        <div className="row feed">
          <button type="button" className="button" aria-pressed={isHeld} onClick={toggle}>
            {isHeld ? 'Go on' : 'Hold still'}
          </button>
          <span className="side-note">
            {isHeld ? `${count(fresh)} new since the list stands still` : 'New bids come on top'}
          </span>
        </div>
        <VirtualTable
          label="Latest bids"
          rows={rows}
          columns={COLUMNS}
          keyOf={keyOf}
          onScrolled={onScrolled}
        />
        <p className="list-end side-note">
          {count(rows.length)} {rows.length === 1 ? 'bid' : 'bids'}
          {bids.length === LISTED && `, of the latest ${count(LISTED)} with this platform and status`}
          {skipped > 0 &&
            `; ${count(skipped)} came too quickly to be shown at once, the list is read anew every few seconds`}
        </p>
      </>
    )
  return sought === NOTHING ? (
    <Empty title="No bid was made yet">
      Try one above, or send one: <code>POST /v1/bids</code>, with an example in{' '}
      <a href="/docs">the documentation</a>.
    </Empty>
  ) : (
    <Empty title="No bid fits these filters">Take one of them away.</Empty>
  )
}

interface Held {
  readonly bids: readonly BidRecord[]
  readonly by: 'button' | 'scrolling'
}

/** Bids that stand still while they are looked at: what is new waits, what has changed shows. */
function useHeld(bids: readonly BidRecord[]) {
  const [held, setHeld] = useState<Held>()
  const { rows, fresh } = useMemo(() => {
    if (!held) return { rows: bids, fresh: 0 }
    const now = new Map(bids.map((bid) => [bid.bidId, bid]))
    const rows = held.bids.map((bid) => {
      const changed = now.get(bid.bidId)
      now.delete(bid.bidId)
      return changed ?? bid
    })
    return { rows, fresh: now.size }
  }, [held, bids])
  return {
    rows,
    fresh,
    isHeld: held !== undefined,
    toggle: () => setHeld((before) => (before ? undefined : { bids, by: 'button' })),
    onScrolled: (isAway: boolean) =>
      setHeld((before) => {
        if (isAway) return before ?? { bids, by: 'scrolling' }
        return before?.by === 'scrolling' ? undefined : before
      }),
  }
}

/** What the service filters by itself; the rest is sought in its answer. */
function filterOf({ platform, status }: Sought): BidFilter {
  const known = PLATFORMS.find((one) => one === platform)
  const wanted = STATUSES.find((one) => one === status)
  return { limit: LISTED, ...(known && { platform: known }), ...(wanted && { status: wanted }) }
}

const fits = (bid: BidRecord, { source, campaign, code }: Sought): boolean =>
  (source === '' || bid.source === source) &&
  bid.campaignId.includes(campaign.trim()) &&
  (code.trim() === '' || (bid.code ?? '').includes(code.trim().replaceAll(' ', '_')))

function Filters({ sought, onChange }: { sought: Sought; onChange: (sought: Sought) => void }) {
  const set = (part: Partial<Sought>) => onChange({ ...sought, ...part })
  return (
    <div className="filters">
      <Choice
        label="Platform"
        value={sought.platform}
        of={PLATFORMS}
        onChange={(platform) => set({ platform })}
      />
      <Choice label="Status" value={sought.status} of={STATUSES} onChange={(status) => set({ status })} />
      <Choice
        label="Source"
        value={sought.source}
        of={['ai', 'fallback']}
        onChange={(source) => set({ source })}
      />
      <label className="field">
        <span>Campaign</span>
        <input
          type="search"
          value={sought.campaign}
          onChange={(event) => set({ campaign: event.target.value })}
        />
      </label>
      <label className="field">
        <span>Code</span>
        <input
          type="search"
          placeholder="budget_exceeded"
          value={sought.code}
          onChange={(event) => set({ code: event.target.value })}
        />
      </label>
      {sought !== NOTHING && (
        <button type="button" className="button quiet" onClick={() => onChange(NOTHING)}>
          All bids
        </button>
      )}
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly of: readonly string[]
  onChange(value: string): void
}

function Choice({ label, value, of, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">all</option>
        {of.map((one) => (
          <option key={one} value={one}>
            {words(one)}
          </option>
        ))}
      </select>
    </label>
  )
}
