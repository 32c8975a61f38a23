import { BoundedHolds, type Earlier, type HoldToWeigh, type Unspent } from '../bounded/bounded-holds.ts'
import type { HoldTerms } from '../hold-terms.ts'
import { type HoldMode, STRICT } from '../protocol/hold-mode.ts'
import type { AtRisk, Granted, ScopeStanding, SyncLine, SyncReply, Totals } from '../protocol/store.ts'
import { Credits } from './credits.ts'
import { Demand, Need } from './demand.ts'
import { Lease } from './lease.ts'

/** What is kept of the purse of a removed scope, so that it can go on if the scope is defined again. */
export interface PurseMemory {
  readonly seq: number
  readonly totals: Totals
}

interface SentLine {
  readonly line: SyncLine
  /** When the line was first sent (elapsed ms); the lease is counted from here. */
  readonly sentMs: number
  /** The number of the next hold when the line was made: the line contains all spend settled before that number. */
  readonly before: number
  /** Micros of the line's spend that came from holds that are not recorded. */
  readonly unrecorded: number
}

/** Given when the store limits how much it forfeits of a dead owner; see {@link AtRisk}. */
export interface ForfeitBounds {
  /** Id of the records file to which holds with `isRecorded` are written; undefined when there is none. */
  readonly recordsId: string | undefined
}

/**
 * Open bids are weighed once they reach this share (0..1) of what is left of a bounded scope. Below it, full prices
 * keep nobody from bidding, and thousands of campaigns need no memory for statistics.
 */
const SCARCE_SHARE = 1 / 64

/** How far the high-water mark is kept above what is held, as a share of one second's demand; lines go out four times a second. */
const MARK_SHARE = 0.5

/**
 * What this process may hold and spend of one scope without asking the store. Amounts are in micros (or in calls).
 *
 * Invariant: `granted = balance + held + unreported + reported + returned + forfeited`, always; see {@link conserved}.
 */
export class Purse {
  readonly scope: string
  /** Can be held now, while the lease lasts. */
  balance = 0
  /** Set aside for open holds: the sum of their prices, or less in a bounded scope. */
  held = 0
  /** The scope by the store's last answer; undefined before the first. */
  standing: ScopeStanding | undefined
  answeredMs = 0
  /** Why the store grants nothing although it can be reached; undefined when it does grant. */
  refusal: string | undefined
  /** Holds with a lower number were made before the purse was last forfeited: the store counts their money. */
  firstHold = 0
  /** Called when more may be available than before, except when only time has freed it. */
  onRoom: (() => void) | undefined
  /** The longest time for which a hold of this scope can be open. */
  longestHoldMs = 0
  /** Sums over all answered lines; they only grow. */
  readonly #totals = { granted: 0, reported: 0, returned: 0, overdrawn: 0, forfeited: 0 }
  /** Spend that no line has reported yet: `#spent` within the grants, `#overdrawn` beyond them. */
  #spent = 0
  #overdrawn = 0
  readonly #credits = new Credits()
  #seq = 0
  #sent: SentLine | undefined
  readonly #lease = new Lease()
  #recalled = false
  readonly #demand: Demand
  readonly #need = new Need()
  readonly #bounds: ForfeitBounds | undefined
  /** The part of `held` that is for recorded holds. */
  #heldRecorded = 0
  /** The part of `#spent` that came from holds that are not recorded. */
  #spentUnrecorded = 0
  /** The high-water mark that the store has confirmed (see {@link AtRisk}), and how much more the next line must ask for. */
  #highWaterMark = 0
  #markNeed = 0
  readonly #unrecordedDemand: Demand
  /** The highest number of a recorded hold that is on the disk, and the highest that a line has told the store. */
  #recordedUpTo = 0
  #toldUpTo = 0
  #reportedBefore = 0
  /** Set once the scope has been bounded and its money became scarce. */
  weighed: BoundedHolds | undefined
  #holdMode: HoldMode = STRICT
  /** What an earlier start knew of how bids end; given to {@link weighed}. */
  earlier: Earlier = {}
  #mostAllowance = Number.POSITIVE_INFINITY

  /**
   * @param bounds undefined when the store forfeits every grant of a dead owner
   * @param memory what is kept of the purse that this process had for the scope before
   */
  constructor(scope: string, nowMs: number, bounds?: ForfeitBounds, memory?: PurseMemory) {
    this.scope = scope
    this.#bounds = bounds
    this.#demand = new Demand(nowMs)
    this.#unrecordedDemand = new Demand(nowMs)
    if (!memory) return
    this.#seq = memory.seq
    Object.assign(this.#totals, memory.totals)
  }

  /** What to keep of this purse; undefined when it has never sent a line. */
  get memory(): PurseMemory | undefined {
    return this.#seq > 0 ? { seq: this.#seq, totals: { ...this.#totals } } : undefined
  }

  /**
   * Whether the purse can hold `amount` now.
   *
   * @param terms terms of the hold; without them it is set aside in full
   */
  covers(amount: number, nowMs: number, terms?: HoldTerms): boolean {
    // Computed first: what this frees may have to go back to the store before it is held again.
    const cost = this.costOf(amount, nowMs, terms)
    if (this.#lease.isOver(nowMs) || this.#recalled) return false
    return cost <= this.balance && (this.#isRecorded(terms) || cost <= this.#room())
  }

  #isRecorded(terms: HoldTerms | undefined): boolean {
    return terms?.isRecorded === true && this.#bounds?.recordsId !== undefined
  }

  /**
   * How much more can be held or spent without a record. While a line is unanswered it is unknown whether the store has
   * applied it, so the amount must fit under both the high-water mark before the line and the one in it.
   */
  #room(): number {
    if (!this.#bounds) return Number.POSITIVE_INFINITY
    const exposed = this.held - this.#heldRecorded + this.#spentUnrecorded
    const sent = this.#sent
    if (!sent) return this.#highWaterMark - exposed
    return Math.min(this.#highWaterMark - sent.unrecorded, sent.line.atRisk?.unrecorded ?? 0) - exposed
  }

  /** The recorded hold of this number is on the disk. */
  recorded(number: number): void {
    this.#recordedUpTo = Math.max(this.#recordedUpTo, number)
  }

  /** Whether the store has counted all spend that was settled before this number. */
  hasReported(settledBefore: number): boolean {
    return this.unreported === 0 || settledBefore < this.#reportedBefore
  }

  /** Micros that a hold takes from the balance, including what the open bids of a bounded scope lack. */
  costOf(amount: number, nowMs: number, terms?: HoldTerms): number {
    if (!this.weighed) return amount
    this.weighed.step(nowMs)
    this.#level()
    return this.weighed.costOf(amount, terms)
  }

  /** Call when the limits change: nothing more is held from the balance, and the next line returns all of it. */
  recall(): void {
    this.#recalled = true
    this.onRoom?.()
  }

  /** The store must know the longest hold first: else it would free the money of a dead process too early. */
  lengthen(holdMs: number): void {
    this.longestHoldMs = holdMs
    this.recall()
  }

  /** Spend that is in no answered line. */
  get unreported(): number {
    const sent = this.#sent?.line
    return this.#spent + this.#overdrawn + (sent ? sent.spent + sent.overdrawn : 0)
  }

  get holdMode(): HoldMode {
    return this.#holdMode
  }

  /** Micros by which the prices of open bids may exceed what this purse sets aside for them, once that is earned. */
  set mostAllowance(micros: number) {
    this.#mostAllowance = micros
    if (this.weighed) this.weighed.mostAllowance = micros
  }

  /** Changes the hold mode for new holds. */
  set holdMode(mode: HoldMode) {
    this.#holdMode = mode
    if (this.weighed) this.weighed.mode = mode
    this.onRoom?.()
  }

  /** Sets `amount` aside. The caller must have checked {@link covers}. */
  take(amount: number, hold?: HoldToWeigh): void {
    const before = this.held
    if (hold) this.#beginToWeigh(amount, hold)
    if (hold && this.#weighing(hold)?.add(hold)) this.#level()
    else {
      this.balance -= amount
      this.held += amount
    }
    const taken = Math.max(0, this.held - before)
    this.#demand.take(taken)
    if (this.#isRecorded(hold?.queue.terms)) this.#heldRecorded += taken
    else this.#unrecordedDemand.take(taken)
  }

  /** Ends a hold of `held` micros: books `spent` and frees the rest. Spend above `held` goes to {@link spendUnheld}. */
  settle(held: number, spent: number, nowMs: number, hold?: HoldToWeigh): void {
    const weighed = this.#weighing(hold)
    const covered = weighed && hold ? weighed.bill(hold, spent, hold.micros - held) : Math.min(held, spent)
    this.#spent += covered
    this.held -= weighed ? covered : held
    if (this.#isRecorded(hold?.queue.terms)) this.#heldRecorded -= held
    else this.#spentUnrecorded += covered
    if (!weighed) this.#free(held - covered)
    this.spendUnheld(spent - covered, nowMs)
    if (weighed) this.#level()
  }

  /** Books part of a hold as spent; the hold stays open. */
  settlePart(spent: number, nowMs: number, hold: HoldToWeigh): void {
    const weighed = this.#weighing(hold)
    const covered = weighed ? weighed.billPart(spent) : spent
    this.#spent += covered
    this.held -= covered
    if (this.#isRecorded(hold.queue.terms)) this.#heldRecorded -= covered
    else this.#spentUnrecorded += covered
    this.spendUnheld(spent - covered, nowMs)
    if (weighed) this.#level()
  }

  /**
   * Frees a hold of `held` micros.
   *
   * @param how `lapsed` where its time is over; `withdrawn` for a bid that was never sent, which is not learned from
   */
  release(held: number, hold?: HoldToWeigh, how: Unspent = 'lost'): void {
    if (hold && this.#weighing(hold)?.release(hold, how)) this.#level()
    else {
      this.held -= held
      if (this.#isRecorded(hold?.queue.terms)) this.#heldRecorded -= held
      this.#free(held)
    }
  }

  /** Books a bill for a hold whose lease ended: the store has already forfeited the `held` micros of it. */
  settleForfeited(hold: HoldToWeigh, held: number, spent: number, nowMs: number): void {
    const weighed = this.#weighing(hold)
    const beyond = weighed ? weighed.beyondForfeit(hold, spent) : Math.max(0, spent - held)
    this.spendUnheld(beyond, nowMs)
  }

  /**
   * Books a bill of a hold that has ended without spend. While a limit is exceeded, since it was lowered after the bid, what
   * was set aside does not pay the bill, but goes back to the store, which says how much is overdraft.
   *
   * @param isAwaited whether its time was over and no notice had come
   */
  settleLate(hold: HoldToWeigh, spent: number, nowMs: number, isAwaited: boolean): void {
    const weighed = this.#weighing(hold)
    if (!weighed) {
      this.settleUnheld(spent, nowMs)
      return
    }
    const isRoom = (this.standing?.available ?? -1) >= 0
    const most = isRoom ? spent : 0
    const covered = weighed.billLate(hold, spent, nowMs, {
      isAwaited: isAwaited && hold.number >= this.firstHold,
      most,
    })
    this.#spent += covered
    this.held -= covered
    this.#spentUnrecorded += covered
    this.spendUnheld(spent - covered, nowMs)
    this.#level()
  }

  /** Books a bill of a bid for which this purse has set nothing aside. */
  settleUnheld(spent: number, nowMs: number): void {
    if (this.weighed) this.weighed.billUnheld(spent, nowMs)
    this.spendUnheld(spent, nowMs)
    this.#level()
  }

  #weighing(hold: HoldToWeigh | undefined): BoundedHolds | undefined {
    return hold && this.weighed?.weighs(hold) ? this.weighed : undefined
  }

  #beginToWeigh(amount: number, { number, queue }: HoldToWeigh): void {
    if (this.weighed || this.#holdMode.is === 'strict' || queue.terms.onExpiry !== 'release') return
    const left = this.balance + (this.standing?.available ?? 0)
    if (this.held + amount <= SCARCE_SHARE * left) return
    this.weighed = new BoundedHolds(this.#holdMode.maxOverspendProbability, number, this.earlier)
    this.weighed.mostAllowance = this.#mostAllowance
    this.earlier = {}
  }

  /** Moves micros between the balance and the reserve of the weighed holds until the reserve is what they need. */
  #level(): void {
    const moved = this.weighed?.level(Math.max(0, Math.min(this.balance, this.#room()))) ?? 0
    this.held += moved
    if (moved > 0) this.balance -= moved
    else if (moved < 0) this.#free(-moved)
  }

  /** Adds freed money to the balance. While a limit is exceeded it cannot be held again: it goes back to the store first. */
  #free(amount: number): void {
    this.balance += amount
    if ((this.standing?.available ?? 0) < 0) this.recall()
    else this.onRoom?.()
  }

  /**
   * Books spend for which nothing was set aside. It is paid from the balance; what the balance cannot pay is reported as
   * overdrawn. While a limit is exceeded, or without a lease, nothing is paid from the balance: the store then decides
   * how much is overdraft.
   */
  spendUnheld(amount: number, nowMs: number): void {
    if (amount === 0) return
    const isRoom = (this.standing?.available ?? -1) >= 0
    // Only spend below the high-water mark is covered, since the store forfeits no more. The next line returns the
    // balance, so that the store has room for the rest.
    const most = Math.max(0, Math.min(this.balance, this.#room()))
    const covered = isRoom && !this.#lease.isOver(nowMs) ? Math.min(amount, most) : 0
    if (!isRoom || covered < amount) this.recall()
    this.balance -= covered
    this.#spent += covered
    this.#spentUnrecorded += covered
    this.#overdrawn += amount - covered
  }

  /**
   * Takes back spend that is proven not to have happened. In micros.
   *
   * @param spentAt the number of the next hold at the time of the spend
   */
  credit(amount: number, spentAt: number): void {
    const lastSent = this.#sent?.before ?? this.#credits.reportedBefore
    if (spentAt >= lastSent && amount <= this.#spent) {
      this.#spent -= amount
      this.#free(amount)
    } else this.#credits.add(amount, spentAt)
  }

  /** Asks for money, and for a higher high-water mark, with the next line. `amount` is what {@link costOf} returned. */
  ask(amount: number, nowMs: number, terms?: HoldTerms): void {
    const usable = this.#lease.isOver(nowMs) || this.#recalled ? 0 : this.balance
    this.#need.ask(amount - usable, nowMs)
    if (!this.#isRecorded(terms)) this.#markNeed += amount
  }

  /** The line to send: the unanswered one again, or a new one with everything that happened since the last. */
  line(nowMs: number, nextHold: number): SyncLine {
    if (this.#sent) return this.#sent.line
    this.#demand.look(nowMs)
    this.#unrecordedDemand.look(nowMs)
    const unrecorded = this.#spentUnrecorded
    this.#sent = { line: this.#nextLine(nextHold), sentMs: nowMs, before: nextHold, unrecorded }
    return this.#sent.line
  }

  /** From now on lines return everything that is not held, and ask for nothing. */
  close(): void {
    this.#need.end()
    this.#markNeed = 0
    this.#demand.end()
    this.#unrecordedDemand.end()
  }

  /** Whether nothing is held, unanswered or unreported. */
  get isIdle(): boolean {
    return this.balance === 0 && this.held === 0 && !this.#sent && this.#spent + this.#overdrawn === 0
  }

  /** Whether a line has to be sent now. */
  isDue(nowMs: number): boolean {
    this.#demand.look(nowMs)
    this.#unrecordedDemand.look(nowMs)
    this.weighed?.step(nowMs)
    this.#level()
    if (this.#room() < this.#markStep / 2 || this.#recordedUpTo > this.#toldUpTo) return true
    if (this.#recalled || this.#sent || this.#lacks > 0 || this.#spent + this.#overdrawn > 0) return true
    if (this.#credits.any || this.balance < this.#demand.fill / 2 || this.#surplus() > 0) return true
    return (this.balance > 0 || this.held > 0) && this.#lease.isLate(nowMs)
  }

  /**
   * Applies the store's answer to a line. An answer to any line but the last one sent is ignored.
   *
   * @param nextHold the number of the next hold of this process
   * @returns whether the answer was applied
   */
  answered(line: SyncLine, reply: SyncReply, nowMs: number, nextHold: number): boolean {
    const sent = this.#sent
    if (!sent || sent.line.seq !== line.seq) return false
    this.refusal = refusalIn(reply)
    this.answeredMs = nowMs
    switch (reply.is) {
      case 'granted':
        this.#sent = undefined
        this.#totals.reported += line.spent
        this.#totals.returned += line.giveBack
        this.#totals.overdrawn += line.overdrawn
        this.#credits.remember(sent.before, reply.bookedAtMs)
        this.#highWaterMark = line.atRisk?.unrecorded ?? 0
        this.#reportedBefore = sent.before
        this.#fillUp(reply, sent.sentMs)
        return true
      case 'forfeited':
        this.#sent = undefined
        this.#totals.overdrawn += line.overdrawn
        this.#credits.remember(sent.before, reply.bookedAtMs)
        this.#empty(nextHold)
        return true
      // Not applied, or unknown whether applied: the same line is sent again.
      case 'fenced':
      case 'unknown_scope':
      case 'stale':
        return false
    }
  }

  /** Checks the invariant: all that the purse accounts for, less what it was granted. Always 0. */
  conserved(): number {
    const sent = this.#sent?.line
    const inFlight = sent ? sent.spent + sent.giveBack : 0
    const { granted, reported, returned, forfeited } = this.#totals
    return this.balance + this.held + this.#spent + inFlight + reported + returned + forfeited - granted
  }

  /** Micros needed now: what waiting holds lack, or what the reserve of a bounded scope lacks if that is more. */
  get #lacks(): number {
    return Math.max(this.#need.micros, this.weighed?.lack ?? 0)
  }

  /** How far the high-water mark is kept above what is held without a record, in micros. */
  get #markStep(): number {
    return Math.ceil(this.#unrecordedDemand.fill * MARK_SHARE)
  }

  #atRisk(before: number): AtRisk | undefined {
    if (!this.#bounds) return undefined
    const { recordsId } = this.#bounds
    const lacking = Math.max(this.#markNeed, this.weighed?.lack ?? 0)
    const unrecorded = this.held - this.#heldRecorded + Math.max(this.#markStep, lacking)
    this.#toldUpTo = this.#recordedUpTo
    if (recordsId === undefined) return { unrecorded }
    return { unrecorded, records: { id: recordsId, before, upTo: this.#recordedUpTo } }
  }

  #nextLine(before: number): SyncLine {
    const need = this.#lacks
    const isWanted = need > 0 || this.#markNeed > 0
    const giveBack = this.#recalled ? this.balance : isWanted ? 0 : this.#surplus()
    this.#recalled = false
    const fill = Math.max(this.#demand.fill, need * this.#need.factor)
    const atRisk = this.#atRisk(before)
    const line: SyncLine = {
      scope: this.scope,
      seq: ++this.#seq,
      spent: this.#spent,
      overdrawn: this.#overdrawn,
      credits: this.#credits.take(),
      giveBack,
      want: giveBack > 0 && need === 0 ? 0 : Math.max(0, Math.ceil(fill - this.balance)),
      need,
      longestHoldMs: this.longestHoldMs,
      totals: { ...this.#totals },
      ...(atRisk && { atRisk }),
    }
    this.balance -= giveBack
    this.#spent = 0
    this.#spentUnrecorded = 0
    this.#markNeed = 0
    this.#overdrawn = 0
    this.#need.end()
    return line
  }

  #fillUp({ granted, leaseForMs, standing }: Granted, sentMs: number): void {
    this.balance += granted
    this.#totals.granted += granted
    this.#lease.renew(sentMs, leaseForMs)
    this.standing = standing
    this.#level()
    if (standing.available < 0 && this.balance > 0) this.recall()
    this.onRoom?.()
  }

  /** Starts over after the store forfeited the purse; the store counts what was held and what was not reported. */
  #empty(nextHold: number): void {
    this.balance = 0
    this.held = 0
    this.#heldRecorded = 0
    this.#spent = 0
    this.#spentUnrecorded = 0
    this.#highWaterMark = 0
    this.#totals.forfeited = this.#totals.granted - this.#totals.reported - this.#totals.returned
    this.#credits.forget()
    this.weighed?.forfeit()
    this.firstHold = nextHold
    this.#lease.end()
    this.standing = undefined
    this.onRoom?.()
  }

  /** Micros to return: nothing until the balance is twice the fill, else money would move back and forth all the time. */
  #surplus(): number {
    const fill = this.#demand.fill
    return this.balance > 2 * fill ? this.balance - fill : 0
  }
}

/** The reason why a store that was reached granted nothing; undefined if it had no reason, as when the money was short. */
function refusalIn(reply: SyncReply): string | undefined {
  switch (reply.is) {
    case 'granted':
      return reply.withheld?.detail
    case 'fenced':
      return reply.detail
    case 'unknown_scope':
      return 'it does not know the scope yet'
    case 'stale':
      return 'it has answered a later line'
    case 'forfeited':
      return undefined
  }
}
