import { strict as assert } from 'node:assert'
import type { Clock } from '../../clock.ts'
import type { HoldMode } from '../hold-mode.ts'
import { type Limit, type LimitSpec, replaceLimits, restoreLimit } from '../limits.ts'
import { DayWindow } from '../windows/index.ts'
import type { AccountState, Forfeit, Lease } from './account-state.ts'
import { reliefInMs } from './relief.ts'
import { countsOnMore, forfeitedOf, limitStandings } from './standing.ts'
import type {
  Bill,
  BillReply,
  Granted,
  PauseState,
  PendingForfeit,
  ScopeDefinition,
  SetBy,
  Standing,
  SyncLine,
  SyncReply,
} from './store.ts'

/** How long gone owners and late bills are remembered; what comes later is booked once more, which is the safe side. */
const FORGET_AFTER_MS = 48 * 3_600_000

/**
 * The truth about one scope: its limits, the spend in their windows, and who has been granted what. A plain state machine:
 * everything that moves it comes through its methods with the time of the store's own clock.
 *
 * Always: spend in each window + outstanding + forfeited and not yet booked ≤ limit, but for overdraft and lowered limits.
 */
export class Account {
  readonly name: string
  readonly currency: string
  setBy: SetBy = 'configuration'
  holdMode: HoldMode | undefined
  pause: PauseState = { is: 'running' }
  /** When the scope was removed; undefined for one that is in use. */
  removedMs: number | undefined
  spent = 0
  overdraft = 0
  readonly #clock: Clock
  readonly #leaseMs: number
  #limits: readonly Limit[] = []
  readonly #leases = new Map<string, Lease>()
  readonly #forfeits = new Map<string, Forfeit>()
  /** By id, the highest bill that was booked here, with the time of the first. */
  readonly #billed = new Map<string, { readonly bookedMs: number; readonly amount: number }>()

  constructor(clock: Clock, leaseMs: number, { scope, currency, limits, by, holdMode }: ScopeDefinition) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.name = scope
    this.currency = currency
    this.setLimits(limits, by, holdMode)
  }

  /** An account as it was when {@link state} was asked. */
  static restored(clock: Clock, leaseMs: number, state: AccountState): Account {
    const { scope, currency, setBy, holdMode, limits, leases, forfeits, billed } = state
    const account = new Account(clock, leaseMs, { scope, currency, limits: [], by: setBy, holdMode })
    account.#limits = limits.map(({ spec, window }) => restoreLimit(clock, spec, window))
    account.pause = state.pause
    account.removedMs = state.removedMs
    account.spent = state.spent
    account.overdraft = state.overdraft
    for (const [owner, lease] of leases) account.#leases.set(owner, { ...lease })
    for (const forfeit of forfeits) account.#forfeits.set(forfeit.owner, { ...forfeit })
    for (const [id, bookedMs, amount = Number.POSITIVE_INFINITY] of billed)
      account.#billed.set(id, { bookedMs, amount })
    return account
  }

  /** Everything there is to know of the account, as plain data of its own. */
  state(): AccountState {
    const { name, currency, setBy, holdMode, pause, removedMs, spent, overdraft } = this
    return {
      scope: name,
      currency,
      setBy,
      ...(holdMode && { holdMode }),
      pause,
      ...(removedMs !== undefined && { removedMs }),
      spent,
      overdraft,
      limits: this.#limits.map(({ spec, window }) => ({ spec, window: window.state() })),
      leases: [...this.#leases].map(([owner, lease]) => [owner, { ...lease }]),
      forfeits: [...this.#forfeits.values()].map((forfeit) => ({ ...forfeit })),
      billed: [...this.#billed].map(([id, { bookedMs, amount }]) => [id, bookedMs, amount]),
    }
  }

  /** After a time that the elapsed clock has not counted: days go by the wall clock as it is now. */
  trustWall(): void {
    for (const { window } of this.#limits) if (window instanceof DayWindow) window.trustWall()
  }

  get limits(): readonly LimitSpec[] {
    return this.#limits.map(({ spec }) => spec)
  }

  /** Takes effect at once, also below what is already spent; see {@link replaceLimits}. */
  setLimits(specs: readonly LimitSpec[], by: SetBy, holdMode?: HoldMode): void {
    this.#age()
    this.setBy = by
    this.holdMode = holdMode
    this.#limits = replaceLimits(this.#clock, this.#limits, specs, this.spent)
  }

  /** The next definition is like that of a new scope, but for what was spent. */
  remove(): void {
    this.removedMs = this.#age()
    this.pause = { is: 'running' }
    this.setBy = 'configuration'
  }

  /** Whether forgetting the scope frees no money: it is removed, and nothing of it counts or may still be billed. */
  get isForgettable(): boolean {
    if (this.removedMs === undefined || this.pause.is === 'paused') return false
    const nowMs = this.#age()
    if (this.spent === 0 && this.#leases.size === 0 && this.#forfeits.size === 0) return true
    if (nowMs - this.removedMs < FORGET_AFTER_MS || this.#promised() > 0) return false
    return this.#limits.every(({ window }) => window.sum(nowMs) === 0)
  }

  sync(owner: string, line: SyncLine): SyncReply {
    const nowMs = this.#age()
    const lease = this.#leases.get(owner)
    if (lease && line.seq === lease.seq) return lease.reply
    const forfeit = this.#forfeits.get(owner)
    if (line.seq < (lease?.seq ?? forfeit?.seq ?? 0)) return { is: 'stale' }
    // An owner that says it has been here before, and has no lease now, has lost it.
    if (!lease && (line.seq !== 1 || forfeit)) return this.#readmit(owner, line, nowMs)
    if (lease && countsOnMore(line, lease)) {
      this.#forfeit(owner, lease, nowMs)
      return this.#readmit(owner, line, nowMs)
    }
    return this.#apply(owner, lease ?? this.#admit(owner, line), line, nowMs)
  }

  /** Ends the lease of an owner that uses it no more; one that `mayLinger` is taken to use it up to its end. */
  leave(owner: string, mayLinger = false): void {
    const nowMs = this.#age()
    const lease = this.#leases.get(owner)
    if (lease) this.#forfeit(owner, lease, mayLinger && Number.isFinite(lease.endsMs) ? lease.endsMs : nowMs)
  }

  /** Forfeits that records of their owners may lessen. */
  get pendingForfeits(): PendingForfeit[] {
    const pending: PendingForfeit[] = []
    for (const { owner, rest: amount, atRisk } of this.#forfeits.values())
      if (atRisk?.records) pending.push({ scope: this.name, owner, amount, records: atRisk.records })
    return pending
  }

  /**
   * Ends the doubt about a forfeit: no more than this was under way of what the owner wrote down, beside what it did not.
   *
   * @returns what is free again
   */
  free(owner: string, underWay: number): number {
    const nowMs = this.#age()
    const forfeit = this.#forfeits.get(owner)
    if (!forfeit?.atRisk) return 0
    const rest = Math.min(forfeit.rest, forfeit.atRisk.unrecorded + underWay)
    const freed = forfeit.rest - rest
    forfeit.rest = rest
    forfeit.atRisk = undefined
    if (forfeit.booked && freed > 0) this.#unbook(nowMs, forfeit.bookAtMs, freed)
    return freed
  }

  /** Granted to the owner and not yet spent or returned. */
  outstandingOf(owner: string): number {
    return this.#leases.get(owner)?.outstanding ?? 0
  }

  /** What is forfeited if the owner ends now, before any records are asked. */
  atStakeOf(owner: string): number {
    const lease = this.#leases.get(owner)
    return lease ? atStake(lease) : 0
  }

  get owners(): IterableIterator<string> {
    return this.#leases.keys()
  }

  bill({ owner, id, amount: all, known }: Bill): BillReply {
    const nowMs = this.#age()
    if ((this.#leases.get(owner)?.endsMs ?? 0) > nowMs) return { is: 'alive' }
    const earlier = this.#billed.get(id)
    const booked = Math.max(known ?? 0, earlier?.amount ?? 0)
    if (earlier && (known === undefined || all <= booked)) return { is: 'already' }
    if (booked > 0 && all <= booked) return { is: 'already' }
    const amount = all - booked
    const forfeit = this.#forfeits.get(owner)
    const before = this.#rooms(nowMs)
    if (forfeit) {
      const rest = Math.min(amount, forfeit.rest)
      forfeit.rest -= rest
      // It counts as spend already, but from an earlier moment than the bill's.
      if (forfeit.booked) this.#unbook(nowMs, forfeit.bookAtMs, rest)
    }
    // What was forfeited covers as much as it still counted for, limit by limit: what has left a window is no room there.
    const lacking = this.#rooms(nowMs).map((room, i) => amount - room + Math.min(0, before[i] ?? room))
    const overdraft = Math.max(0, ...lacking)
    this.overdraft += overdraft
    this.#book(nowMs, amount)
    this.#billed.set(id, { bookedMs: earlier?.bookedMs ?? nowMs, amount: all })
    return { is: 'booked', amount, overdraft }
  }

  /** What could be granted now; Infinity without limits. */
  available(nowMs: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#rooms(nowMs))
  }

  /** What each limit leaves. */
  #rooms(nowMs: number): number[] {
    const promised = this.#promised()
    return this.#limits.map(({ spec, window }) => spec.max - window.sum(nowMs) - promised)
  }

  standing(nowMs: number, owner: string, wanted: number): Standing {
    let outstanding = 0
    for (const lease of this.#leases.values()) outstanding += lease.outstanding
    return {
      available: this.available(nowMs),
      reliefInMs: wanted > 0 ? reliefInMs(this.#limits, nowMs, this.#promised(), wanted) : 0,
      limits: limitStandings(this.#limits, nowMs),
      elsewhere: outstanding - this.outstandingOf(owner),
      forfeited: forfeitedOf(this.#forfeits.values(), nowMs),
      spentEver: this.spent,
      overdraftEver: this.overdraft,
    }
  }

  #apply(owner: string, lease: Lease, line: SyncLine, nowMs: number): Granted {
    for (const { amount, bookedAtMs } of line.credits) this.#unbook(nowMs, bookedAtMs, amount)
    // A purse cannot spend or return what it was not granted; if it says so, the rest was never covered.
    const returned = Math.min(line.giveBack, lease.outstanding)
    const spent = Math.min(line.spent, lease.outstanding - returned)
    const uncovered = line.overdrawn + (line.spent - spent)
    lease.outstanding -= spent + returned
    this.#book(nowMs, spent)
    const overdraft = this.#overdraftOf(uncovered, nowMs)
    this.#book(nowMs, uncovered)

    const granted = this.#share(line, nowMs)
    lease.outstanding += granted
    lease.seq = line.seq
    lease.endsMs = nowMs + this.#leaseMs
    lease.longestHoldMs = Math.max(lease.longestHoldMs, line.longestHoldMs)
    lease.atRisk = line.atRisk
    const standing = this.standing(nowMs, owner, Math.max(0, line.need - granted))
    const reply: Granted = {
      is: 'granted',
      granted,
      leaseForMs: this.#leaseMs,
      bookedAtMs: nowMs,
      overdraft,
      standing,
    }
    lease.reply = reply
    return reply
  }

  #admit(owner: string, { longestHoldMs }: SyncLine): Lease {
    const lease: Lease = { seq: 0, reply: { is: 'stale' }, outstanding: 0, endsMs: 0, longestHoldMs }
    this.#leases.set(owner, lease)
    return lease
  }

  /** Tells a returning owner that its money is forfeited. What it spent beyond its grants is news all the same. */
  #readmit(owner: string, line: SyncLine, nowMs: number): SyncReply {
    // A line that was applied before its lease ended has been booked.
    const news = line.seq === this.#forfeits.get(owner)?.seq ? 0 : line.overdrawn
    const overdraft = this.#overdraftOf(news, nowMs)
    this.#book(nowMs, news)
    const reply: SyncReply = { is: 'forfeited', bookedAtMs: nowMs, overdraft }
    const lease = this.#admit(owner, line)
    lease.seq = line.seq
    lease.endsMs = nowMs + this.#leaseMs
    lease.reply = reply
    return reply
  }

  /**
   * As much as is wanted while there is plenty. Near the end of the budget a chunk shrinks with what is left per owner,
   * down to what is needed now, so that the last money is where the bids are.
   */
  #share({ want, need }: SyncLine, nowMs: number): number {
    const room = Math.max(0, this.available(nowMs))
    if (!Number.isFinite(room)) return Math.max(want, need)
    const fair = Math.floor(room / (2 * Math.max(1, this.#live(nowMs))))
    return Math.min(room, Math.max(need, Math.min(want, fair)))
  }

  /** Brings the account to the present: leases that ended are forfeited, forfeits whose time has come become spend. */
  #age(): number {
    const nowMs = this.#clock.elapsedMs()
    for (const [owner, lease] of this.#leases) {
      if (lease.endsMs > nowMs) continue
      if (lease.outstanding > 0) this.#forfeit(owner, lease, lease.endsMs)
      else if (lease.endsMs + FORGET_AFTER_MS <= nowMs) this.#leases.delete(owner)
    }
    for (const [owner, forfeit] of this.#forfeits) {
      if (forfeit.booked && forfeit.bookAtMs + FORGET_AFTER_MS <= nowMs) this.#forfeits.delete(owner)
      if (forfeit.booked || forfeit.bookAtMs > nowMs) continue
      forfeit.booked = true
      this.#book(forfeit.bookAtMs, forfeit.rest)
    }
    // Kept in the order of their booking, so the old ones come first.
    for (const [id, { bookedMs }] of this.#billed) {
      if (bookedMs + FORGET_AFTER_MS > nowMs) break
      this.#billed.delete(id)
    }
    return nowMs
  }

  #forfeit(owner: string, lease: Lease, atMs: number): void {
    const { seq, longestHoldMs, atRisk } = lease
    this.#leases.delete(owner)
    const before = this.#forfeits.get(owner)
    const rest = atStake(lease) + (before && !before.booked ? before.rest : 0)
    const forfeit: Forfeit = { owner, seq, rest, bookAtMs: atMs + longestHoldMs, booked: false }
    // Records tell what the whole life of an owner left under way, and not which of its leases had it.
    if (atRisk?.records && !before) forfeit.atRisk = atRisk
    this.#forfeits.set(owner, forfeit)
  }

  #live(nowMs: number): number {
    return [...this.#leases.values()].filter(({ endsMs }) => endsMs > nowMs).length
  }

  #promised(): number {
    let promised = 0
    for (const { outstanding } of this.#leases.values()) promised += outstanding
    for (const { booked, rest } of this.#forfeits.values()) if (!booked) promised += rest
    return promised
  }

  #book(atMs: number, amount: number): void {
    if (amount === 0) return
    assert(amount > 0)
    for (const { window } of this.#limits) window.add(atMs, amount)
    this.spent += amount
  }

  #unbook(nowMs: number, bookedAtMs: number, amount: number): void {
    for (const { window } of this.#limits) window.remove(nowMs, bookedAtMs, amount)
    this.spent -= amount
  }

  /** How much of an uncovered amount no limit has room for; counted. */
  #overdraftOf(uncovered: number, nowMs: number): number {
    if (uncovered === 0) return 0
    const overdraft = Math.max(0, uncovered - Math.max(0, this.available(nowMs)))
    this.overdraft += overdraft
    return overdraft
  }
}

/** What was never held is free at once, unless only records can tell. */
function atStake({ outstanding, atRisk }: Lease): number {
  return atRisk && !atRisk.records ? Math.min(outstanding, atRisk.unrecorded) : outstanding
}
