import { type Micros, micros, ZERO } from '../../../money.ts'
import type { Scope } from '../../../shield/index.ts'
import type { Clock } from '../../../time/clock.ts'
import type { AuctionBudget } from './auction-budget.ts'
import { bidId } from './bid-ids.ts'
import { type PriceForm, readClearingPrice } from './clearing-price.ts'
import type { EncryptedPrices } from './encrypted-price.ts'
import type { LossTrust } from './loss-trust.ts'
import type { NoticeKind, NoticeToken } from './notice-token.ts'
import { costAtClearing, type Rates } from './price.ts'
import { isHigher, LOST, type SeenBids, WON } from './seen-bids.ts'

/** Query of a notice address, as the exchange filled it in. */
export interface NoticeQuery {
  readonly price: string | undefined
  readonly currency: string | undefined
  /** Loss code of the specification. */
  readonly loss: string | undefined
  /** The lowest price that would have won. */
  readonly lowest?: string | undefined
}

export interface NoticeDeps {
  readonly clock: Clock
  readonly auctionBudget: Pick<AuctionBudget, 'settle' | 'release' | 'openHold' | 'addSpend'>
  readonly seen: SeenBids
  /** Decides how far the losses of each seat are believed. */
  readonly trust: { of(seat: string): LossTrust; contradict(seat: string, amount: number): void }
  readonly rates: Rates
  /** How the exchange of a seat encrypts prices; undefined where they are plain. */
  encryptedPricesOf(seat: string): EncryptedPrices | undefined
  /** Owner of this process's bids. */
  readonly owner: string
  /** The scopes that pay for a campaign; also for a campaign that no longer exists. */
  scopesOf(campaign: string): readonly Scope[]
}

/**
 * Result of a notice.
 * - `settled`: the hold became spend. What a bill below the bid leaves of the hold stays held until its time is over.
 * - `settled_late`: the hold was no longer open; the money is booked as spend all the same.
 * - `released`: a loss freed the hold.
 * - `doubted`: a loss did not free the hold, because losses of the seat have proved false; it stays held until its time
 *   is over.
 * - `recorded`: moves no money: a win where billing pays, a loss with the code "won", a loss of a bid no longer held.
 * - `raised`: billed before at a lower price; the difference is booked too. Whoever sees a billing address can bill
 *   before the exchange does, so a low price never blocks the real one.
 * - `duplicate`: a repetition. `duplicate_other_price`: billed before at a higher price, which stands.
 * - `contradicted`: a loss of a bid that was won or billed; the win stands.
 * - `too_old`: too old to be told from a repetition; moves nothing and has to be counted.
 * - `test`: a test bid, never billed.
 * - `elsewhere`: another owner's bid; nothing was done in this process.
 */
export type SettlementKind =
  | 'settled'
  | 'settled_late'
  | 'released'
  | 'doubted'
  | 'recorded'
  | 'raised'
  | 'duplicate'
  | 'duplicate_other_price'
  | 'contradicted'
  | 'too_old'
  | 'test'
  | 'elsewhere'

export interface Settlement {
  readonly is: SettlementKind
  /** Micros that this notice turned into spend. */
  readonly spent: Micros
  /** Form in which the price was given; undefined where no price was read. */
  readonly price: PriceForm | undefined
  /** Loss code of the specification; undefined where none was given. */
  readonly lossCode: number | undefined
  /** Whether this notice shows that an earlier loss of the bid was false. */
  readonly contradicts: boolean
  /** Milliseconds from the bid to this notice, by the wall clock. */
  readonly delayMs: number
}

/**
 * Settles a verified notice of a bid of this process; see `settle-elsewhere.ts` for bids of other owners. Notices of
 * one bid, in any order and number, move the amount of the highest bill, once. A win overrules a loss: a loss before it
 * does not stop the bill, and a loss after it frees nothing.
 */
export function settleNotice(
  deps: NoticeDeps,
  kind: NoticeKind,
  token: NoticeToken,
  query: NoticeQuery,
): Settlement {
  if (token.held === 0) return result(deps, token, 'test')
  if (token.owner !== deps.owner) return result(deps, token, 'elsewhere')
  if (kind === 'billing' || (kind === 'win' && token.billOn === 'win')) return bill(deps, token, query)
  return kind === 'win' ? recordWin(deps, token) : lose(deps, token, query)
}

function bill(deps: NoticeDeps, token: NoticeToken, query: NoticeQuery): Settlement {
  const { owner, seq, held } = token
  const { form, spent } = costOf(deps, token, query)
  const before = deps.seen.billed(owner, seq, held)
  if (deps.seen.bill(owner, seq, held, spent) === 'forgotten') return result(deps, token, 'too_old')
  if (before === undefined) {
    const contradicts = contradictLoss(deps, token)
    const is = book(deps, token, spent)
    return result(deps, token, is, { spent: is === 'duplicate' ? ZERO : spent, price: form, contradicts })
  }
  if (!isHigher(spent, before, held)) return result(deps, token, repeated(before, spent))
  const more = raise(deps, token, before, spent)
  return result(deps, token, 'raised', { spent: more, price: form })
}

/** Books the difference to an earlier, lower bill; from the bid's own hold while that is open. */
function raise(
  { auctionBudget, seen, scopesOf }: NoticeDeps,
  token: NoticeToken,
  before: number,
  spent: Micros,
) {
  const { owner, seq, held, campaign } = token
  const hold = auctionBudget.openHold(seq)
  if (hold) {
    const more = micros(spent - hold.spent)
    const ending = auctionBudget.settle(seq, more)
    if (ending === 'settled' || ending === 'settled_late') return more
  }
  // Computed from stored amount to stored amount, so that what rounding left out is not booked twice.
  const more = micros((seen.billed(owner, seq, held) ?? before) - before)
  auctionBudget.addSpend(`${bidId(owner, seq)} ${spent}`, scopesOf(campaign), more)
  return more
}

/** Amount of a bill in micros, at most what is held for the bid. */
export function costOf({ rates, encryptedPricesOf }: NoticeDeps, token: NoticeToken, query: NoticeQuery) {
  const encrypted = encryptedPricesOf(token.seat)
  const { form, cpm } = readClearingPrice(token, query.price, query.currency, rates, encrypted)
  return { form, spent: costAtClearing(token.held, token.price, cpm) }
}

/** Result of a bill that is not higher than the earlier one. */
export const repeated = (before: number, spent: number): 'duplicate' | 'duplicate_other_price' =>
  spent < before ? 'duplicate_other_price' : 'duplicate'

function book({ auctionBudget, scopesOf }: NoticeDeps, token: NoticeToken, spent: Micros): SettlementKind {
  const { seq, campaign } = token
  const ending = auctionBudget.settle(seq, spent)
  if (ending === 'settled' || ending === 'settled_late') return ending
  if (ending !== 'unknown') return 'duplicate'
  const booked = auctionBudget.addSpend(bidId(token.owner, seq), scopesOf(campaign), spent)
  return booked === 'settled' ? 'settled_late' : 'duplicate'
}

export function recordWin(deps: NoticeDeps, token: NoticeToken): Settlement {
  const { owner, seq, seat, held } = token
  const isBilled = deps.seen.billed(owner, seq, held) !== undefined
  const seen = deps.seen.mark(owner, seq, WON)
  if (seen !== 'first') return result(deps, token, seen === 'again' ? 'duplicate' : 'too_old')
  if (isBilled || !deps.seen.has(owner, seq, LOST)) return result(deps, token, 'recorded')
  deps.trust.contradict(seat, held)
  return result(deps, token, 'recorded', { contradicts: true })
}

/**
 * Called with the first bill of a bid. Returns whether a loss of it was reported before, that no win has contradicted
 * yet, and adds the contradiction to the tally.
 */
export function contradictLoss(
  { seen, trust }: NoticeDeps,
  { owner, seq, seat, held }: NoticeToken,
): boolean {
  if (!seen.has(owner, seq, LOST) || seen.has(owner, seq, WON)) return false
  trust.contradict(seat, held)
  return true
}

/** Loss code 0 means "won" and may come in a loss notice. */
export const WON_CODE = 0

/** The loss code in the query of a loss notice; undefined where it has none. */
export const lossCodeOf = ({ loss = '' }: NoticeQuery): number | undefined =>
  /^\d{1,6}$/.test(loss) ? Number(loss) : undefined

export function lose(deps: NoticeDeps, token: NoticeToken, query: NoticeQuery): Settlement {
  const { owner, seq, seat, held } = token
  const lossCode = lossCodeOf(query)
  if (lossCode === WON_CODE) return result(deps, token, 'recorded', { lossCode })
  const isFirst = deps.seen.mark(owner, seq, LOST) === 'first'
  if (deps.seen.has(owner, seq, WON) || deps.seen.billed(owner, seq, held) !== undefined) {
    if (isFirst) deps.trust.contradict(seat, held)
    return result(deps, token, 'contradicted', { lossCode, contradicts: isFirst })
  }
  const hold = owner === deps.owner ? deps.auctionBudget.openHold(seq) : undefined
  if (!hold || !isFirst) return result(deps, token, 'recorded', { lossCode })
  if (!deps.trust.of(seat).frees(held, hold.expiresAtMs)) return result(deps, token, 'doubted', { lossCode })
  return result(deps, token, deps.auctionBudget.release(seq) === 'released' ? 'released' : 'recorded', {
    lossCode,
  })
}

export function result(
  deps: NoticeDeps,
  token: NoticeToken,
  is: SettlementKind,
  more?: Partial<Settlement>,
): Settlement {
  const delayMs = Math.max(0, deps.clock.nowMs() - token.issuedMs)
  return {
    ...{ is, spent: ZERO, price: undefined, lossCode: undefined, contradicts: false, delayMs },
    ...more,
  }
}
