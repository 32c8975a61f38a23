import { type Micros, micros, ZERO } from '../../money.ts'
import { type BudgetManager, type OwnerMail, StoreUnavailable } from '../../shield/index.ts'
import { bidId } from './bid-ids.ts'
import {
  contradictLoss,
  costOf,
  lose,
  type NoticeDeps,
  type NoticeQuery,
  recordWin,
  repeated,
  result,
  type Settlement,
} from './notice.ts'
import { type Notice, writeLetter } from './notice-letter.ts'
import type { NoticeToken } from './notice-token.ts'
import { isHigher } from './seen-bids.ts'

export interface ElsewhereDeps extends NoticeDeps {
  /** How other owners are reached; undefined where there are no others. */
  readonly mail: OwnerMail | undefined
  readonly bill: BudgetManager['bill']
}

export interface Elsewhere {
  readonly settlement: Settlement
  /** Micros of it that a budget had no room for. */
  readonly overdraft: Micros
}

/**
 * Settles a genuine notice of another owner's bid. A living owner gets it by mail, since only there the hold can end; a bill
 * for a bid of a gone one is booked here, against what it forfeited, once whoever books it. Rejects with
 * {@link StoreUnavailable} when nobody could be told; the same notice again does no harm.
 *
 * @param isLetter it came by mail, and is not sent on
 */
export async function settleElsewhere(
  deps: ElsewhereDeps,
  notice: Notice,
  isLetter = false,
): Promise<Elsewhere> {
  const { mail } = deps
  const { kind, token, query } = notice
  const send = async (): Promise<Elsewhere> => {
    if (isLetter || !mail) throw new StoreUnavailable(`${token.owner} lives and could not be told`)
    await mail.send(token.owner, writeLetter(notice))
    return plain(result(deps, token, 'elsewhere'))
  }
  if (!isLetter && (await mail?.lives(token.owner))) return send()
  if (kind === 'loss') return plain(lose(deps, token, query))
  if (kind === 'win' && token.billOn !== 'win') return plain(recordWin(deps, token))
  return (await bill(deps, token, query)) ?? send()
}

/** Undefined where the store knows that the owner lives, although nobody has heard of it. */
async function bill(
  deps: ElsewhereDeps,
  token: NoticeToken,
  query: NoticeQuery,
): Promise<Elsewhere | undefined> {
  const { owner, seq, held, campaign } = token
  const { form, spent } = costOf(deps, token, query)
  let known = deps.seen.billed(owner, seq, held)
  if (known === undefined || isHigher(spent, known, held)) {
    const noted = await deps.mail?.settledAt(owner, seq)
    if (noted !== undefined) known = Math.max(known ?? 0, Math.min(held, noted))
    if (known !== undefined) deps.seen.bill(owner, seq, held, known)
  }
  if (known !== undefined && !isHigher(spent, known, held))
    return plain(result(deps, token, repeated(known, spent)))
  const before = micros(known ?? 0)
  const billed = await deps.bill(owner, bidId(owner, seq), deps.scopesOf(campaign), spent, before)
  if (billed.is === 'alive') return undefined
  const contradicts = known === undefined && contradictLoss(deps, token)
  // Only now: a bill that could not be booked must be told from one that was.
  deps.seen.bill(owner, seq, held, spent)
  if (billed.is === 'already') return plain(result(deps, token, 'duplicate', { price: form, contradicts }))
  const isFirst = known === undefined && billed.amount === spent
  return {
    settlement: result(deps, token, isFirst ? 'settled_late' : 'raised', {
      spent: billed.amount,
      price: form,
      contradicts,
    }),
    overdraft: billed.overdraft,
  }
}

const plain = (settlement: Settlement): Elsewhere => ({ settlement, overdraft: ZERO })
