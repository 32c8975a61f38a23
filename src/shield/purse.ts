import { Demand } from './demand.ts'
import type { Credit, Granted, Standing, SyncLine, SyncReply } from './store/store.ts'

/** Share of a lease that is used: clocks that run 5 % apart in either direction may not make the process the later one. */
const LEASE_SHARE = 0.85
/** What is wanted beside a first need, in multiples of it: the rate is not known yet. */
const FIRST_FILL = 4
/** Two needs within this time mean that the fill was too small. */
const BURST_MS = 250
/** Answers to reports that are remembered, so that a credit finds the spend it takes back. */
const REPORTS_KEPT = 256

interface Sent {
  readonly line: SyncLine
  /** When it was sent first: the lease is counted from here. */
  readonly sentMs: number
  /** The number of the next hold when the line was made: what was spent before is in it. */
  readonly before: number
}

/**
 * What this process may hold and spend of one scope without asking anyone.
 *
 * Invariant: `granted = balance + held + unreported + reported + returned + forfeited`, always; see {@link conserved}.
 */
export class Purse {
  readonly scope: string
  /** May be held now, while the lease lasts. */
  balance = 0
  /** Set aside for open holds. */
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
  #credits: { readonly amount: number; readonly spentAt: number }[] = []
  #reports: { readonly before: number; readonly bookedAtMs: number }[] = []
  #seq = 0
  #sent: Sent | undefined
  #leaseEndsMs = 0
  #leaseForMs = Number.POSITIVE_INFINITY
  #recalled = false
  #need = 0
  #neededMs = Number.NEGATIVE_INFINITY
  #burst = 1
  readonly #demand: Demand

  constructor(scope: string, nowMs: number) {
    this.scope = scope
    this.#demand = new Demand(nowMs)
  }

  covers(amount: number, nowMs: number): boolean {
    return amount <= this.balance && nowMs < this.#leaseEndsMs && !this.#recalled
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
  take(amount: number): void {
    this.balance -= amount
    this.held += amount
    this.#demand.take(amount)
  }

  /** Ends a hold: `spent` of it is gone, the rest is free; what exceeds it comes from elsewhere. */
  settle(held: number, spent: number, nowMs: number): void {
    this.held -= held
    const covered = Math.min(held, spent)
    this.#free(held - covered)
    this.#spent += covered
    this.spendUnheld(spent - covered, nowMs)
  }

  release(held: number): void {
    this.held -= held
    this.#free(held)
  }

  /** Where a limit is exceeded, what becomes free is not free: the store has it back before anything else is held. */
  #free(amount: number): void {
    this.balance += amount
    if ((this.standing?.available ?? 0) < 0) this.recall()
  }

  /**
   * Books spend that nothing was set aside for: from the balance as far as it goes. Where a limit is exceeded already
   * the balance is room that is not there, so it goes back and the store says what was overdrawn. Without a lease it may
   * have been taken back, and have left its window since.
   */
  spendUnheld(amount: number, nowMs: number): void {
    if (amount === 0) return
    const isRoom = (this.standing?.available ?? -1) >= 0
    if (!isRoom) this.recall()
    const covered = isRoom && nowMs < this.#leaseEndsMs ? Math.min(amount, this.balance) : 0
    this.balance -= covered
    this.#spent += covered
    this.#overdrawn += amount - covered
  }

  /**
   * Takes back spend that is proven not to have happened.
   *
   * @param spentAt the number that the next hold had when it was spent
   */
  credit(amount: number, spentAt: number): void {
    const lastSent = this.#sent?.before ?? this.#reports.at(-1)?.before ?? 0
    if (spentAt >= lastSent && amount <= this.#spent) {
      this.#spent -= amount
      this.#free(amount)
    } else this.#credits.push({ amount, spentAt })
  }

  /** Asks for money with the next line. */
  ask(amount: number, nowMs: number): void {
    if (this.#need === 0) {
      this.#burst = nowMs - this.#neededMs < BURST_MS ? Math.min(this.#burst * 2, 1 << 20) : 1
      this.#neededMs = nowMs
    }
    const usable = nowMs < this.#leaseEndsMs && !this.#recalled ? this.balance : 0
    this.#need += Math.max(0, amount - usable)
  }

  /** The line to send: the one that is not answered yet, or a new one that carries everything up to now. */
  line(nowMs: number, nextHold: number): SyncLine {
    this.#demand.look(nowMs)
    const sent = this.#sent ?? { line: this.#nextLine(), sentMs: nowMs, before: nextHold }
    this.#sent = sent
    return sent.line
  }

  /** Whether the store's last answer says that something counts here, which gets less with time. */
  get showsSpend(): boolean {
    const { standing } = this
    return (
      standing !== undefined &&
      (standing.forfeited.amount > 0 || standing.limits.some(({ spent }) => spent > 0))
    )
  }

  /** From now on everything that is not held goes back, and nothing is asked for. */
  close(): void {
    this.#need = 0
    this.#demand.end()
  }

  /** Whether there is something to tell or to ask. */
  isDue(nowMs: number): boolean {
    this.#demand.look(nowMs)
    if (
      this.#recalled ||
      this.#sent ||
      this.#need > 0 ||
      this.#spent > 0 ||
      this.#overdrawn > 0 ||
      this.#credits.length > 0
    )
      return true
    if (this.balance < this.#demand.fill / 2 || this.#surplus() > 0) return true
    const usesLease = this.balance > 0 || this.held > 0
    return usesLease && this.#leaseEndsMs - nowMs < (this.#leaseForMs * LEASE_SHARE * 2) / 3
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
    const refused = reply.is === 'granted' ? reply.withheld : reply.is === 'fenced' ? reply : undefined
    this.refusal = refused?.detail
    this.answeredMs = nowMs
    switch (reply.is) {
      case 'granted':
        this.#sent = undefined
        this.#totals.reported += line.spent
        this.#totals.returned += line.giveBack
        this.#totals.overdrawn += line.overdrawn
        this.#remember(sent, reply.bookedAtMs)
        this.#fillUp(reply, sent.sentMs)
        return true
      case 'forfeited':
        this.#sent = undefined
        this.#totals.overdrawn += line.overdrawn
        this.#remember(sent, reply.bookedAtMs)
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

  #nextLine(): SyncLine {
    const giveBack = this.#recalled ? this.balance : this.#need > 0 ? 0 : this.#surplus()
    this.#recalled = false
    const fill = Math.max(this.#demand.fill, this.#need * FIRST_FILL * this.#burst)
    const line: SyncLine = {
      scope: this.scope,
      seq: ++this.#seq,
      spent: this.#spent,
      overdrawn: this.#overdrawn,
      credits: this.#bookedCredits(),
      giveBack,
      want: giveBack > 0 && this.#need === 0 ? 0 : Math.max(0, Math.ceil(fill - this.balance)),
      need: this.#need,
      longestHoldMs: this.longestHoldMs,
      totals: { ...this.#totals },
    }
    this.balance -= giveBack
    this.#spent = 0
    this.#overdrawn = 0
    this.#need = 0
    return line
  }

  #fillUp({ granted, leaseForMs, standing }: Granted, sentMs: number): void {
    this.balance += granted
    this.#totals.granted += granted
    this.#leaseForMs = leaseForMs
    this.#leaseEndsMs = sentMs + leaseForMs * LEASE_SHARE
    this.standing = standing
    if (standing.available < 0 && this.balance > 0) this.recall()
  }

  /** The store took everything back when the lease ended; what was held or spent from it is counted there. */
  #empty(nextHold: number): void {
    this.balance = 0
    this.held = 0
    this.#spent = 0
    this.#totals.forfeited = this.#totals.granted - this.#totals.reported - this.#totals.returned
    this.#credits = []
    this.firstHold = nextHold
    this.#leaseEndsMs = 0
    this.standing = undefined
  }

  /** Money that is not needed here. Kept until it is twice the fill, or it would go to and fro. */
  #surplus(): number {
    const fill = this.#demand.fill
    return this.balance > 2 * fill ? this.balance - fill : 0
  }

  #remember({ before }: Sent, bookedAtMs: number): void {
    this.#reports.push({ before, bookedAtMs })
    if (this.#reports.length > REPORTS_KEPT) this.#reports.shift()
  }

  /** Credits whose spend was in an answered line. One whose line is forgotten is given up: the money stays spent. */
  #bookedCredits(): Credit[] {
    const booked: Credit[] = []
    this.#credits = this.#credits.filter(({ amount, spentAt }) => {
      const report = this.#reports.find(({ before }) => before > spentAt)
      if (report) booked.push({ amount, bookedAtMs: report.bookedAtMs })
      return !report && this.#reports.length < REPORTS_KEPT
    })
    return booked
  }
}
