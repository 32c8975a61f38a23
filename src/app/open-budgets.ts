import {
  GLOBAL_SCOPE,
  newOwner,
  OPENRTB_SCOPE,
  orgScope,
  overdraftLabel,
  platformScope,
  restoreHolds,
} from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import { PLATFORMS } from '../connectors/index.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import {
  BudgetManager,
  type CallLimits,
  createCallLimits,
  type Hold,
  type Scope,
  STRICT,
} from '../shield/index.ts'
import { type Cancel, type Clock, every } from '../time/clock.ts'
import { keepOutcomes, outcomesIn, recallOutcomes } from './keep-outcomes.ts'
import type { OpenParts } from './open-parts.ts'
import type { Stores } from './open-stores.ts'

interface Parts extends Pick<Stores, 'store' | 'records' | 'recovered'> {
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** Ends an exchange's bid whose time is over; returns false for the hold of any other bid. */
  readonly onExpired: (hold: Hold) => boolean
}

export interface OpenBudgets {
  readonly budget: BudgetManager
  readonly callLimits: CallLimits
  /** The budgets of the configuration. */
  readonly configured: readonly Scope[]
  /** The owner under which the holds of bids are recorded; undefined if a restart does not restore them. */
  readonly holdsOf: string | undefined
}

/**
 * Releases what earlier starts held for bids that were never sent, and builds the parts that decide about money and
 * calls.
 */
export async function openBudgets(config: Config, parts: Parts, opened: OpenParts): Promise<OpenBudgets> {
  const { clock, log, metrics, store, records, recovered } = parts
  const owner = newOwner()
  const recordsId = await restoreHolds({ store, records, recovered, owner, log })
  const budget = new BudgetManager({
    clock,
    store,
    owner,
    recordsId,
    outcomes: recallOutcomes(recovered, log),
    worstCase: worstCaseOf(config),
    onStore: (state) => log.warn(state, 'budget store'),
    onExpired(hold) {
      // Exchanges report few losses, so most of their holds expire. A hold of a platform call should have been settled.
      if (!parts.onExpired(hold)) log.warn({ bidId: hold.id, state: hold.state }, 'hold expired')
    },
    onOverdraft: ({ name, currency }, amount) => {
      metrics.budgetOverdraft.inc({ scope: overdraftLabel(name), currency }, amount / 1e6)
      log.error({ scope: name, micros: amount }, 'overdraft')
    },
  })
  opened.add(() => budget.close())
  const kept = keepOutcomes(clock, budget, outcomesIn(records))
  opened.add(() => kept.close())
  const configured = defineBudgets(budget, config)
  opened.add(sweepHolds(clock, budget))
  const callLimits = createCallLimits({ clock, store, owner: budget.owner })
  opened.add(() => callLimits.close())
  return { budget, callLimits, configured, holdsOf: recordsId === undefined ? undefined : owner }
}

/** The worst-case factor of one process: the factors of all workers together make up the configured one. */
export const worstCaseOf = ({ bidder, workers }: Pick<Config, 'bidder' | 'workers'>): number =>
  1 + (bidder.worstCase - 1) / Math.max(1, workers)

/** How often expired holds are looked for, in milliseconds. A refusal also looks for them. */
const SWEEP_MS = 250

/** Ends expired holds regularly, until it is cancelled. */
export const sweepHolds = (clock: Clock, budget: BudgetManager): Cancel =>
  every(clock, SWEEP_MS, () => budget.expire())

function defineBudgets(budget: BudgetManager, config: Config): Scope[] {
  const { platforms, budgetWindowMs: windowMs, bidder, sync, orgs } = config
  const spending = [
    ...PLATFORMS.map((platform) => ({ name: platformScope(platform), ...platforms[platform] })),
    ...(sync ? [{ name: platformScope('dv360'), ...sync.dv360 }] : []),
    { name: OPENRTB_SCOPE, ...bidder },
  ]
  return [
    ...spending.map(({ name, currency, budget: max }) =>
      budget.define(
        name,
        currency,
        [{ kind: 'sliding', windowMs, max }],
        'configuration',
        name === OPENRTB_SCOPE ? bidder.holdMode : STRICT,
      ),
    ),
    // These have no limits until an operator sets some; then they are in the first platform's currency.
    ...[GLOBAL_SCOPE, ...orgs.map(orgScope)].map((name) =>
      budget.define(name, platforms.google_ads.currency, []),
    ),
  ]
}
