import { type Micros, micros, ZERO } from '../../../money.ts'
import { type BudgetManager, type OwnerMessages, StoreUnavailable } from '../../../shield/index.ts'
import { bidId } from './bid-ids.ts'
import { type Notice, writeMessage } from './notice-message.ts'
import type { NoticeToken } from './notice-token.ts'
import { isHigher } from './seen-bids.ts'
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
} from './settle-notice.ts'

export interface ElsewhereDeps extends NoticeDeps {
  /** Sends notices to other owners; undefined where there are no other owners. */
  readonly ownerMessages: OwnerMessages | undefined
  readonly bill: BudgetManager['bill']
}

export interface Elsewhere {
  readonly settlement: Settlement
  /** Micros of the spend that a budget had no room for. */
  readonly overdraft: Micros
}

/**
 * Settles a verified notice for a bid that another owner made. If that owner is alive, it is sent the notice as a
 * message, because it has the hold. If it is gone, a bill is booked here against the money it forfeited; the store books
 * each bill once, whichever process sends it. Rejects with {@link StoreUnavailable} when neither is possible; repeating
 * the notice is safe.
 * @param isMessage whether the notice came as an owner's message; it is then not sent on
 */
export async function settleElsewhere(
  deps: ElsewhereDeps,
  notice: Notice,
  isMessage = false,
): Promise<Elsewhere> {
  const { ownerMessages } = deps
  const { kind, token, query } = notice
  const send = async (): Promise<Elsewhere> => {
    if (isMessage || !ownerMessages)
      throw new StoreUnavailable(`the owner ${token.owner} is alive and cannot be told`)
    await ownerMessages.send(token.owner, writeMessage(notice))
    return plain(result(deps, token, 'elsewhere'))
  }
  if (!isMessage && (await ownerMessages?.lives(token.owner))) return send()
  if (kind === 'loss') return plain(lose(deps, token, query))
  if (kind === 'win' && token.billOn !== 'win') return plain(recordWin(deps, token))
  return (await bill(deps, token, query)) ?? send()
}

/** Books a bill. Returns undefined if the store still has a lease for the owner, although the registry does not list it. */
async function bill(
  deps: ElsewhereDeps,
  token: NoticeToken,
  query: NoticeQuery,
): Promise<Elsewhere | undefined> {
  const { owner, seq, held, campaign } = token
  const { form, spent } = costOf(deps, token, query)
  let known = deps.seen.billed(owner, seq, held)
  if (known === undefined || isHigher(spent, known, held)) {
    const noted = await deps.ownerMessages?.settledAt(owner, seq)
    if (noted !== undefined) known = Math.max(known ?? 0, Math.min(held, noted))
    if (known !== undefined) deps.seen.bill(owner, seq, held, known)
  }
  if (known !== undefined && !isHigher(spent, known, held))
    return plain(result(deps, token, repeated(known, spent)))
  const before = micros(known ?? 0)
  const billed = await deps.bill(owner, bidId(owner, seq), deps.scopesOf(campaign), spent, before)
  if (billed.is === 'alive') return undefined
  const contradicts = known === undefined && contradictLoss(deps, token)
  // Noted after the booking: if booking fails, the exchange repeats the bill and it must not look like a repetition.
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
