import { every } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Agent } from './agent.ts'
import type { Bidder } from './bidder.ts'
import type { CountNotice } from './notice-counts.ts'
import { type Notice, readLetter, type Settlement, settleElsewhere, settleNotice } from './openrtb/index.ts'

/** Where every notice of this process is settled and counted, whether it came from an exchange or by mail. */
export interface NoticeDesk {
  /**
   * True once the notice is settled, booked, or in the box of its bid's owner, and a restart will know of it; false when
   * nobody could be told, or that cannot be recorded: it should be sent again. What could not be told is kept and tried
   * again here too.
   */
  take(notice: Notice): boolean | Promise<boolean>
  close(): void
}

/** Notices that wait for the store; with more the exchange alone has to repeat them. */
const MAX_KEPT = 10_000
const RETRY_MS = 1_000

export function createNoticeDesk(
  { clock, log, budget }: Pick<Agent, 'clock' | 'log' | 'budget'>,
  { notices, noticesKept, tokens }: Pick<Bidder, 'notices' | 'noticesKept' | 'tokens'>,
  count: CountNotice,
): NoticeDesk {
  const kept = new Map<string, Notice>()

  const settleHere = (notice: Notice): void => {
    const { kind, token, query } = notice
    const scopes = notices.scopesOf(token.campaign)
    const before = scopes.map(({ overdraft }) => overdraft)
    const settled = settleNotice(notices, kind, token, query)
    // Whether a bill was overdrawn, the store says; it is one bill in all its scopes. Bills told together may be taken for
    // each other's, but only where all of them are overdrawn.
    const countOverdraft = () => {
      const overdrawn = Math.max(0, ...scopes.map(({ overdraft }, i) => overdraft - (before[i] ?? 0)))
      if (overdrawn > 0) count({ is: 'overdrawn', seat: token.seat, amount: overdrawn })
    }
    const isUnheld = settled.is === 'settled_late' || settled.is === 'raised'
    const told = settled.spent > 0 && isUnheld ? budget.refresh(scopes) : undefined
    if (told) told.then(countOverdraft)
    else countOverdraft()
    if (isUnheld || settled.is === 'settled') noteSettled(notice, settled)
    heard(notice, settled)
  }

  const noteSettled = ({ token: { owner, seq, held } }: Notice, { is }: Settlement): void => {
    const amount = notices.seen.billed(owner, seq, held)
    // Nearly all bids cost what was bid, which takes the least space.
    const isPlain = is !== 'raised' && amount === held
    notices.mail?.noteSettled(owner, seq, isPlain ? undefined : amount)
  }

  const settleThere = async (notice: Notice, isLetter?: boolean): Promise<void> => {
    const { settlement, overdraft } = await settleElsewhere(notices, notice, isLetter)
    if (overdraft > 0) count({ is: 'overdrawn', seat: notice.token.seat, amount: overdraft })
    heard(notice, settlement)
  }

  const heard = (
    { kind, token: { seat } }: Notice,
    { is, price, lossCode, contradicts, delayMs }: Settlement,
  ): void => count({ is: 'heard', seat, kind, settlement: { is, price, lossCode, contradicts, delayMs } })

  const keep = (notice: Notice, error: unknown): void => {
    const { kind, token } = notice
    if (kept.size === 0) log.warn({ detail: messageOf(error) }, 'notices wait for the budget store')
    count({ is: 'kept', seat: token.seat, kind })
    if (kept.size < MAX_KEPT) kept.set(`${kind} ${notice.text}`, notice)
  }

  let retrying = false
  const retry = async () => {
    for (const [name, notice] of kept) {
      await settleThere(notice)
      kept.delete(name)
    }
  }
  const stopRetrying = every(clock, RETRY_MS, () => {
    if (retrying || kept.size === 0) return
    retrying = true
    // Still away: the next round goes on where this one ended.
    retry()
      .catch(() => undefined)
      .finally(() => {
        retrying = false
      })
  })

  const isOurs = ({ token }: Notice) => token.owner === notices.owner || token.held === 0
  const stopReceiving = notices.mail?.receive(notices.owner, (letter) => {
    const notice = readLetter(tokens, letter)
    if (!notice) count({ is: 'forged' })
    else if (isOurs(notice)) settleHere(notice)
    else return settleThere(notice, true).then(noticesKept)
    return noticesKept()
  })

  /** Whether what was settled will be known after a restart. */
  const recorded = (): boolean | Promise<boolean> => {
    const kept = noticesKept()
    if (!kept) return true
    return kept.then(
      () => true,
      () => false,
    )
  }

  return {
    take(notice) {
      if (!isOurs(notice)) {
        return settleThere(notice).then(recorded, (error) => {
          keep(notice, error)
          return false
        })
      }
      settleHere(notice)
      return recorded()
    },
    close() {
      stopRetrying()
      stopReceiving?.()
    },
  }
}
