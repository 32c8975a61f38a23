import { messageOf } from '../../errors.ts'
import { every } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import type { Bidder } from './bidder.ts'
import type { CountNotice } from './notice-counts.ts'
import {
  type Notice,
  type PriceForm,
  readMessage,
  type Settlement,
  settleElsewhere,
  settleNotice,
} from './openrtb/index.ts'

/** How soon a notice that could not be taken is tried again here, and may be repeated by the exchange, in milliseconds. */
export const RETRY_MS = 1_000

/** Why a notice was not taken: the store cannot be reached, or the result cannot be recorded. */
export type NoticeTrouble = 'budget_store_unavailable' | 'records_unavailable'

/** Settles and counts every notice of this process, whether it came from an exchange or as an owner's message. */
export class NoticeDesk {
  readonly #log: Agent['log']
  readonly #budget: Agent['budget']
  readonly #bidder: NoticeParts
  readonly #count: CountNotice
  readonly #maxKept: number
  readonly #tellUnverified: (seat: string, form: PriceForm) => void
  /** Notices that wait for the store. */
  readonly #kept = new Map<string, Notice>()
  #retrying = false
  readonly #stopRetrying: () => void
  readonly #stopReceiving: (() => void) | undefined

  /** @param maxKept most notices that wait for the store; notices beyond them have to be repeated by the exchange */
  constructor(
    { clock, log, budget }: Pick<Agent, 'clock' | 'log' | 'budget'>,
    bidder: NoticeParts,
    count: CountNotice,
    maxKept: number,
  ) {
    this.#log = log
    this.#budget = budget
    this.#bidder = bidder
    this.#count = count
    this.#maxKept = maxKept
    this.#tellUnverified = tellOfUnverifiedPrices({ clock, log })
    this.#stopRetrying = every(clock, RETRY_MS, () => this.#retry())
    const { notices } = bidder
    this.#stopReceiving = notices.ownerMessages?.receive(notices.owner, (message) => this.#receive(message))
  }

  /**
   * Handles a notice. Returns undefined once it is settled, booked, or delivered to its bid's owner, and will survive a
   * restart; else why not, and the exchange should repeat it. A notice that could not be delivered to the store is also
   * kept here and tried again.
   */
  take(notice: Notice): MaybeTrouble | Promise<MaybeTrouble> {
    if (!this.#isOurs(notice)) {
      return this.#settleThere(notice).then(
        () => this.#recorded(),
        (error) => {
          this.#keep(notice, error)
          return 'budget_store_unavailable'
        },
      )
    }
    this.#settleHere(notice)
    return this.#recorded()
  }

  /** Number of notices that wait for the store. */
  get waiting(): number {
    return this.#kept.size
  }

  close(): void {
    this.#stopRetrying()
    this.#stopReceiving?.()
  }

  #isOurs({ token }: Notice): boolean {
    return token.owner === this.#bidder.notices.owner || token.held === 0
  }

  #settleHere(notice: Notice): void {
    const { notices } = this.#bidder
    const { kind, token, query } = notice
    const scopes = notices.scopesOf(token.campaign)
    const before = scopes.map(({ overdraft }) => overdraft)
    const settled = settleNotice(notices, kind, token, query)
    // The store says whether a bill was overdrawn. A bill counts once, however many of its scopes were overdrawn. Of bills that
    // are reported together, one may count the overdraft of another, but only where all of them are overdrawn.
    const countOverdraft = () => {
      const overdrawn = Math.max(0, ...scopes.map(({ overdraft }, i) => overdraft - (before[i] ?? 0)))
      if (overdrawn > 0) this.#count({ is: 'overdrawn', seat: token.seat, amount: overdrawn })
    }
    const isUnheld = settled.is === 'settled_late' || settled.is === 'raised'
    const told = settled.spent > 0 && isUnheld ? this.#budget.refresh(scopes) : undefined
    if (told) told.then(countOverdraft)
    else countOverdraft()
    if (isUnheld || settled.is === 'settled') this.#noteSettled(notice, settled)
    this.#heard(notice, settled)
    this.#bidder.learnFrom(notice, settled)
  }

  #noteSettled({ token: { owner, seq, held } }: Notice, { is }: Settlement): void {
    const { notices } = this.#bidder
    const amount = notices.seen.billed(owner, seq, held)
    // Nearly all bids are billed at what was held; the amount is then left out to save space.
    const isPlain = is !== 'raised' && amount === held
    notices.ownerMessages?.noteSettled(owner, seq, isPlain ? undefined : amount)
  }

  async #settleThere(notice: Notice, isMessage?: boolean): Promise<void> {
    const { settlement, overdraft } = await settleElsewhere(this.#bidder.notices, notice, isMessage)
    if (overdraft > 0) this.#count({ is: 'overdrawn', seat: notice.token.seat, amount: overdraft })
    this.#heard(notice, settlement)
  }

  #heard({ kind, token: { seat } }: Notice, { is, price, lossCode, contradicts, delayMs }: Settlement): void {
    this.#count({ is: 'heard', seat, kind, settlement: { is, price, lossCode, contradicts, delayMs } })
    if (price === 'unverifiable' || price === 'not_encrypted') this.#tellUnverified(seat, price)
  }

  /** Takes a notice that reached another process first. */
  #receive(message: string): void | Promise<void> {
    const { tokens, noticesKept } = this.#bidder
    const notice = readMessage(tokens, message)
    if (!notice) this.#count({ is: 'forged' })
    else if (this.#isOurs(notice)) this.#settleHere(notice)
    else return this.#settleThere(notice, true).then(noticesKept)
    return noticesKept()
  }

  #keep(notice: Notice, error: unknown): void {
    const { kind, token } = notice
    const kept = this.#kept
    if (kept.size === 0) this.#log.warn({ detail: messageOf(error) }, 'notices wait for the budget store')
    this.#count({ is: 'kept', seat: token.seat, kind })
    if (kept.size < this.#maxKept) kept.set(`${kind} ${notice.text}`, notice)
  }

  #retry(): void {
    if (this.#retrying || this.#kept.size === 0) return
    this.#retrying = true
    // The store is still away: the next round continues here.
    this.#settleKept()
      .catch(() => undefined)
      .finally(() => {
        this.#retrying = false
      })
  }

  async #settleKept(): Promise<void> {
    for (const [name, notice] of this.#kept) {
      await this.#settleThere(notice)
      this.#kept.delete(name)
    }
  }

  /** Whether a restart will know what was settled. */
  #recorded(): MaybeTrouble | Promise<MaybeTrouble> {
    return this.#bidder.noticesKept()?.then(
      () => undefined,
      () => 'records_unavailable',
    )
  }
}

type MaybeTrouble = NoticeTrouble | undefined
type NoticeParts = Pick<Bidder, 'notices' | 'noticesKept' | 'tokens' | 'learnFrom'>

/** How often a seat's warning may be logged, in milliseconds. */
const TOLD_EVERY_MS = 60_000

/**
 * Writes at most one log line a minute per seat about prices that were booked at the full bid because they could not be
 * verified. The text sent in place of the price is not logged.
 */
function tellOfUnverifiedPrices({ clock, log }: Pick<Agent, 'clock' | 'log'>) {
  const untold = new Map<string, number>()
  return (seat: string, form: PriceForm): void => {
    const before = untold.get(seat)
    untold.set(seat, (before ?? 0) + 1)
    if (before !== undefined) return
    clock.after(TOLD_EVERY_MS, () => {
      const prices = untold.get(seat)
      untold.delete(seat)
      log.warn(
        { seat, prices, latest: form },
        'prices of notices could not be verified: booked at the full bid',
      )
    })
  }
}
