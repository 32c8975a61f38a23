import type { Clock } from '../../clock.ts'
import { type Micros, micros, ZERO } from '../../money.ts'
import type { Scope } from '../../shield/index.ts'
import { bidId } from './bid-ids.ts'
import { type PriceForm, readClearingPrice } from './clearing-price.ts'
import type { BidLedger } from './ledger.ts'
import type { LossTrust } from './loss-trust.ts'
import type { NoticeKind, NoticeToken } from './notice-token.ts'
import { costAtClearing, type Rates } from './price.ts'
import { isHigher, LOST, type SeenBids, WON } from './seen-bids.ts'

/** The query of a notice address, as the exchange filled it in. */
export interface NoticeQuery {
  readonly price: string | undefined
  readonly currency: string | undefined
  /** Loss code. */
  readonly loss: string | undefined
}

export interface NoticeDeps {
  readonly clock: Clock
  readonly ledger: Pick<BidLedger, 'settle' | 'release' | 'openHold' | 'addSpend'>
  readonly seen: SeenBids
  /** How far the losses of a seat are believed. */
  readonly trust: { of(seat: string): LossTrust; contradict(seat: string, amount: number): void }
  readonly rates: Rates
  /** The owner of this process's bids. */
  readonly owner: string
  /** The scopes that pay for a campaign, also for one that no longer exists. */
  scopesOf(campaign: string): readonly Scope[]
}

/**
 * What a notice came to.
 *
 * - `settled`: the hold became spend. `settled_late`: there was no open hold any more; the money is booked all the same.
 * - `released`: a loss freed the hold. `doubted`: it did not, since losses of the seat have proved false: the hold stays until
 *   its time is over.
 * - `recorded`: it moves no money: a win where billing pays, a loss that says "won", a loss of what is no longer held.
 * - `raised`: billed before at a lower price; the difference is booked too. Whoever sees a billing address can bill ahead of
 *   the exchange, so a low price never keeps the real one out.
 * - `duplicate`: said before. `duplicate_other_price`: billed before at a higher price, which stands. `contradicted`: a loss for a bid that was won or billed; the win stands.
 * - `too_old`: so old that it cannot be told from a repetition; nothing moves. Count it.
 * - `test`: a bid of a test, never billed.
 * - `elsewhere`: the bid is another owner's; nothing was done here.
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
  /** Micros that became spend by this notice. */
  readonly spent: Micros
  /** How the price was given; undefined where no price was read. */
  readonly price: PriceForm | undefined
  /** Why the bid lost, by the specification's list; undefined where it was not said. */
  readonly lossCode: number | undefined
  /** By this notice it came out that a loss of the bid was not true. */
  readonly contradicts: boolean
  /** From the bid to this notice, by the wall clock. */
  readonly delayMs: number
}

/**
 * Settles one genuine notice of a bid of this process; see `settle-elsewhere.ts` for those of others. Any order and any number of notices of one bid move as much as the highest bill, and once. A win is
 * authoritative: a loss before it does not stop the bill, and a loss after it frees nothing.
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
  const { owner, seq, held, campaign } = token
  const { form, spent } = costOf(deps, token, query)
  const before = deps.seen.billed(owner, seq, held)
  if (deps.seen.bill(owner, seq, held, spent) === 'forgotten') return result(deps, token, 'too_old')
  if (before === undefined) {
    const contradicts = contradictLoss(deps, token)
    const is = book(deps, token, spent)
    return result(deps, token, is, { spent: is === 'duplicate' ? ZERO : spent, price: form, contradicts })
  }
  if (!isHigher(spent, before, held)) return result(deps, token, repeated(before, spent))
  // From what is remembered to what is remembered from now on: what rounding left out of one does not count again in the next.
  const more = micros((deps.seen.billed(owner, seq, held) ?? before) - before)
  deps.ledger.addSpend(`${bidId(owner, seq)} ${spent}`, deps.scopesOf(campaign), more)
  return result(deps, token, 'raised', { spent: more, price: form })
}

/** What a bill comes to, in micros, at most what is held for the bid. */
export function costOf({ rates }: NoticeDeps, token: NoticeToken, query: NoticeQuery) {
  const { form, cpm } = readClearingPrice(token, query.price, query.currency, rates)
  return { form, spent: costAtClearing(token.held, token.price, cpm) }
}

/** A bill that moves nothing: the one of before, or a lower one. */
export const repeated = (before: number, spent: number): 'duplicate' | 'duplicate_other_price' =>
  spent < before ? 'duplicate_other_price' : 'duplicate'

function book({ ledger, scopesOf }: NoticeDeps, token: NoticeToken, spent: Micros): SettlementKind {
  const { seq, campaign } = token
  const ending = ledger.settle(seq, spent)
  if (ending === 'settled' || ending === 'settled_late') return ending
  if (ending !== 'unknown') return 'duplicate'
  const booked = ledger.addSpend(bidId(token.owner, seq), scopesOf(campaign), spent)
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

/** A bid is billed for the first time: whether a loss of it was told, which no win has contradicted before. */
export function contradictLoss(
  { seen, trust }: NoticeDeps,
  { owner, seq, seat, held }: NoticeToken,
): boolean {
  if (!seen.has(owner, seq, LOST) || seen.has(owner, seq, WON)) return false
  trust.contradict(seat, held)
  return true
}

/** Loss code 0 is "won" and may come in a loss notice. */
const WON_CODE = 0

export function lose(deps: NoticeDeps, token: NoticeToken, query: NoticeQuery): Settlement {
  const { owner, seq, seat, held } = token
  const lossCode = /^\d{1,6}$/.test(query.loss ?? '') ? Number(query.loss) : undefined
  if (lossCode === WON_CODE) return result(deps, token, 'recorded', { lossCode })
  const isFirst = deps.seen.mark(owner, seq, LOST) === 'first'
  if (deps.seen.has(owner, seq, WON) || deps.seen.billed(owner, seq, held) !== undefined) {
    if (isFirst) deps.trust.contradict(seat, held)
    return result(deps, token, 'contradicted', { lossCode, contradicts: isFirst })
  }
  const hold = owner === deps.owner ? deps.ledger.openHold(seq) : undefined
  if (!hold || !isFirst) return result(deps, token, 'recorded', { lossCode })
  if (!deps.trust.of(seat).frees(held, hold.expiresAtMs)) return result(deps, token, 'doubted', { lossCode })
  return result(deps, token, deps.ledger.release(seq) === 'released' ? 'released' : 'recorded', { lossCode })
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
