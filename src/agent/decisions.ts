import type { ErrorCode } from '../errors.ts'
import type { Micros } from '../money.ts'
import type { PlatformName } from '../platforms/index.ts'
import type { BidRequest } from './bid-request.ts'
import type { Decision } from './decide.ts'

/**
 * Where a bid stands. `outcome_unknown` counts as spent; reading the platform back turns it into `placed` or
 * `not_placed` (its money came back), or leaves it. `superseded` and `expired` end a deferred bid.
 */
export const BID_STATUSES = [
  'placed',
  'deferred',
  'dry_run',
  'refused',
  'outcome_unknown',
  'not_placed',
  'superseded',
  'expired',
] as const
export type BidStatus = (typeof BID_STATUSES)[number]

/** How one platform stood when `auto` chose. */
export interface Candidate {
  readonly platform: PlatformName
  readonly score: number
  /** Why it could not be chosen; undefined when it could. */
  readonly excluded: string | undefined
}

/** Every number and rule that led to a bid, kept for whoever asks why. */
export interface DecisionRecord {
  readonly bidId: string
  readonly atMs: number
  /** Name of the API key that asked. */
  readonly caller: string
  readonly request: BidRequest
  readonly platform: PlatformName
  readonly currency: string
  /** Replaced by the heuristic one when the bid is deferred. */
  decision: Decision | undefined
  readonly candidates: readonly Candidate[]
  readonly scopes: readonly string[]
  /** Room in the tightest limit when the bid was decided; undefined without limits. */
  readonly remainingBefore: Micros | undefined
  status: BidStatus
  code: ErrorCode | undefined
  detail: string | undefined
  platformRef: string | undefined
  latencyMs: number
  readonly history: { readonly atMs: number; readonly status: BidStatus }[]
}

export interface Decisions {
  add(record: DecisionRecord): void
  get(bidId: string): DecisionRecord | undefined
  /** Newest first. */
  list(filter: {
    platform?: PlatformName | undefined
    status?: BidStatus | undefined
    limit: number
  }): DecisionRecord[]
}

/** The latest decisions; older ones are forgotten. */
export function createDecisions(max = 10_000): Decisions {
  const byId = new Map<string, DecisionRecord>()
  /** A ring in the order they were made; the next one takes the place of the oldest. */
  const ring: (DecisionRecord | undefined)[] = []
  let next = 0

  /** Newest first. */
  function* newest(): Generator<DecisionRecord> {
    for (let back = 1; back <= ring.length; back++) {
      const record = ring[(next - back + max) % max]
      if (record) yield record
    }
  }

  return {
    add(record) {
      const oldest = ring[next]
      if (oldest) byId.delete(oldest.bidId)
      ring[next] = record
      next = (next + 1) % max
      byId.set(record.bidId, record)
    },
    get: (bidId) => byId.get(bidId),
    list: ({ platform, status, limit }) =>
      newest()
        .filter((record) => platform === undefined || record.platform === platform)
        .filter((record) => status === undefined || record.status === status)
        .take(limit)
        .toArray(),
  }
}
