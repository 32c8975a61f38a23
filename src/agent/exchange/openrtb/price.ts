import { MAX_MICROS, type Micros } from '../../../money.ts'
import type { Floor } from './imp.ts'

/** Configured rates: units of each currency that one unit of a common base is worth. */
export type Rates = ReadonlyMap<string, number>

const MICROS_PER_UNIT = 1_000_000
/** Impressions that a CPM is for. */
const PER_MILLE = 1000

/** Factor that converts an amount in `from` into `to`; undefined without a rate for both. */
export function rateBetween(rates: Rates, from: string, to: string): number | undefined {
  if (from === to) return 1
  const fromRate = rates.get(from)
  const toRate = rates.get(to)
  return fromRate === undefined || toRate === undefined ? undefined : toRate / fromRate
}

/** Currency of a whole response, and the factor that converts our own money into it. */
export interface BidCurrency {
  readonly code: string
  readonly rate: number
}

/** Chooses our own currency where the request accepts it, else the first accepted one that has a rate. */
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
 * Lowest CPM for a creative, in units of the floor's currency. Floors per second or by length replace the plain floor
 * (implementation guide 7.11).
 * @param seconds length of the creative; 0 for one without a length
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
 * Price for an offer; undefined below the floor. A price is a multiple of 1000, so that one impression costs whole
 * micros. Only where that falls below the floor, the price is the floor itself, rounded up to the next micro.
 * @param worth CPM micros in the bid's currency
 * @param floor CPM units in the bid's currency
 */
export function priceFor(worth: number, floor: number): number | undefined {
  const price = plainPrice(worth)
  if (price > 0 && price / MICROS_PER_UNIT >= floor) return price
  const least = agreedPrice(floor)
  return least > 0 && worth >= least ? least : undefined
}

/** The price of an offer where there is no floor. A floor can only raise it. */
export const plainPrice = (worth: number): number => Math.floor(worth / PER_MILLE) * PER_MILLE

/** CPM micros of an agreed price in units; digits below a micro are rounded up. */
export function agreedPrice(units: number): number {
  const nearest = Math.round(units * MICROS_PER_UNIT)
  return nearest / MICROS_PER_UNIT >= units ? nearest : nearest + 1
}

/**
 * The most that winning can cost, in micros of our own currency: price / 1000 × multiplier, rounded up. Undefined when
 * it exceeds the largest amount.
 * @param rate see {@link BidCurrency}
 */
export function costOf(price: number, rate: number, multiplier: number): Micros | undefined {
  const cost = Math.ceil((price * multiplier) / PER_MILLE / rate)
  return cost <= MAX_MICROS ? (cost as Micros) : undefined
}

/**
 * Cost of a bid at the clearing price, in micros: `held × clearing / price`, rounded up in exact integers. At the full
 * price it equals the hold, and it never exceeds the hold while `clearing` does not exceed `price`.
 */
export function costAtClearing(held: Micros, price: number, clearing: number): Micros {
  if (clearing >= price) return held
  const product = held * clearing
  if (Number.isSafeInteger(product)) return Math.ceil(product / price) as Micros
  const [of, per] = [BigInt(held) * BigInt(clearing), BigInt(price)]
  return Number((of + per - 1n) / per) as Micros
}
