import type { Clock } from '../../clock.ts'
import { type Micros, ZERO } from '../../money.ts'
import type { Scope } from '../../shield/index.ts'
import { bidId } from './bid-ids.ts'
import { type PriceForm, readClearingPrice } from './clearing-price.ts'
import type { BidLedger } from './ledger.ts'
import type { NoticeKind, NoticeToken } from './notice-token.ts'
import { costAtClearing, type Rates } from './price.ts'
import { BILLED, type SeenBids, WON } from './seen-bids.ts'

/** The query of a notice address, as the exchange filled it in. */
export interface NoticeQuery {
  readonly price: string | undefined
  readonly currency: string | undefined
  /** Loss code. */
  readonly loss: string | undefined
}

export interface NoticeDeps {
  readonly clock: Clock
  readonly ledger: Pick<BidLedger, 'settle' | 'release' | 'addSpend' | 'spentOn'>
  readonly seen: SeenBids
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
 * - `released`: a loss freed the hold.
 * - `recorded`: it moves no money: a win where billing pays, a loss that says "won", a loss of what is no longer held.
 * - `duplicate`: said before. `duplicate_other_price`: billed before at another price, which stands. `contradicted`: a loss for a bid that was won or billed; the win stands.
 * - `too_old`: so old that it cannot be told from a repetition; nothing moves. Count it.
 * - `test`: a bid of a test, never billed.
 * - `elsewhere`: the bid is another owner's; nothing was done here.
 */
export type SettlementKind =
  | 'settled'
  | 'settled_late'
  | 'released'
  | 'recorded'
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
  /** From the bid to this notice, by the wall clock. */
  readonly delayMs: number
}

/**
 * Settles one genuine notice of a bid of this process; see `settle-elsewhere.ts` for those of others. Any order and any number of notices of one bid move its money at most once. A win is
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
  const seen = deps.seen.mark(token.owner, token.seq, BILLED)
  if (seen === 'forgotten') return result(deps, token, 'too_old')
  const price = readClearingPrice(token, query.price, query.currency, deps.rates)
  const spent = costAtClearing(token.held, token.price, price.cpm)
  if (seen === 'again') {
    const first = deps.ledger.spentOn(token.seq)
    const differs = first !== undefined && first !== spent
    return result(deps, token, differs ? 'duplicate_other_price' : 'duplicate')
  }
  const is = book(deps, token, spent)
  return result(deps, token, is, { spent: is === 'duplicate' ? ZERO : spent, price: price.form })
}

function book({ ledger, scopesOf }: NoticeDeps, token: NoticeToken, spent: Micros): SettlementKind {
  const { seq, campaign } = token
  const ending = ledger.settle(seq, spent)
  if (ending === 'settled' || ending === 'settled_late') return ending
  if (ending !== 'unknown') return 'duplicate'
  const booked = ledger.addSpend(bidId(token.owner, seq), scopesOf(campaign), spent)
  return booked === 'settled' ? 'settled_late' : 'duplicate'
}

export function recordWin(deps: NoticeDeps, token: NoticeToken): Settlement {
  const seen = deps.seen.mark(token.owner, token.seq, WON)
  return result(deps, token, seen === 'first' ? 'recorded' : seen === 'again' ? 'duplicate' : 'too_old')
}

/** Loss code 0 is "won" and may come in a loss notice. */
const WON_CODE = 0

export function lose(deps: NoticeDeps, token: NoticeToken, query: NoticeQuery): Settlement {
  const { owner, seq } = token
  const lossCode = /^\d{1,6}$/.test(query.loss ?? '') ? Number(query.loss) : undefined
  if (lossCode === WON_CODE) return result(deps, token, 'recorded', { lossCode })
  if (deps.seen.has(owner, seq, WON) || deps.seen.has(owner, seq, BILLED)) {
    return result(deps, token, 'contradicted', { lossCode })
  }
  const ending = owner === deps.owner ? deps.ledger.release(seq) : 'unknown'
  return result(deps, token, ending === 'released' ? 'released' : 'recorded', { lossCode })
}

export function result(
  deps: NoticeDeps,
  token: NoticeToken,
  is: SettlementKind,
  more?: Partial<Settlement>,
): Settlement {
  const delayMs = Math.max(0, deps.clock.nowMs() - token.issuedMs)
  return { is, spent: ZERO, price: undefined, lossCode: undefined, delayMs, ...more }
}
