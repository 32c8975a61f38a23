import {
  decide,
  isRefusal,
  type OpenRtbRequest,
  readBidRequest,
} from '../src/agent/exchange/openrtb/index.ts'
import { MemoryStore } from '../src/shield/index.ts'
import { bannerRequest, type CampaignInput, createBidder } from '../test/support/bidder.ts'
import { FakeClock } from '../test/support/fake-clock.ts'

// Days of one campaign on the real bidder and virtual time. Every win costs $0.005; three bids in ten win; bills come after an
// exponential delay of 4 s on average, losses after 1 s, but three in ten are never told. Traffic of the busiest hour is eight
// times that of the quietest.

const [TICK_MS, TICKS_A_SECOND] = [250, 4]
const [WIN_RATE, UNTOLD, BILL_MS] = [0.3, 0.3, 4_000]
const PRICE_MICROS = 5_000
/** Requests of each hour of a UTC day, in proportion. */
const TRAFFIC = [4, 3, 2, 1.5, 1, 1, 1.5, 2.5, 3.5, 4, 4.5, 5, 5.5, 5, 5, 5, 5.5, 6, 6.5, 7, 8, 8, 7, 5.5]
const TOTAL = TRAFFIC.reduce((sum, one) => sum + one, 0)

export interface PacingTrial {
  readonly mode: 'asap' | 'even' | 'ahead'
  /** Wins that the budget pays for in a day. */
  readonly wins: number
  /** What all of the traffic could spend, over the budget. */
  readonly offered: number
  readonly days?: number
  /** Processes that share the budget and the traffic, and the share of the first. */
  readonly processes?: number
  readonly firstShare?: number
  readonly seed?: number
}

/** One day. */
export interface PacingDay {
  /** Spent over the budget. */
  readonly delivered: number
  /** Spend of each hour over the day's budget. */
  readonly hours: readonly number[]
  /** The most that an hour missed its part of the best plan, as a share of the part. */
  readonly worstHour: number
  /** The longest time between two bids over the mean time. */
  readonly silence: number
}

/** A small generator with a fixed seed, so that every trial sees the same luck. */
function luck(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The part of each hour in the best plan: all the same, but for what the traffic of an hour cannot spend. */
function bestPlan({ mode, offered }: Pick<PacingTrial, 'mode' | 'offered'>): number[] {
  const most = TRAFFIC.map((one) => (offered * one) / TOTAL)
  const weight = TRAFFIC.map((_, hour) => (mode === 'ahead' ? 1.4 - (0.8 * (hour + 0.5)) / 24 : 1))
  const at = (level: number) => weight.map((one, i) => Math.min(most[i] ?? 0, one * level))
  let [low, high] = [0, 10]
  for (let i = 0; i < 60; i++) {
    const level = (low + high) / 2
    if (at(level).reduce((sum, one) => sum + one, 0) < 1) low = level
    else high = level
  }
  return at(high)
}

function readRequest(): OpenRtbRequest {
  const request = readBidRequest(bannerRequest())
  if (isRefusal(request)) throw new Error('the request of the trial is refused')
  return request
}

/** Plays the days of a trial, from a start with nothing known. */
export function playPacing(trial: PacingTrial): PacingDay[] {
  const {
    mode,
    wins,
    offered,
    days = 1,
    processes = 1,
    firstShare = 1 / processes,
    seed = 20_261_128,
  } = trial
  const clock = new FakeClock(Date.UTC(2026, 10, 22))
  const random = luck(seed)
  const max = (wins * PRICE_MICROS) / 1e6
  const limits: CampaignInput['limits'] = [{ kind: 'day', timezone: 'UTC', max }]
  const campaigns = { c1: { limits, pacing: { mode }, price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 } } }
  const store = new MemoryStore(clock)
  const bidders = Array.from({ length: processes }, (_, i) =>
    createBidder({ clock, owner: `owner${i}`, random, campaigns, holdMs: 60_000, store: () => store }),
  )
  const request = readRequest()
  const due = new Map<number, (() => void)[]>()
  let tick = 0
  const later = (afterMs: number, task: () => void): void => {
    const at = tick + Math.max(1, Math.round(afterMs / TICK_MS))
    const tasks = due.get(at)
    if (tasks) tasks.push(task)
    else due.set(at, [task])
  }
  const requestsPerDay = (wins * offered) / WIN_RATE
  const ticksPerHour = 3_600 * TICKS_A_SECOND
  const results: PacingDay[] = []
  let spent = 0
  for (let day = 0; day < days; day++) {
    const hours: number[] = []
    let [bids, lastBid, longest, nextTick] = [0, tick, 0, tick]
    for (const traffic of TRAFFIC) {
      const before = spent
      const perTick = (requestsPerDay * traffic) / TOTAL / ticksPerHour
      for (let i = 0; i < ticksPerHour; i++) {
        clock.advance(TICK_MS)
        tick += 1
        for (const task of due.get(tick) ?? []) task()
        due.delete(tick)
        // Requests come at random, as from very many users.
        for (; nextTick <= tick; nextTick += -Math.log(1 - random()) / perTick) {
          const [first, ...others] = bidders
          const bidder =
            random() < firstShare ? first : (others[Math.floor(random() * others.length)] ?? first)
          if (!bidder) continue
          bidder.traffic.add(processes, clock.nowMs())
          const bid = decide(bidder.deps, bidder.seat, { ...request }).groups[0]?.bids[0]
          if (!bid) continue
          bids += 1
          longest = Math.max(longest, tick - lastBid)
          lastBid = tick
          const { auctionBudget } = bidder.deps
          if (random() < WIN_RATE) {
            later(-Math.log(1 - random()) * BILL_MS, () => {
              auctionBudget.settle(bid.seq, bid.cost)
              spent += bid.cost
            })
          } else if (random() >= UNTOLD) later(1_000, () => auctionBudget.release(bid.seq))
        }
      }
      hours.push((spent - before) / (max * 1e6))
    }
    longest = Math.max(longest, tick - lastBid)
    const plan = bestPlan(trial)
    results.push({
      delivered: hours.reduce((sum, one) => sum + one, 0),
      hours,
      worstHour: Math.max(...hours.map((one, i) => Math.abs(one - (plan[i] ?? 0)) / (plan[i] ?? 1))),
      silence: (longest * bids) / (24 * ticksPerHour),
    })
  }
  return results
}

const percent = (part: number) => `${(part * 100).toFixed(1)} %`
const row = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

const TRIALS: readonly (PacingTrial & { readonly name: string })[] = [
  { name: 'asap', mode: 'asap', wins: 3_000, offered: 200 },
  { name: 'even', mode: 'even', wins: 3_000, offered: 200, days: 2 },
  { name: 'even, four processes', mode: 'even', wins: 3_000, offered: 200, days: 2, processes: 4 },
  { name: 'even', mode: 'even', wins: 30_000, offered: 5, days: 2 },
  {
    ...{ name: 'even, one of three with 70 % of the traffic', mode: 'even', wins: 30_000, offered: 5 },
    ...{ days: 2, processes: 3, firstShare: 0.7 },
  },
  { name: 'even, little traffic at night', mode: 'even', wins: 30_000, offered: 1.5, days: 2 },
  { name: 'ahead', mode: 'ahead', wins: 30_000, offered: 5, days: 2 },
]

/** How evenly a day's budget is spent. */
export async function benchPacing(): Promise<void> {
  row(
    'pacing',
    'wins a day',
    'traffic over budget',
    'day',
    'delivered',
    'worst hour off its plan',
    'longest silence over the mean gap',
  )
  row(...Array(7).fill('---'))
  for (const trial of TRIALS) {
    const days = playPacing(trial)
    for (const [i, { delivered, worstHour, silence }] of days.entries())
      row(
        trial.name,
        trial.wins,
        trial.offered,
        i + 1,
        percent(delivered),
        percent(worstHour),
        silence.toFixed(1),
      )
  }
}
