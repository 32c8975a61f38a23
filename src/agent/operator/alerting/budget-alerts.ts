import { toUnits } from '../../../money.ts'
import type { LimitStats, Scope } from '../../../shield/index.ts'
import { type Cancel, every } from '../../../time/clock.ts'
import type { Agent } from '../../agent.ts'
import { limitName } from '../collect-metrics.ts'

/** How often budgets are checked, in milliseconds. */
const CHECK_MS = 1000
/** Budgets checked per round, which takes a millisecond or two; the next round continues with the next ones. */
const SCOPES_PER_CHECK = 500
/** Share of a limit from which it counts as used up: a bid rarely fits into the last hundredth. */
const USED_UP_RATIO = 0.99
/** A limit alerts again only after its use was below this share of the ratio, because holds come and go. */
const FALLEN_BELOW = 0.95
/** Most limits named in one notification; it gives the number of all. */
const MAX_NAMED = 50

/** Level of a limit's use: 0 below the alert ratio, 1 from it on, 2 used up. */
type UseLevel = 0 | 1 | 2

interface Reached {
  readonly level: UseLevel
  readonly scope: Scope
  readonly limit: LimitStats
}

/**
 * Warns in the log and by a notification when a limit's utilization (spend and holds) reaches `ratio`, and again when
 * the limit is used up. It alerts again only after the utilization was clearly below. Prometheus can alert on the same; this
 * works without it.
 */
export function watchBudgets(agent: Agent, ratio: number): Cancel {
  const { clock, budget, log, tell } = agent
  /** Levels by scope and limit; limits at level 0 are left out. */
  const levels = new WeakMap<Scope, ReadonlyMap<string, UseLevel>>()
  let waiting: Scope[] = []
  return every(clock, CHECK_MS, () => {
    if (waiting.length === 0) waiting = [...budget.scopes]
    const reached = waiting.splice(0, SCOPES_PER_CHECK).flatMap((scope): Reached[] => {
      const before = levels.get(scope)
      const now = budget.stats(scope).limits.map((limit) => {
        const was = before?.get(limitName(limit.spec)) ?? 0
        return { scope, limit, was, level: levelOf(limit.utilization, ratio, was) }
      })
      levels.set(scope, new Map(now.map(({ limit, level }) => [limitName(limit.spec), level])))
      return now.filter(({ was, level }) => level > was)
    })
    for (const { scope, limit, level } of reached) {
      const { utilization, spec } = limit
      const message = level === 2 ? 'budget used up' : 'budget alert'
      log.warn({ scope: scope.name, limit: limitName(spec), utilization }, message)
    }
    for (const [level, kind] of [[1, 'budget_near'] as const, [2, 'budget_used_up'] as const]) {
      const those = reached.filter((one) => one.level === level)
      // One notification for all, however many campaigns reach their limit at midnight.
      if (those.length > 0) tell({ kind, subject: subjectOf(those), data: budgetsOf(those) })
    }
  })
}

function levelOf(utilization: number, ratio: number, before: UseLevel): UseLevel {
  const isAt = (level: UseLevel, from: number) =>
    utilization >= (before >= level ? from * FALLEN_BELOW : from)
  if (isAt(2, Math.max(ratio, USED_UP_RATIO))) return 2
  return isAt(1, ratio) ? 1 : 0
}

const subjectOf = ([first, ...others]: readonly Reached[]): string =>
  first && others.length === 0 ? first.scope.name : 'budgets'

const budgetsOf = (reached: readonly Reached[]) => ({
  budgets: reached
    .slice(0, MAX_NAMED)
    .map(({ scope, limit: { spec, spent, held, remaining, utilization } }) => ({
      scope: scope.name,
      limit: limitName(spec),
      currency: scope.currency,
      max: toUnits(spec.max),
      spent: toUnits(spent),
      held: toUnits(held),
      remaining: toUnits(remaining),
      utilization,
    })),
  count: reached.length,
})
