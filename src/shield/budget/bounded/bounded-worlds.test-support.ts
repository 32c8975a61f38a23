import { expect } from 'vitest'
import { seededRandom } from '../../../../test/support/seeded-random.ts'
import { SlidingWindow } from '../ledger/windows/index.ts'
import { chancesByAge, slotMsOf } from './outcomes.ts'
import { RequiredReserve, type WeighedHold } from './required-reserve.ts'

export const SEED = Number(process.env['SEED'] ?? 20_261_121)
const TICK_MS = 200
export const LIMIT = 4_000_000
const WINDOW_MS = 600_000
export const TTL_MS = 60_000
/** How long a slot of a reserve with that time to live is. */
export const SLOT_MS = slotMsOf(TTL_MS)

export interface World {
  readonly hours: number
  /** The limit of spend in a window, in micros; the default is {@link LIMIT}. */
  readonly limit?: number
  readonly winRate: (atMs: number, price: number) => number
  readonly price: (random: () => number) => number
  readonly bidsPerTick: (atMs: number) => number
  /** How many ms after a bid made at `atMs` its bill comes. */
  readonly billMs: (random: () => number, atMs: number) => number
  /** How many ms a bid is held; the default is {@link TTL_MS}. */
  readonly ttlMs?: (random: () => number) => number
  /**
   * The process dies each time this many ms have passed. The next one starts at once, with what was kept within the
   * last minute.
   */
  readonly diesEveryMs?: number
  /** How many ms after a bid its loss notice comes; undefined if none comes. */
  readonly lossMs?: (random: () => number) => number | undefined
}

export const STEADY: World = {
  hours: 1,
  winRate: () => 0.08,
  price: () => 1_000,
  bidsPerTick: () => 33,
  billMs: (random) => random() * (TTL_MS - 1_000),
}

/** Bids while spend in the window plus what must be set aside fits the limit. Returns the peak of spend and more. */
export function live(world: World, seed: number, weigh = chancesByAge, maxProbability = 1e-6) {
  const random = seededRandom(seed)
  let reserve = new RequiredReserve(maxProbability, weigh)
  /** What dead processes had set aside: it counts until their bids cannot be billed any more. */
  let forfeited: { micros: number; readonly untilMs: number } | undefined
  let kept = reserve.kept(0)
  const window = new SlidingWindow(WINDOW_MS)
  const due = new Map<number, (() => void)[]>()
  const seen = { peak: 0, spent: 0, modes: new Set<string>(), bids: 0 }
  const { limit = LIMIT } = world
  let nowMs = 0
  const later = (ms: number, task: () => void) => {
    const tick = Math.ceil((nowMs + ms) / TICK_MS)
    const tasks = due.get(tick)
    if (tasks) tasks.push(task)
    else due.set(tick, [task])
  }
  for (let tick = 0; tick * TICK_MS < world.hours * 3_600_000; tick++) {
    nowMs = tick * TICK_MS
    reserve.step(nowMs)
    if (nowMs % 60_000 === 0 || reserve.distrusts > 0) kept = reserve.kept(nowMs)
    if (world.diesEveryMs !== undefined && nowMs > 0 && nowMs % world.diesEveryMs === 0) {
      forfeited = { micros: reserve.needed, untilMs: nowMs + 2 * TTL_MS }
      const remembered = kept.map((one) => ({ kept: one, atElapsedMs: one.atMs }))
      reserve = new RequiredReserve(maxProbability, weigh, remembered)
    }
    if (forfeited && forfeited.untilMs <= nowMs) forfeited = undefined
    for (const task of due.get(tick) ?? []) task()
    due.delete(tick)
    for (let left = world.bidsPerTick(nowMs); left > 0; left--) {
      const price = world.price(random)
      const ttlMs = world.ttlMs?.(random) ?? TTL_MS
      const dead = forfeited?.micros ?? 0
      if (window.sum(nowMs) + dead + reserve.neededWith(price, ttlMs) > limit) continue
      const hold: WeighedHold = { micros: price, expiresAtMs: nowMs + ttlMs, queue: { terms: { ttlMs } } }
      const owner = reserve
      owner.add(hold)
      seen.bids += 1
      if (random() < world.winRate(nowMs, price)) {
        later(world.billMs(random, nowMs), () => {
          if (owner === reserve) owner.bill(hold)
          else if (forfeited) forfeited.micros = Math.max(0, forfeited.micros - price)
          window.add(nowMs, price)
          seen.spent += price
          seen.peak = Math.max(seen.peak, window.sum(nowMs))
        })
      } else later(world.lossMs?.(random) ?? ttlMs, () => owner === reserve && owner.lose(hold))
    }
    const { modeNow } = reserve
    seen.modes.add('why' in modeNow ? (modeNow.why ?? '') : modeNow.is)
  }
  return seen
}

export const WORLDS: Record<string, World> = {
  'losses are not told': STEADY,
  'every loss is told after a second': {
    ...STEADY,
    lossMs: () => 1_000,
    billMs: (random) => random() * 5_000,
  },
  'some losses are told, some are not': {
    ...STEADY,
    lossMs: (random) => (random() < 0.7 ? random() * 3_000 : undefined),
    billMs: (random) => 5_000 + random() * 50_000,
  },
  'dear bids win more often': {
    ...STEADY,
    price: (random) => (random() < 0.2 ? 9_000 : 500),
    winRate: (_, price) => (price > 1_000 ? 0.3 : 0.02),
  },
  'bids come in bursts': { ...STEADY, bidsPerTick: (atMs) => (atMs % 5_000 < 400 ? 300 : 0) },
  'bids come late in their slots, and then early': {
    ...STEADY,
    // Late in a slot, no loss notice comes before the next slot begins; early in a slot, all do.
    bidsPerTick: (atMs) => {
      const phase = (atMs + TTL_MS) % SLOT_MS
      return (atMs < 1_200_000 ? phase >= SLOT_MS - 200 : phase < 200) ? 400 : 0
    },
    lossMs: () => 600,
    billMs: (random) => 1_000 + random() * 20_000,
  },
  'seats have hold times of their own': {
    ...STEADY,
    ttlMs: (random) => [20_000, 45_000, 120_000][Math.floor(random() * 3)] ?? TTL_MS,
    billMs: (random) => random() * 19_000,
  },
  'a limit pays for four hundred bids': {
    ...STEADY,
    limit: 400_000,
    bidsPerTick: (atMs) => 3 + ((atMs / TICK_MS) % 2),
  },
  'its process dies every seven minutes': { ...STEADY, diesEveryMs: 420_000 },
  'bids stop for a while and come back': {
    ...STEADY,
    bidsPerTick: (atMs) => (atMs % 900_000 < 500_000 ? 60 : 0),
  },
}

/** Worlds with a steady win rate whose bills begin to come later: an old bid is billed more often than was learned. */
export const SLOWER: Record<string, World> = {
  'come slowly, which came at once': {
    ...STEADY,
    hours: 2,
    billMs: (random, atMs) => random() * (atMs < 3_600_000 ? 4_000 : TTL_MS - 1_000),
  },
  'wait for half a minute, every ten minutes': {
    ...STEADY,
    hours: 2,
    billMs: (random, atMs) => {
      const billMs = random() * 4_000
      const phase = (atMs + billMs) % 600_000
      return phase < 30_000 ? billMs + 30_000 - phase : billMs
    },
  },
  'become slower and faster again': {
    ...STEADY,
    hours: 2,
    billMs: (random, atMs) => random() * (TTL_MS - 1_000) * (0.55 + 0.45 * Math.sin(atMs / 200_000)),
  },
  'of a minute come at once': { ...STEADY, billMs: (_, atMs) => 60_000 - ((atMs + 500) % 60_000) },
}

/** Worlds in which bids win more often, or less, than they did. */
export const DRIFTING: Record<string, World> = {
  'rises slowly': { ...STEADY, winRate: (atMs) => 0.05 + 0.2 * (atMs / 3_600_000) },
  swings: { ...STEADY, winRate: (atMs) => 0.1 + 0.06 * Math.sin(atMs / 240_000) },
  'doubles at once': { ...STEADY, winRate: (atMs) => (atMs < 1_900_000 ? 0.06 : 0.12) },
}

/** Fails where the limit is exceeded in this world, or the reserve was never in this mode. */
export function expectWithinLimit(world: World, seed: number, mode: string): void {
  const { peak, modes } = live(world, seed)
  expect({ seed, isOver: peak > (world.limit ?? LIMIT) }).toEqual({ seed, isOver: false })
  expect(modes).toContain(mode)
}
