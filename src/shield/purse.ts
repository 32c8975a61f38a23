import { Credits } from './credits.ts'
import { Demand, Need } from './demand.ts'
import type { HoldTerms } from './hold.ts'
import { Lease } from './lease.ts'
import { refusalIn } from './refusal.ts'
import type { AtRisk, Granted, Standing, SyncLine, SyncReply, Totals } from './store/store.ts'
import type { HoldToWeigh, WeighedHolds } from './weighed-holds.ts'

/** What a purse that is used no more has to go on with, should its scope be used again. */
export interface PurseMemory {
  readonly seq: number
  readonly totals: Totals
}

interface Sent {
  readonly line: SyncLine
  /** When it was sent first: the lease is counted from here. */
  readonly sentMs: number
  /** The number of the next hold when the line was made: what was spent before is in it. */
  readonly before: number
  /** How much of the spend in it came of holds that are not recorded. */
  readonly unrecorded: number
}

/** Set where the store bounds what it forfeits; see {@link AtRisk}. */
export interface ForfeitBounds {
  /** Names the records in which holds of `isRecorded` are written down; undefined where there are none. */
  readonly recordsId: string | undefined
}

/** The mark is this much of a second's fill above what is held: lines follow each other four times as fast as that. */
const MARK_SHARE = 0.5

/**
 * What this process may hold and spend of one scope without asking anyone.
 *
 * Invariant: `granted = balance + held + unreported + reported + returned + forfeited`, always; see {@link conserved}.
 */
export class Purse {
  readonly scope: string
  /** May be held now, while the lease lasts. */
  balance = 0
  /** Set aside for open holds: all of their prices, or what a bounded scope needs of them. */
  held = 0
  /** As of the last answer; undefined before the first. */
  standing: Standing | undefined
  answeredMs = 0
  /** Why the store grants nothing, though it can be reached. */
  refusal: string | undefined
  /** Holds with a lower number were made before the purse was last emptied: their money is the store's. */
  firstHold = 0
  /** How long the longest hold of this scope can be open. */
  longestHoldMs = 0
  /** What answered lines came to; only ever grows. */
  readonly #totals = { granted: 0, reported: 0, returned: 0, overdrawn: 0, forfeited: 0 }
  /** Spend that no line has carried yet: covered by what was granted, and beyond it. */
  #spent = 0
  #overdrawn = 0
  readonly #credits = new Credits()
  #seq = 0
  #sent: Sent | undefined
  readonly #lease = new Lease()
  #recalled = false
  readonly #demand: Demand
  readonly #need = new Need()
  readonly #bounds: ForfeitBounds | undefined
  /** Of `held`: what recorded holds set aside. */
  #heldRecorded = 0
  /** Of `#spent`: what came of holds that are not recorded. */
  #spentUnrecorded = 0
  /** What the store has been told that holds without a record may come to, and what they lack of it. */
  #mark = 0
  #markNeed = 0
  readonly #unrecordedDemand: Demand
  /** The highest number of a recorded hold that is on the disk, and the one that the last line named. */
  #recordedUpTo = 0
  #toldUpTo = 0
  #reportedBefore = 0
  /** Of a scope that is bounded, or was. */
  weighed: WeighedHolds | undefined

  /**
   * @param bounds undefined where the store forfeits everything that was granted
   * @param memory of the purse that this process had for the scope before
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

  /** Undefined for a purse that the store has never heard of. */
  get memory(): PurseMemory | undefined {
    return this.#seq > 0 ? { seq: this.#seq, totals: { ...this.#totals } } : undefined
  }

  /** @param terms of the hold; what has none is held in full */
  covers(amount: number, nowMs: number, terms?: HoldTerms): boolean {
    if (this.#lease.isOver(nowMs) || this.#recalled) return false
    const cost = this.costOf(amount, nowMs, terms)
    return cost <= this.balance && (this.#isRecorded(terms) || cost <= this.#room())
  }

  #isRecorded(terms: HoldTerms | undefined): boolean {
    return terms?.isRecorded === true && this.#bounds?.recordsId !== undefined
  }

  /**
   * How much more may be held, or spent, without a record. While a line is under way nobody knows which mark the store goes
   * by, and what it has counted as spend: both must hold.
   */
  #room(): number {
    if (!this.#bounds) return Number.POSITIVE_INFINITY
    const exposed = this.held - this.#heldRecorded + this.#spentUnrecorded
    const sent = this.#sent
    if (!sent) return this.#mark - exposed
    return Math.min(this.#mark - sent.unrecorded, sent.line.atRisk?.unrecorded ?? 0) - exposed
  }

  /** A hold of this number was on the disk before anything was done with it. */
  recorded(number: number): void {
    this.#recordedUpTo = Math.max(this.#recordedUpTo, number)
  }

  /** Whether the store has counted what was settled before this number. */
  hasReported(settledBefore: number): boolean {
    return this.unreported === 0 || settledBefore < this.#reportedBefore
  }

  /** Micros that a hold takes out of the balance, with what the open bids of a bounded scope lack. */
  costOf(amount: number, nowMs: number, terms?: HoldTerms): number {
    if (!this.weighed) return amount
    this.weighed.step(nowMs)
    this.#level()
    return this.weighed.costOf(amount, terms)
  }

  /** The limits have changed: nothing is held from the balance any more, all of it goes back with the next line. */
  recall(): void {
    this.#recalled = true
  }

  /** Nothing is held longer than the store knows: if this process died, it would free the money too early. */
  lengthen(holdMs: number): void {
    this.longestHoldMs = holdMs
    this.recall()
  }

  /** Spend that the store has not been told of, or not answered for. */
  get unreported(): number {
    const sent = this.#sent?.line
    return this.#spent + this.#overdrawn + (sent ? sent.spent + sent.overdrawn : 0)
  }

  /** Sets aside; the caller has asked {@link covers}. */
  take(amount: number, hold?: HoldToWeigh): void {
    const before = this.held
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

  /** Ends a hold: `spent` of it is gone, the rest is free; what exceeds it comes from elsewhere. */
  settle(held: number, spent: number, nowMs: number, hold?: HoldToWeigh): void {
    const weighed = this.#weighing(hold)
    const covered = weighed && hold ? weighed.bill(hold, spent) : Math.min(held, spent)
    this.#spent += covered
    this.held -= weighed ? covered : held
    if (this.#isRecorded(hold?.queue.terms)) this.#heldRecorded -= held
    else this.#spentUnrecorded += covered
    if (!weighed) this.#free(held - covered)
    this.spendUnheld(spent - covered, nowMs)
    if (weighed) this.#level()
  }

  /** @param how a bid that was never sent says nothing about how bids end */
  release(held: number, hold?: HoldToWeigh, how: 'lost' | 'withdrawn' = 'lost'): void {
    if (hold && this.#weighing(hold)?.release(hold, how)) this.#level()
    else {
      this.held -= held
      if (this.#isRecorded(hold?.queue.terms)) this.#heldRecorded -= held
      this.#free(held)
    }
  }

  /** A bill for a hold whose lease ended: the store has counted what was set aside for it as spent. */
  settleForfeited(hold: HoldToWeigh, spent: number, nowMs: number): void {
    const weighed = this.#weighing(hold)
    const beyond = weighed ? weighed.beyondForfeit(hold, spent) : Math.max(0, spent - hold.micros)
    this.spendUnheld(beyond, nowMs)
  }

  #weighing(hold: HoldToWeigh | undefined): WeighedHolds | undefined {
    return hold && this.weighed?.weighs(hold) ? this.weighed : undefined
  }

  /** Moves what weighed holds need, as far as there is balance, or need no more. */
  #level(): void {
    const moved = this.weighed?.level(Math.max(0, Math.min(this.balance, this.#room()))) ?? 0
    this.held += moved
    if (moved > 0) this.balance -= moved
    else if (moved < 0) this.#free(-moved)
  }

  /** Where a limit is exceeded, what becomes free is not free: the store has it back before anything else is held. */
  #free(amount: number): void {
    this.balance += amount
    if ((this.standing?.available ?? 0) < 0) this.recall()
  }

  /**
   * Books spend that nothing was set aside for: from the balance as far as it goes. Where a limit is exceeded already that
   * is room that is not there, so it goes back and the store says what was overdrawn. Without a lease it is not ours.
   */
  spendUnheld(amount: number, nowMs: number): void {
    if (amount === 0) return
    const isRoom = (this.standing?.available ?? -1) >= 0
    // Beyond the mark it is not covered: a store that takes the purse back counts no more than the mark as spent. The balance
    // goes back with the line that tells of it, so that there is room for it where there was.
    const most = Math.max(0, Math.min(this.balance, this.#room()))
    const covered = isRoom && !this.#lease.isOver(nowMs) ? Math.min(amount, most) : 0
    if (!isRoom || covered < amount) this.recall()
    this.balance -= covered
    this.#spent += covered
    this.#spentUnrecorded += covered
    this.#overdrawn += amount - covered
  }

  /**
   * Takes back spend that is proven not to have happened.
   *
   * @param spentAt the number that the next hold had when it was spent
   */
  credit(amount: number, spentAt: number): void {
    const lastSent = this.#sent?.before ?? this.#credits.reportedBefore
    if (spentAt >= lastSent && amount <= this.#spent) {
      this.#spent -= amount
      this.#free(amount)
    } else this.#credits.add(amount, spentAt)
  }

  /** Asks for money with the next line, and for a higher mark; `amount` is what {@link costOf} says. */
  ask(amount: number, nowMs: number, terms?: HoldTerms): void {
    const usable = this.#lease.isOver(nowMs) || this.#recalled ? 0 : this.balance
    this.#need.ask(amount - usable, nowMs)
    if (!this.#isRecorded(terms)) this.#markNeed += amount
  }

  /** The line to send: the one that is not answered yet, or a new one that carries everything up to now. */
  line(nowMs: number, nextHold: number): SyncLine {
    if (this.#sent) return this.#sent.line
    this.#demand.look(nowMs)
    this.#unrecordedDemand.look(nowMs)
    const unrecorded = this.#spentUnrecorded
    this.#sent = { line: this.#nextLine(nextHold), sentMs: nowMs, before: nextHold, unrecorded }
    return this.#sent.line
  }

  /** From now on everything that is not held goes back, and nothing is asked for. */
  close(): void {
    this.#need.end()
    this.#markNeed = 0
    this.#demand.end()
    this.#unrecordedDemand.end()
  }

  /** Nothing of it is held, on its way, or waits to be told. */
  get isIdle(): boolean {
    return this.balance === 0 && this.held === 0 && !this.#sent && this.#spent + this.#overdrawn === 0
  }

  /** Whether there is something to tell or to ask. */
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
   * Takes an answer in. An answer to another line than the last one sent says nothing new.
   *
   * @param nextHold the number of the next hold of this process
   * @returns whether the answer was news
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
        this.#mark = line.atRisk?.unrecorded ?? 0
        this.#reportedBefore = sent.before
        this.#fillUp(reply, sent.sentMs)
        return true
      case 'forfeited':
        this.#sent = undefined
        this.#totals.overdrawn += line.overdrawn
        this.#credits.remember(sent.before, reply.bookedAtMs)
        this.#empty(nextHold)
        return true
      // Nothing was applied, or it is not known whether; the same line goes out again.
      case 'fenced':
      case 'unknown_scope':
      case 'stale':
        return false
    }
  }

  /** What the purse can account for less what it was granted: 0, always. */
  conserved(): number {
    const sent = this.#sent?.line
    const inFlight = sent ? sent.spent + sent.giveBack : 0
    const { granted, reported, returned, forfeited } = this.#totals
    return this.balance + this.held + this.#spent + inFlight + reported + returned + forfeited - granted
  }

  /** What was asked for, and what a bounded scope has not enough of for its open holds. */
  get #lacks(): number {
    return Math.max(this.#need.micros, this.weighed?.lack ?? 0)
  }

  /** How far the mark is kept above what is held without a record. */
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
  }

  /** The store took everything back when the lease ended; what was held or spent from it is counted there. */
  #empty(nextHold: number): void {
    this.balance = 0
    this.held = 0
    this.#heldRecorded = 0
    this.#spent = 0
    this.#spentUnrecorded = 0
    this.#mark = 0
    this.#totals.forfeited = this.#totals.granted - this.#totals.reported - this.#totals.returned
    this.#credits.forget()
    this.weighed?.forfeit()
    this.firstHold = nextHold
    this.#lease.end()
    this.standing = undefined
  }

  /** Money that is not needed here. Kept until it is twice the fill, or it would go to and fro. */
  #surplus(): number {
    const fill = this.#demand.fill
    return this.balance > 2 * fill ? this.balance - fill : 0
  }
}
