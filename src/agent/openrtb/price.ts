import { MAX_MICROS, type Micros } from '../../money.ts'
import type { Floor } from './imp.ts'

/** Units of each currency that one unit of a common base is worth, by configuration. */
export type Rates = ReadonlyMap<string, number>

const MICROS_PER_UNIT = 1_000_000
/** A CPM is for a thousand impressions. */
const PER_MILLE = 1000

/** What an amount in `from` is multiplied by to be in `to`; undefined without a rate for both. */
export function rateBetween(rates: Rates, from: string, to: string): number | undefined {
  if (from === to) return 1
  const fromRate = rates.get(from)
  const toRate = rates.get(to)
  return fromRate === undefined || toRate === undefined ? undefined : toRate / fromRate
}

/** The currency of a whole response, and what our own money is multiplied by to be in it. */
export interface BidCurrency {
  readonly code: string
  readonly rate: number
}

/** Our own currency where the request takes it, else the first it takes that we have a rate for. */
export function chooseCurrency(
  accepted: readonly string[],
  own: BidCurrency,
  rates: Rates,
): BidCurrency | undefined {
  if (accepted.includes(own.code)) return own
  for (const code of accepted) {
    const rate = rateBetween(rates, own.code, code)
    if (rate !== undefined) return { code, rate }
  }
  return undefined
}

/**
 * The lowest CPM for a creative, in units of the floor's currency. `seconds` is the creative's length, 0 for one
 * without. What is said of seconds or lengths replaces the plain floor (implementation guide 7.11).
 */
export function floorCpm(floor: Floor, seconds: number): number {
  if (seconds === 0) return floor.cpm
  if (floor.cpmPerSecond !== undefined) return floor.cpmPerSecond * seconds
  for (const { minSeconds, maxSeconds, cpm } of floor.byDuration) {
    if (seconds >= minSeconds && seconds <= maxSeconds) return cpm
  }
  return floor.cpm
}

/**
 * The price for an offer worth `worth`, both CPM micros of the bid's currency; undefined below the floor, which is in
 * units. A price is a multiple of 1000, so that one impression costs whole micros; only where that falls below the
 * floor is it the floor itself, to the next micro.
 */
export function priceFor(worth: number, floor: number): number | undefined {
  const price = Math.floor(worth / PER_MILLE) * PER_MILLE
  if (price > 0 && price / MICROS_PER_UNIT >= floor) return price
  const least = agreedPrice(floor)
  return least > 0 && worth >= least ? least : undefined
}

/** CPM micros of a price in units, rounded up where it has more than six decimals. */
export function agreedPrice(units: number): number {
  const nearest = Math.round(units * MICROS_PER_UNIT)
  return nearest / MICROS_PER_UNIT >= units ? nearest : nearest + 1
}

/**
 * What winning costs at most, in micros of our own currency, rounded up: price / 1000 × quantity. Undefined when it is
 * more than an amount can be.
 *
 * @param rate of {@link BidCurrency}
 */
export function costOf(price: number, rate: number, multiplier: number): Micros | undefined {
  const cost = Math.ceil((price * multiplier) / PER_MILLE / rate)
  return cost <= MAX_MICROS ? (cost as Micros) : undefined
}

/**
 * What a bid of `held` micros at `price` comes to at the clearing price: `held × clearing / price`, rounded up, so it
 * equals the hold at the full price and is never above it for a clearing price that is not. Exact in integers.
 */
export function costAtClearing(held: Micros, price: number, clearing: number): Micros {
  if (clearing >= price) return held
  const product = held * clearing
  if (Number.isSafeInteger(product)) return Math.ceil(product / price) as Micros
  const [of, per] = [BigInt(held) * BigInt(clearing), BigInt(price)]
  return Number((of + per - 1n) / per) as Micros
}
