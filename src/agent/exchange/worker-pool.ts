import type { BudgetManager, HoldModeNow } from '../../shield/index.ts'
import type { Org } from '../organisations.ts'
import type { Bidder } from './bidder.ts'
import type { BidderUpdate } from './bidder-update.ts'
import type { PredictionRow } from './openrtb/index.ts'
import type { PaceNow } from './pacing/index.ts'

/** The worker processes that answer auctions for this service. */
export interface WorkerPool {
  /** Resolves when all workers use the change. */
  tell(update: BidderUpdate): Promise<void>
  /** Resolves when everything that workers have counted so far is added to the counts of this process. */
  gather(): Promise<void>
  /** Micros that workers hold for the open bids of a seat. */
  heldFor(seat: string): number
  /** What workers hold of these budgets. */
  holdsOf(scopes: readonly string[]): Promise<WorkerHolds>
  /** How a paced campaign is doing, by each worker that had a chance to bid for it. */
  pacesOf(campaignId: string): readonly PaceNow[]
}

/** What one worker holds of a budget, in micros. */
export interface ScopeHolds {
  readonly scope: string
  readonly held: number
  /** The sum of the prices of its open bids. */
  readonly prices: number
  /** By how much they may exceed what is held when a bid is made; Infinity in a bounded scope without limits. */
  readonly allowance: number
  readonly modeNow: HoldModeNow
}

export interface WorkerHolds {
  readonly holds: readonly ScopeHolds[]
  /** The number of workers that have not answered in time. */
  readonly silent: number
}

/** What this process holds of each of these budgets. Budgets of which it holds nothing are left out. */
export function holdsOf(budget: BudgetManager, scopes: readonly string[]): ScopeHolds[] {
  budget.expire()
  return scopes.flatMap((name) => {
    const scope = budget.scope(name)
    if (!scope || (scope.held === 0 && scope.prices === 0)) return []
    const { held, prices, allowance, modeNow } = scope
    return [{ scope: name, held, prices, allowance, modeNow }]
  })
}

/** The pool of a service without workers: this process answers all auctions itself. */
export const NO_WORKERS: WorkerPool = {
  tell: async () => {},
  gather: async () => {},
  heldFor: () => 0,
  holdsOf: async () => ({ holds: [], silent: 0 }),
  pacesOf: () => [],
}

/** Applies a change here and in all workers; resolves when all of them use it. */
export async function spread(bidder: Bidder, pool: WorkerPool, update: BidderUpdate): Promise<void> {
  bidder.applyUpdate(update)
  await pool.tell(update)
}

/** Yields every change that a new worker needs before it may answer auctions. */
export function* allUpdates(bidder: Bidder): Generator<BidderUpdate> {
  const { campaigns, predictions } = bidder
  yield* trafficUpdates(bidder)
  for (const seat of bidder.seats.keys()) yield shadesUpdate(bidder, seat)
  for (const { id, spec } of campaigns.all) yield { put: 'campaign', id, spec }
  yield* predictionUpdates(predictions)
}

/** Few enough that a portion of updates takes no long turn of the event loop. */
const PREDICTIONS_AT_ONCE = 100

function* predictionUpdates(predictions: Bidder['predictions']): Generator<BidderUpdate> {
  let org: Org
  let rows: PredictionRow[] = []
  for (const one of predictions.all()) {
    if (rows.length === PREDICTIONS_AT_ONCE || one.org !== org) {
      if (rows.length > 0) yield { put: 'predictions', org, rows }
      rows = []
    }
    org = one.org
    rows.push(one.row)
  }
  if (rows.length > 0) yield { put: 'predictions', org, rows }
}

/** The update with what was learned of the prices of auctions at a seat. */
export const shadesUpdate = ({ shader }: Pick<Bidder, 'shader'>, seat: string) => ({
  ...({ put: 'shades', seat } as const),
  shades: shader.kept(seat),
})

/** The updates with the learned traffic of each seat. */
export const trafficUpdates = ({
  traffic,
  decide: { clock },
}: Pick<Bidder, 'traffic' | 'decide'>): BidderUpdate[] =>
  [...traffic].map(([seat, curve]) => ({ put: 'traffic', seat, hours: curve.known(clock.nowMs()) }))
