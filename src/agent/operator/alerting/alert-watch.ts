import { messageOf } from '../../../errors.ts'
import { micros, toUnits } from '../../../money.ts'
import type { Scope, ScopeStats } from '../../../shield/index.ts'
import { type Cancel, every } from '../../../time/clock.ts'
import type { Agent } from '../../agent.ts'
import type { Deferred } from '../../bids/deferred.ts'
import type { WorkerPool } from '../../exchange/worker-pool.ts'
import type { ServicePart } from '../readiness.ts'
import { ALERT_RULES, type AlertCondition } from './alert-catalog.ts'
import {
  budgetConditions,
  countedConditions,
  gaugeConditions,
  platformConditions,
  serviceConditions,
} from './alert-conditions.ts'
import { CountHistory, countsOf } from './alert-counts.ts'

/** How often the conditions are looked at, in milliseconds. */
const LOOK_MS = 5_000
/** Budgets that one look examines, which takes some milliseconds; the next look goes on with the next ones. */
const BUDGETS_PER_LOOK = 1_000
/** How long an overdraft is an alert after it was booked, in milliseconds. */
const OVERDRAFT_MS = 600_000
/** How long a breaker is an alert after it was last open, in milliseconds. */
const BREAKER_MS = 120_000
/** The most conditions that are kept; the first ones stay. */
const MAX_KEPT = 1_000

/** An alert that fires. */
export interface FiringAlert extends AlertCondition {
  /** Since when its condition holds, in ms since the epoch: as far as this process has seen it. */
  readonly sinceMs: number
}

interface Held {
  condition: AlertCondition
  readonly beganMs: number
  /** Elapsed ms. */
  readonly beganAtMs: number
}

interface Parts {
  readonly agent: Agent
  readonly deferred: Pick<Deferred, 'waiting'>
  readonly parts: readonly ServicePart[]
  readonly pool: Pick<WorkerPool, 'gather'>
}

/** Looks every five seconds at what the alerts are about, and knows since when each condition holds. */
export class AlertWatch {
  readonly #parts: Parts
  readonly #stop: Cancel
  readonly #history = new CountHistory()
  #held = new Map<string, Held>()
  #waiting: Scope[] = []
  #ofBudgets = new Map<Scope, readonly AlertCondition[]>()
  readonly #overdrafts = new WeakMap<Scope, { amount: number; raised: number; raisedAtMs: number }>()
  readonly #lastOpen = new Map<string, { readonly condition: AlertCondition; readonly atMs: number }>()
  #isLooking = false

  constructor(parts: Parts) {
    this.#parts = parts
    void this.look()
    this.#stop = every(parts.agent.clock, LOOK_MS, () => void this.look())
  }

  close(): void {
    this.#stop()
  }

  /** The alerts that fire now, those that have lasted longest first. */
  get firing(): FiringAlert[] {
    const nowMs = this.#parts.agent.clock.elapsedMs()
    return [...this.#held.values()]
      .filter(({ condition, beganAtMs }) => nowMs - beganAtMs >= ALERT_RULES[condition.rule].forMs)
      .map(({ condition, beganMs }) => ({ ...condition, sinceMs: condition.sinceMs ?? beganMs }))
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    const { agent, pool } = this.#parts
    try {
      await pool.gather()
      const nowMs = agent.clock.elapsedMs()
      const counts = await countsOf(agent.metrics)
      const gauges = await gaugeConditions(agent.metrics)
      this.#lookAtBudgets(nowMs)
      this.#keep(nowMs, [
        ...serviceConditions(this.#parts),
        ...this.#withBreakers(platformConditions(this.#parts), nowMs),
        ...countedConditions(counts, this.#history, nowMs),
        ...gauges,
        ...[...this.#ofBudgets.values()].flat(),
      ])
      this.#history.add(nowMs, counts)
    } catch (error) {
      agent.log.error({ err: error }, messageOf(error))
    } finally {
      this.#isLooking = false
    }
  }

  #keep(nowMs: number, conditions: readonly AlertCondition[]): void {
    const wallMs = this.#parts.agent.clock.nowMs()
    const held = new Map<string, Held>()
    for (const condition of conditions) {
      const { rule, about } = condition
      const key = `${rule} ${about.kind} ${about.limit} ${about.name}`
      const before = this.#held.get(key)
      if (!before && held.size >= MAX_KEPT) continue
      held.set(key, { condition, beganMs: before?.beganMs ?? wallMs, beganAtMs: before?.beganAtMs ?? nowMs })
    }
    this.#held = held
  }

  /** A breaker half-opens every half minute, so it counts for a while after it was open. */
  #withBreakers(conditions: readonly AlertCondition[], nowMs: number): AlertCondition[] {
    const isOfBreaker = ({ rule }: AlertCondition) => rule === 'BreakerOpen'
    for (const condition of conditions.filter(isOfBreaker))
      this.#lastOpen.set(condition.about.name, { condition, atMs: nowMs })
    for (const [platform, { atMs }] of this.#lastOpen)
      if (nowMs - atMs >= BREAKER_MS) this.#lastOpen.delete(platform)
    const opened = [...this.#lastOpen.values()].map(({ condition, atMs }) =>
      atMs === nowMs
        ? condition
        : { ...condition, detail: 'It was open within the last two minutes, and is tried again' },
    )
    return [...conditions.filter((one) => !isOfBreaker(one)), ...opened]
  }

  #lookAtBudgets(nowMs: number): void {
    const { budget } = this.#parts.agent
    if (this.#waiting.length === 0) {
      this.#waiting = [...budget.scopes]
      const known = new Set(this.#waiting)
      for (const scope of this.#ofBudgets.keys()) if (!known.has(scope)) this.#ofBudgets.delete(scope)
    }
    for (const scope of this.#waiting.splice(0, BUDGETS_PER_LOOK)) {
      const stats = budget.stats(scope)
      const conditions = [...budgetConditions(stats), ...this.#overdraft(scope, stats, nowMs)]
      if (conditions.length > 0) this.#ofBudgets.set(scope, conditions)
      else this.#ofBudgets.delete(scope)
    }
  }

  /** What was booked beyond the limits of a budget in the last ten minutes. */
  #overdraft(scope: Scope, { overdraft, currency }: ScopeStats, nowMs: number): AlertCondition[] {
    // Before the store's first answer nothing is known of what was booked earlier.
    if (!scope.purse.standing) return []
    const known = this.#overdrafts.get(scope)
    if (!known) {
      this.#overdrafts.set(scope, { amount: overdraft, raised: 0, raisedAtMs: Number.NEGATIVE_INFINITY })
      return []
    }
    const isOver = nowMs - known.raisedAtMs >= OVERDRAFT_MS
    if (overdraft > known.amount) {
      known.raised = (isOver ? 0 : known.raised) + overdraft - known.amount
      known.amount = overdraft
      known.raisedAtMs = nowMs
    } else if (isOver) return []
    return [
      {
        rule: 'Overdraft',
        about: { kind: 'budget', name: scope.name },
        detail: `It was billed ${toUnits(micros(known.raised))} ${currency} lately that no limit had room for`,
      },
    ]
  }
}
