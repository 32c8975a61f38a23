import type { Clock } from '../src/clock.ts'
import { type Micros, micros } from '../src/money.ts'
import { BudgetManager } from '../src/shield/index.ts'

// What a hold time costs and what it saves, on the real budget core and virtual time. Every bid is worth $0.005; the
// exchange offers twice what the budget could pay at the given win rate; bills come after an exponential delay of 4 s
// on average, but one in fifty takes 90 s on average; losses, where they are told, come after 1 s.

const [WINDOW_MS, RUN_MS, TICK_MS] = [600_000, 3_600_000, 100]
const LIMIT = micros(20_000_000)
const PRICE = micros(5_000)
const OFFERED = 2

/** What is held for a bid: its price, what its scope expects, nothing until the bill, its price if it will win. */
type Way = 'strict' | 'bounded' | 'deduct' | 'oracle'

interface Trial {
  readonly way: Way
  readonly holdMs: number
  readonly winRate: number
  readonly lossNotices: boolean
  /** Bills come evenly within the hold; else with the delays above. */
  readonly within?: boolean
  /** Nothing is counted before: bounded holds have to learn first how bids end. */
  readonly fromMs?: number
}

interface Result {
  readonly delivered: number
  readonly vetoed: number
  readonly overdraft: number
}

/** Time that a loop moves. Nothing here sets a timer. */
class LoopClock implements Clock {
  ms = 0
  nowMs = () => this.ms
  elapsedMs = () => this.ms
  after = () => () => {}
}

/** A small generator with a fixed seed, so that every trial sees the same luck. */
function luck(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 2 ** 32
  }
}

function run({ way, holdMs, winRate, lossNotices, within, fromMs = 0 }: Trial): Result {
  const clock = new LoopClock()
  const budget = new BudgetManager({ clock })
  const limits = [{ kind: 'sliding', windowMs: WINDOW_MS, max: LIMIT }] as const
  const mode = way === 'bounded' ? ({ is: way, maxOverspendProbability: 1e-6 } as const) : undefined
  const scope = budget.define('global', 'USD', limits, 'operator', mode)
  const random = luck(20_261_120)
  const due = new Map<number, (() => void)[]>()
  const later = (afterMs: number, task: () => void) => {
    const tick = Math.ceil((clock.ms + afterMs) / TICK_MS)
    const tasks = due.get(tick)
    if (tasks) tasks.push(task)
    else due.set(tick, [task])
  }
  const billDelayMs = () =>
    within ? random() * (holdMs - TICK_MS) : -Math.log(1 - random()) * (random() < 0.02 ? 90_000 : 4_000)
  const bidsPerTick = (OFFERED * LIMIT * TICK_MS) / (PRICE * winRate * WINDOW_MS)

  let [bids, vetoes, owed] = [0, 0, 0]
  const terms = { ttlMs: holdMs, onExpiry: 'release' } as const
  const bid = (number: number): void => {
    bids += 1
    const wins = random() < winRate
    const isHeld = way === 'oracle' ? wins : way !== 'deduct'
    const hold = isHeld ? budget.open([scope], PRICE, terms) : undefined
    if (hold ? hold.is !== 'held' : budget.canSpend([scope], PRICE) !== undefined) {
      vetoes += 1
      return
    }
    if (wins) {
      later(billDelayMs(), () => settle(number, hold?.is === 'held' ? hold : undefined))
    } else if (lossNotices && hold?.is === 'held') later(1_000, () => budget.release(hold))
  }
  const settle = (number: number, hold: Parameters<typeof budget.settle>[0] | undefined): void => {
    if (hold) budget.settle(hold, PRICE)
    else budget.addSpend(`bill${number}`, [scope], PRICE)
  }

  const before = { spent: 0, overdraft: 0 }
  for (let tick = 0; tick * TICK_MS < fromMs + RUN_MS; tick++) {
    clock.ms = tick * TICK_MS
    if (clock.ms === fromMs) Object.assign(before, { spent: scope.spent, overdraft: scope.overdraft })
    for (const task of due.get(tick) ?? []) task()
    due.delete(tick)
    budget.expire()
    for (owed += bidsPerTick; owed >= 1; owed--) bid(bids)
  }
  const windows = RUN_MS / WINDOW_MS
  const share = (amount: number | Micros) => amount / (LIMIT * windows)
  return {
    delivered: share(scope.spent - before.spent),
    vetoed: vetoes / bids,
    overdraft: share(scope.overdraft - before.overdraft),
  }
}

const percent = (part: number) => `${(part * 100).toFixed(1)} %`

const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

/** Delivery, vetoes and overdraft by hold time, win rate and loss notices, beside deducting at the win. */
export async function benchDelivery(): Promise<void> {
  row('wins', 'loss notices', 'hold', 'delivered', 'vetoed', 'overdraft')
  row('---', '---', '---', '---', '---', '---')
  for (const winRate of [0.02, 0.08, 0.3]) {
    for (const lossNotices of [true, false]) {
      for (const holdMs of [15_000, 60_000, 300_000]) {
        const { delivered, vetoed, overdraft } = run({ way: 'strict', holdMs, winRate, lossNotices })
        const told = lossNotices ? 'yes' : 'no'
        row(
          percent(winRate),
          told,
          `${holdMs / 1000} s`,
          percent(delivered),
          percent(vetoed),
          percent(overdraft),
        )
      }
    }
    const { delivered, vetoed, overdraft } = run({ way: 'deduct', holdMs: 0, winRate, lossNotices: false })
    row(percent(winRate), '–', 'none, deduct at win', percent(delivered), percent(vetoed), percent(overdraft))
  }
  benchBounded()
}

/** What bounded holds deliver, beside holding everything, nothing, and only what will win. */
function benchBounded(): void {
  row('bills within the hold of', 'loss notices', 'hour', 'way', 'delivered', 'of the oracle', 'overdraft')
  row('---', '---', '---', '---', '---', '---', '---')
  for (const [holdMs, lossNotices, fromMs] of [
    [5_000, true, 0],
    [60_000, false, 0],
    [60_000, false, 7_200_000],
    [300_000, false, 0],
    [300_000, false, 7_200_000],
  ] as const) {
    const trial = { holdMs, lossNotices, fromMs, winRate: 0.08, within: true }
    const oracle = run({ ...trial, way: 'oracle' })
    for (const way of ['strict', 'bounded', 'deduct', 'oracle'] as const) {
      const { delivered, overdraft } = way === 'oracle' ? oracle : run({ ...trial, way })
      const share = percent(delivered / oracle.delivered)
      row(
        `${holdMs / 1000} s`,
        lossNotices ? 'after 1 s' : 'none',
        fromMs === 0 ? 'first' : 'third',
        way,
        percent(delivered),
        share,
        percent(overdraft),
      )
    }
  }
}
