import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { seededRandom } from '../../../../test/support/seeded-random.ts'
import { micros } from '../../../money.ts'
import { BudgetManager } from '../../index.ts'
import type { Hold } from '../client/hold.ts'
import { SlidingWindow } from '../ledger/windows/index.ts'
import type { HoldMode } from '../protocol/hold-mode.ts'
import { weighedMsOf } from './outcomes.ts'

const PRICE = micros(1_000)
const TICK_MS = 100

/** An exchange that does what the proof of bounded holds does not expect, against the whole budget core. */
export interface Adversary {
  readonly holdMs: number
  readonly windowMs: number
  /** The number of bids that the limit pays in a window. */
  readonly bids: number
  readonly minutes: number
  readonly bidsPerTick: number
  /** How many ms after the bid its bill comes; undefined for a bid that is lost. */
  readonly billAfterMs: (random: () => number, atMs: number) => number | undefined
  /** How many ms after the bid its loss notice comes; undefined if none comes. */
  readonly lossAfterMs?: (random: () => number) => number | undefined
  /** At these times all open bids are billed at once. */
  readonly billsAllAtMs?: readonly number[]
  /** How many ms after a bid the process forgets it; its bill is then for an unknown bid. */
  readonly forgetsAfterMs?: number
  readonly worstCase?: number
}

/** What happened. All amounts are shares of the limit. */
interface Outcome {
  /** The highest spend in a window. */
  readonly peak: number
  /** Prices of the bids that were passed up before that peak: weighed to the end and never billed. */
  readonly passedUpByPeak: number
  /** Mean spend in a window. */
  readonly spent: number
  /** Mean spend in a window, in the last quarter of the time. */
  readonly spentLast: number
  readonly modes: Set<string>
}

export const BOUNDED: HoldMode = { is: 'bounded', maxOverspendProbability: 1e-6 }
export const STRICT_MODE: HoldMode = { is: 'strict' }

export function meet(adversary: Adversary, mode: HoldMode, seed: number): Outcome {
  const { holdMs, windowMs, bids, minutes, bidsPerTick, worstCase } = adversary
  const random = seededRandom(seed)
  const clock = new FakeClock()
  const budget = new BudgetManager({ clock, ...(worstCase !== undefined && { worstCase }) })
  const limit = bids * PRICE
  const scope = budget.define(
    'platform:openrtb',
    'USD',
    [{ kind: 'sliding', windowMs, max: micros(limit) }],
    'operator',
    mode,
  )
  const window = new SlidingWindow(windowMs)
  const due = new Map<number, (() => void)[]>()
  const open = new Set<Hold>()
  const terms = { ttlMs: holdMs, onExpiry: 'release' } as const
  const endMs = minutes * 60_000
  let [nowMs, peak, number, last, passedUp, passedUpByPeak] = [0, 0, 0, 0, 0, 0]
  const modes = new Set<string>()
  const later = (ms: number, task: () => void) => {
    const tick = Math.ceil((nowMs + ms) / TICK_MS)
    const tasks = due.get(tick)
    if (tasks) tasks.push(task)
    else due.set(tick, [task])
  }
  const bill = (hold: Hold, madeMs: number) => {
    if (hold.state === 'settled') return
    open.delete(hold)
    number += 1
    const isForgotten = nowMs - madeMs > (adversary.forgetsAfterMs ?? Number.POSITIVE_INFINITY)
    if (isForgotten) budget.addSpend(`bill ${number}`, [scope], PRICE)
    else budget.settle(hold, PRICE)
    window.add(nowMs, PRICE)
    const sum = window.sum(nowMs)
    if (sum > peak) [peak, passedUpByPeak] = [sum, passedUp]
  }
  for (let tick = 0; tick * TICK_MS < endMs; tick++) {
    if (tick > 0) clock.advance(TICK_MS)
    nowMs = tick * TICK_MS
    for (const task of due.get(tick) ?? []) task()
    due.delete(tick)
    budget.expire()
    if (adversary.billsAllAtMs?.includes(nowMs)) for (const hold of open) bill(hold, nowMs)
    for (let left = bidsPerTick; left > 0; left--) {
      const hold = budget.open([scope], PRICE, terms)
      if (hold.is !== 'held') continue
      const madeMs = nowMs
      open.add(hold)
      const billAfterMs = adversary.billAfterMs(random, nowMs)
      const lossAfterMs = adversary.lossAfterMs?.(random)
      if (billAfterMs !== undefined) later(billAfterMs, () => bill(hold, madeMs))
      else if (lossAfterMs !== undefined && lossAfterMs < holdMs)
        later(lossAfterMs, () => {
          if (hold.state !== 'open') return
          budget.release(hold)
          open.delete(hold)
        })
      later(holdMs, () => open.delete(hold))
      later(weighedMsOf(holdMs), () => {
        if (hold.state !== 'settled') passedUp += PRICE
      })
    }
    if (nowMs === Math.floor(endMs * 0.75)) last = scope.spent
    const { modeNow } = scope
    modes.add('why' in modeNow ? (modeNow.why ?? '') : modeNow.is)
  }
  const windows = endMs / windowMs
  const spentLast = (scope.spent - last) / limit / (windows / 4)
  const peaks = { peak: peak / limit, passedUpByPeak: passedUpByPeak / limit }
  return { ...peaks, spent: scope.spent / limit / windows, spentLast, modes }
}

const SHORT = { holdMs: 5_000, windowMs: 60_000, bids: 1_000, minutes: 30, bidsPerTick: 60 }

export const ADVERSARIES: Record<string, Adversary> = {
  'bills half of the bids just after their hold': {
    ...SHORT,
    billAfterMs: (random) => (random() < 0.5 ? 5_200 + random() * 600 : undefined),
  },
  'bills half of the bids just after their hold, once it is trusted': {
    ...SHORT,
    billAfterMs: (random, atMs) =>
      random() < (atMs < 600_000 ? 0.02 : 0.5)
        ? atMs < 600_000
          ? random() * 4_000
          : 5_200 + random() * 600
        : undefined,
  },
  'bills half of the bids long after their hold': {
    ...SHORT,
    billAfterMs: (random) => (random() < 0.5 ? 9_000 + random() * 6_000 : undefined),
  },
  'bills half of the bids when they are forgotten': {
    ...SHORT,
    forgetsAfterMs: 8_000,
    billAfterMs: (random) => (random() < 0.5 ? 9_000 + random() * 6_000 : undefined),
  },
  'behaves, bills half of the bids late for a minute, and behaves again': {
    ...SHORT,
    minutes: 60,
    billAfterMs: (random, atMs) =>
      atMs % 900_000 > 840_000
        ? random() < 0.5
          ? 9_000 + random() * 6_000
          : undefined
        : random() < 0.02
          ? random() * 4_000
          : undefined,
  },
  'bills all open bids at once, after few were': {
    ...SHORT,
    billAfterMs: (random) => (random() < 0.02 ? random() * 4_000 : undefined),
    billsAllAtMs: [900_000, 1_500_000],
  },
  'bills all open bids at once as soon as any are weighed': {
    ...SHORT,
    minutes: 1,
    billAfterMs: (random) => (random() < 0.02 ? random() * 4_000 : undefined),
    billsAllAtMs: [13_000],
  },
  'behaves for an hour, and then bills all open bids at once': {
    ...SHORT,
    minutes: 62,
    billAfterMs: (random) => (random() < 0.02 ? random() * 4_000 : undefined),
    billsAllAtMs: [3_600_000],
  },
  'bills all open bids at once whenever it is trusted again': {
    ...SHORT,
    billAfterMs: (random) => (random() < 0.02 ? random() * 4_000 : undefined),
    billsAllAtMs: [600_000, 720_000, 840_000, 1_200_000, 1_260_000, 1_700_000],
  },
  'behaves for half an hour, and then bills what a minute brought at once': {
    ...SHORT,
    minutes: 40,
    holdMs: 90_000,
    windowMs: 300_000,
    billAfterMs: (random, atMs) =>
      random() < 0.05 ? (atMs < 1_800_000 ? random() * 20_000 : 60_000 - (atMs % 60_000)) : undefined,
  },
  'behaves for half an hour, and then bills at the end of the hold what it billed at once': {
    ...SHORT,
    minutes: 40,
    holdMs: 20_000,
    billAfterMs: (random, atMs) =>
      random() < 0.05 ? (atMs < 1_800_000 ? 0 : 16_000) + random() * 3_000 : undefined,
  },
  'changes its delays': {
    ...SHORT,
    minutes: 60,
    holdMs: 20_000,
    billAfterMs: (random, atMs) =>
      random() < 0.05 ? (0.5 + 0.5 * Math.sin(atMs / 100_000)) * 19_000 * random() : undefined,
  },
  'wins ever more': {
    ...SHORT,
    billAfterMs: (random, atMs) => (random() < 0.02 + atMs / 3_600_000 ? random() * 4_000 : undefined),
  },
  'wins ten times as much from one moment on': {
    ...SHORT,
    billAfterMs: (random, atMs) => (random() < (atMs < 900_000 ? 0.03 : 0.3) ? random() * 4_000 : undefined),
  },
  'tells losses and bills those bids all the same': {
    ...SHORT,
    lossAfterMs: () => 1_000,
    billAfterMs: (random) => (random() < 0.02 ? random() * 4_000 : undefined),
  },
}
