import { readCpm } from './clearing-price.ts'
import type { EncryptedPrices } from './encrypted-price.ts'
import type { NoticeKind, NoticeToken } from './notice-token.ts'
import { type Rates, rateBetween } from './price.ts'
import { lossCodeOf, type NoticeQuery, WON_CODE } from './settle-notice.ts'

/** What a notice says of the price that an auction was won for. */
export interface Heard {
  /** `unfit` where another price would have changed nothing. */
  readonly fate: 'won' | 'lost' | 'unfit'
  /** The lowest price that would have won, in CPM units of the budgets' currency; undefined where it was not told. */
  readonly lowest: number | undefined
}

interface HeardDeps {
  readonly rates: Rates
  /** Of the budgets. */
  readonly currency: string
  encryptedPricesOf(seat: string): EncryptedPrices | undefined
}

/** Losses that a higher price would have turned: below the floor of the auction or of the deal, and lost to a higher bid. */
const LOST_BY_PRICE: ReadonlySet<number> = new Set([100, 101, 102])
const MICROS_PER_UNIT = 1_000_000

/**
 * Reads what a notice says: that the bid won, or lost by its price, and the lowest price that would have won, where the exchange
 * gives it in `${AUCTION_MIN_TO_WIN}` or as the price of a lost auction.
 */
export function heardIn(deps: HeardDeps, kind: NoticeKind, token: NoticeToken, query: NoticeQuery): Heard {
  const code = kind === 'loss' ? lossCodeOf(query) : undefined
  const isWon = kind !== 'loss' || code === WON_CODE
  if (!isWon && code !== undefined && !LOST_BY_PRICE.has(code)) return { fate: 'unfit', lowest: undefined }
  return { fate: isWon ? 'won' : 'lost', lowest: lowestIn(deps, isWon, token, query) }
}

function lowestIn(
  { rates, currency, encryptedPricesOf }: HeardDeps,
  isWon: boolean,
  token: NoticeToken,
  query: NoticeQuery,
): number | undefined {
  // By the specification in the currency of the bid.
  const told = readCpm(token, query.lowest, undefined, rates, undefined)
  // What a winner pays in a first-price auction is its own bid.
  const paid = isWon
    ? undefined
    : readCpm(token, query.price, query.currency, rates, encryptedPricesOf(token.seat))
  const lowest = typeof told === 'number' ? told : paid
  const rate = rateBetween(rates, token.currency, currency)
  return typeof lowest === 'number' && rate !== undefined ? (lowest / MICROS_PER_UNIT) * rate : undefined
}
