import { setImmediate } from 'node:timers/promises'
import { micros } from '../src/money.ts'
import { BudgetManager, type KeptOutcomes } from '../src/shield/index.ts'
import { FakeClock } from '../test/support/fake-clock.ts'

// What a hold time costs and what it saves, on the real budget core and virtual time. Every bid is worth $0.005; the
// exchange offers twice what the budget could pay at the given win rate; bills come after an exponential delay of 4 s
// on average, but one in fifty takes 90 s on average; losses, where they are told, come after 1 s.

const [WINDOW_MS, HOUR_MS, TICK_MS] = [600_000, 3_600_000, 100]
const PRICE = micros(5_000)
const OFFERED = 2
/** A seat that sends its bills together does so this often. */
const BURST_MS = 60_000

/** A worst case that keeps nobody from bidding. */
const UNCAPPED = 100

/** What is held for a bid: its price, what its scope expects, nothing until the bill, its price if it will win. */
type Way = 'strict' | 'bounded' | 'deduct' | 'oracle'

interface Trial {
  readonly way: Way
  readonly holdMs: number
  readonly winRate: number
  readonly lossNotices: boolean
  /**
   * When bills come: `delayed` as said above, `evenly` within the hold, or `in_bursts`: after up to 4 s, but those of a
   * minute together.
   */
  readonly bills?: 'delayed' | 'evenly' | 'in_bursts'
  /** The number of bids that the limit pays in a window. */
  readonly bidsPerWindow?: number
  /** Nothing is counted before: bounded holds have to learn first how bids end. */
  readonly fromMs?: number
  readonly hours?: number
  /** What an earlier start knew; a start follows it at once. */
  readonly before?: Pick<Result, 'outcomes' | 'endMs'>
  /** How many times the limit spend could reach if all open bids were billed; else {@link UNCAPPED}. */
  readonly worstCase?: number
}

interface Result {
  readonly delivered: number
  readonly vetoed: number
  readonly overdraft: number
  /** What is known in the end, and the wall clock then. */
  readonly outcomes: readonly KeptOutcomes[]
  readonly endMs: number
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

async function run(trial: Trial): Promise<Result> {
  const { way, holdMs, winRate, lossNotices, bidsPerWindow = 4_000, fromMs = 0, hours = 1 } = trial
  const { worstCase = UNCAPPED } = trial
  const clock = new FakeClock(trial.before?.endMs)
  const budget = new BudgetManager({
    clock,
    outcomes: trial.before?.outcomes,
    worstCase,
  })
  const limit = micros(bidsPerWindow * PRICE)
  const limits = [{ kind: 'sliding', windowMs: WINDOW_MS, max: limit }] as const
  const mode = way === 'bounded' ? ({ is: way, maxOverspendProbability: 1e-6 } as const) : undefined
  const scope = budget.define('global', 'USD', limits, 'operator', mode)
  const random = luck(20_261_120)
  const due = new Map<number, (() => void)[]>()
  const later = (afterMs: number, task: () => void) => {
    const tick = Math.ceil((clock.elapsedMs() + afterMs) / TICK_MS)
    const tasks = due.get(tick)
    if (tasks) tasks.push(task)
    else due.set(tick, [task])
  }
  const billDelayMs = billDelays(trial, random, () => clock.elapsedMs())
  const bidsPerTick = (OFFERED * bidsPerWindow * TICK_MS) / (winRate * WINDOW_MS)

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
  for (let tick = 0; tick * TICK_MS < fromMs + hours * HOUR_MS; tick++) {
    if (tick > 0) clock.advance(TICK_MS)
    // Lines to the store go out on timers; what follows on their answers runs here.
    await setImmediate()
    if (clock.elapsedMs() === fromMs)
      Object.assign(before, { spent: scope.spent, overdraft: scope.overdraft })
    for (const task of due.get(tick) ?? []) task()
    due.delete(tick)
    budget.expire()
    for (owed += bidsPerTick; owed >= 1; owed--) bid(bids)
  }
  const share = (amount: number) => amount / (limit * ((hours * HOUR_MS) / WINDOW_MS))
  return {
    delivered: share(scope.spent - before.spent),
    vetoed: vetoes / bids,
    overdraft: share(scope.overdraft - before.overdraft),
    outcomes: budget.outcomes,
    endMs: clock.nowMs(),
  }
}

/** Delays of bills in ms. */
function billDelays({ bills, holdMs }: Trial, random: () => number, nowMs: () => number): () => number {
  switch (bills) {
    case 'evenly':
      return () => random() * (holdMs - TICK_MS)
    case 'in_bursts':
      return () => {
        const atMs = nowMs() + random() * 4_000
        return Math.ceil(atMs / BURST_MS) * BURST_MS - nowMs()
      }
    default:
      return () => -Math.log(1 - random()) * (random() < 0.02 ? 90_000 : 4_000)
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
        const { delivered, vetoed, overdraft } = await run({ way: 'strict', holdMs, winRate, lossNotices })
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
    const { delivered, vetoed, overdraft } = await run({
      way: 'deduct',
      holdMs: 0,
      winRate,
      lossNotices: false,
    })
    row(percent(winRate), '–', 'none, deduct at win', percent(delivered), percent(vetoed), percent(overdraft))
  }
  await benchBounded()
  benchShortWindow()
}

const BILLS = { evenly: 'evenly', in_bursts: 'a minute’s at once', delayed: 'after 4 s, some 90 s' } as const

/** How many times the limit spend may reach if all open bids are billed; the first is the default. */
const WORST_CASES = [1.25, 3]

/** The first hour begins with nothing known, or after a restart; in the third to fifth hour bids are known. */
const TIMES = [
  { name: 'first', fromMs: 0, isWarm: false },
  { name: 'first after a restart', fromMs: 0, isWarm: true },
  { name: 'third to fifth', fromMs: 2 * HOUR_MS, hours: 3, isWarm: false },
]

const BOUNDED_TRIALS = [
  { holdMs: 5_000, bills: 'evenly', lossNotices: true },
  { holdMs: 60_000, bills: 'evenly', lossNotices: false },
  { holdMs: 300_000, bills: 'evenly', lossNotices: false },
  { holdMs: 300_000, bills: 'delayed', lossNotices: false },
  { holdMs: 300_000, bills: 'in_bursts', lossNotices: false },
  { holdMs: 60_000, bills: 'evenly', lossNotices: false, bidsPerWindow: 400 },
  { holdMs: 300_000, bills: 'evenly', lossNotices: false, bidsPerWindow: 400 },
] as const satisfies readonly Partial<Trial>[]

/** What bounded holds deliver of the oracle's, beside holding everything and nothing. */
async function benchBounded(): Promise<void> {
  row(
    'bids',
    'hold',
    'bills',
    'losses',
    'hours',
    'oracle',
    'strict',
    'bounded',
    ...WORST_CASES.map((factor) => `at most ${factor} ×`),
    'deduct',
    'overdraft of the last two',
  )
  row(...Array(10 + WORST_CASES.length).fill('---'))
  for (const one of BOUNDED_TRIALS) {
    for (const { name, isWarm, ...time } of TIMES) {
      const trial: Omit<Trial, 'way'> = { bidsPerWindow: 4_000, winRate: 0.08, ...one, ...time }
      const before = isWarm ? await run({ ...trial, way: 'bounded' }) : undefined
      const oracle = await run({ ...trial, way: 'oracle' })
      const strict = await run({ ...trial, way: 'strict' })
      const bounded = await run({ ...trial, way: 'bounded', ...(before && { before }) })
      const capped: Result[] = []
      for (const worstCase of WORST_CASES)
        capped.push(await run({ ...trial, way: 'bounded', worstCase, ...(before && { before }) }))
      const deduct = await run({ ...trial, way: 'deduct' })
      const share = (of: Result) => percent(of.delivered / oracle.delivered)
      row(
        trial.bidsPerWindow ?? '',
        `${one.holdMs / 1000} s`,
        BILLS[one.bills],
        one.lossNotices ? 'after 1 s' : 'not told',
        name,
        percent(oracle.delivered),
        share(strict),
        share(bounded),
        ...capped.map(share),
        share(deduct),
        `${percent(bounded.overdraft)}, ${percent(deduct.overdraft)}`,
      )
    }
  }
}

const [SHORT_LIMIT, SHORT_WINDOW_MS, SHORT_HOLD_MS, SHORT_TICK_MS] = [2_000_000, 20_000, 10_000, 50]

/**
 * What a limit of $2 in 20 s delivers in the last of five minutes: one bid in ten wins, three losses in ten are never
 * told, bills come within four seconds, and three times as much is offered as the limit could pay.
 */
function benchShortWindow(): void {
  row(
    'price',
    'strict',
    ...[...WORST_CASES, UNCAPPED].map((factor) => `bounded, at most ${factor} ×`),
    'oracle',
  )
  row(...Array(4 + WORST_CASES.length).fill('---'))
  for (const price of [1_000, 5_000]) {
    const bounded = [...WORST_CASES, UNCAPPED].map((factor) => inShortWindow(price, 'bounded', factor))
    const [strict, oracle] = [inShortWindow(price, 'strict', 1), inShortWindow(price, 'oracle', 1)]
    row(`$${price / 1e6}`, percent(strict), ...bounded.map(percent), percent(oracle))
  }
}

function inShortWindow(price: number, way: Way, worstCase: number): number {
  const clock = new FakeClock()
  const random = luck(20_261_128)
  const budget = new BudgetManager({ clock, worstCase })
  const limits = [{ kind: 'sliding', windowMs: SHORT_WINDOW_MS, max: micros(SHORT_LIMIT) }] as const
  const mode = way === 'bounded' ? ({ is: way, maxOverspendProbability: 1e-6 } as const) : undefined
  const scope = budget.define('global', 'USD', limits, 'operator', mode)
  const due = new Map<number, (() => void)[]>()
  const bidsPerTick = (3 * SHORT_LIMIT * SHORT_TICK_MS) / (price * SHORT_WINDOW_MS * 0.1)
  let [owed, before] = [0, 0]
  for (let tick = 0; tick * SHORT_TICK_MS < 300_000; tick++) {
    if (tick > 0) clock.advance(SHORT_TICK_MS)
    if (tick * SHORT_TICK_MS === 240_000) before = scope.spent
    for (const task of due.get(tick) ?? []) task()
    due.delete(tick)
    budget.expire()
    for (owed += bidsPerTick; owed >= 1; owed--) {
      const wins = random() < 0.1
      if (way === 'oracle' && !wins) continue
      const hold = budget.open([scope], micros(price), { ttlMs: SHORT_HOLD_MS, onExpiry: 'release' })
      if (hold.is !== 'held' || (!wins && random() < 0.3)) continue
      const at = tick + Math.ceil((random() * (wins ? 4_000 : 2_000)) / SHORT_TICK_MS)
      const end = () => void (wins ? budget.settle(hold, micros(price)) : budget.release(hold))
      due.set(at, [...(due.get(at) ?? []), end])
    }
  }
  return (scope.spent - before) / (SHORT_LIMIT * (60_000 / SHORT_WINDOW_MS))
}
