import { strict as assert } from 'node:assert'
import type { Clock } from '../../../time/clock.ts'
import type { HoldMode } from '../protocol/hold-mode.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type {
  Bill,
  BillReply,
  Forfeited,
  Granted,
  PauseState,
  PendingForfeit,
  ScopeDefinition,
  ScopeStanding,
  SetBy,
  SyncLine,
  SyncReply,
} from '../protocol/store.ts'
import type { AccountState, Forfeit, OwnerLease } from './account-state.ts'
import { type Limit, limitStandings, reliefInMs, replaceLimits, restoreLimit } from './limits.ts'
import { DayWindow } from './windows/index.ts'

/** How long gone owners and the ids of bills are remembered. A bill repeated after that is booked again, which is safe. */
const FORGET_AFTER_MS = 48 * 3_600_000

/**
 * One scope in the store: its limits, the spend in their windows, and the grants of each owner. It is a state machine that
 * changes only through its methods, at the time of the store's clock. Amounts are in micros (or in calls).
 *
 * Invariant: spend in each window + outstanding grants + forfeits not yet booked ≤ limit, except for overdraft and after
 * a limit was lowered.
 */
export class Account {
  readonly name: string
  readonly currency: string
  setBy: SetBy = 'configuration'
  holdMode: HoldMode | undefined
  pause: PauseState = { is: 'running' }
  /** When the scope was removed (elapsed ms); undefined for one that is in use. */
  removedMs: number | undefined
  spent = 0
  overdraft = 0
  /** Length of the leases that are given from now on. */
  leaseMs: number
  readonly #clock: Clock
  #limits: readonly Limit[] = []
  readonly #leases = new Map<string, OwnerLease>()
  readonly #forfeits = new Map<string, Forfeit>()
  /** By bid id: the highest bill booked by {@link bill}, and the time of the first one. */
  readonly #billed = new Map<string, { readonly bookedMs: number; readonly amount: number }>()

  constructor(clock: Clock, leaseMs: number, { scope, currency, limits, by, holdMode }: ScopeDefinition) {
    this.#clock = clock
    this.leaseMs = leaseMs
    this.name = scope
    this.currency = currency
    this.setLimits(limits, by, holdMode)
  }

  /** Rebuilds an account from what {@link state} returned. */
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

  /** The complete state as plain data, independent of the account. */
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

  /** Call after a time that the elapsed clock did not count, such as a reboot: days then follow the present wall clock. */
  trustWall(): void {
    for (const { window } of this.#limits) if (window instanceof DayWindow) window.trustWall()
  }

  get limits(): readonly LimitSpec[] {
    return this.#limits.map(({ spec }) => spec)
  }

  /** Replaces the limits at once, even below what is already spent; see {@link replaceLimits}. */
  setLimits(specs: readonly LimitSpec[], by: SetBy, holdMode?: HoldMode): void {
    this.#age()
    this.setBy = by
    this.holdMode = holdMode
    this.#limits = replaceLimits(this.#clock, this.#limits, specs, this.spent)
  }

  /** Removes the scope. A later definition is treated like that of a new scope, but the spend stays. */
  remove(): void {
    this.removedMs = this.#age()
    this.pause = { is: 'running' }
    this.setBy = 'configuration'
  }

  /** Whether the account can be deleted: it was removed, and nothing of it counts or can still be billed. */
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
    // The line is not the owner's first and the owner has no lease, so the lease has ended.
    if (!lease && (line.seq !== 1 || forfeit)) return this.#readmit(owner, line, nowMs)
    if (lease && countsOnMore(line, lease)) {
      this.#forfeit(owner, lease, nowMs)
      return this.#readmit(owner, line, nowMs)
    }
    return this.#apply(owner, lease ?? this.#admit(owner, line), line, nowMs)
  }

  /** Ends the lease of an owner: now, or with `mayLinger` at its regular end, since the owner may still be using it. */
  leave(owner: string, mayLinger = false): void {
    const nowMs = this.#age()
    const lease = this.#leases.get(owner)
    if (lease) this.#forfeit(owner, lease, mayLinger && Number.isFinite(lease.endsMs) ? lease.endsMs : nowMs)
  }

  /** Forfeits that records of their owners may reduce. */
  get pendingForfeits(): PendingForfeit[] {
    const pending: PendingForfeit[] = []
    for (const { owner, rest: amount, atRisk } of this.#forfeits.values())
      if (atRisk?.records) pending.push({ scope: this.name, owner, amount, records: atRisk.records })
    return pending
  }

  /**
   * Reduces a forfeit to the high-water mark plus `underWay`: the units of recorded holds that the store had not counted.
   *
   * @returns the units that were freed
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

  /** Units granted to the owner and not yet spent or returned. */
  outstandingOf(owner: string): number {
    return this.#leases.get(owner)?.outstanding ?? 0
  }

  /** Units that would be forfeited if the owner ended now, before its records are checked. */
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
      // The forfeit was booked as spend at an earlier time; that booking is replaced by the bill's.
      if (forfeit.booked) this.#unbook(nowMs, forfeit.bookAtMs, rest)
    }
    // Per limit, the forfeit covers the bill only as far as it still counted there: a part that had left the window does not.
    const lacking = this.#rooms(nowMs).map((room, i) => amount - room + Math.min(0, before[i] ?? room))
    const overdraft = Math.max(0, ...lacking)
    this.overdraft += overdraft
    this.#book(nowMs, amount)
    this.#billed.set(id, { bookedMs: earlier?.bookedMs ?? nowMs, amount: all })
    return { is: 'booked', amount, overdraft }
  }

  /** Units that could be granted now; Infinity without limits, negative above a limit. */
  available(nowMs: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#rooms(nowMs))
  }

  /** The room that each limit leaves; negative where a limit is exceeded. */
  #rooms(nowMs: number): number[] {
    const promised = this.#promised()
    return this.#limits.map(({ spec, window }) => spec.max - window.sum(nowMs) - promised)
  }

  standing(nowMs: number, owner: string, wanted: number): ScopeStanding {
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

  #apply(owner: string, lease: OwnerLease, line: SyncLine, nowMs: number): Granted {
    for (const { amount, bookedAtMs } of line.credits) this.#unbook(nowMs, bookedAtMs, amount)
    // Spend above what was granted is treated as uncovered, and a return above it is ignored.
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
    lease.endsMs = nowMs + this.leaseMs
    lease.longestHoldMs = Math.max(lease.longestHoldMs, line.longestHoldMs)
    lease.atRisk = line.atRisk
    const standing = this.standing(nowMs, owner, Math.max(0, line.need - granted))
    const reply: Granted = {
      is: 'granted',
      granted,
      leaseForMs: this.leaseMs,
      bookedAtMs: nowMs,
      overdraft,
      standing,
    }
    lease.reply = reply
    return reply
  }

  #admit(owner: string, { longestHoldMs }: SyncLine): OwnerLease {
    const lease: OwnerLease = { seq: 0, reply: { is: 'stale' }, outstanding: 0, endsMs: 0, longestHoldMs }
    this.#leases.set(owner, lease)
    return lease
  }

  /** Answers `forfeited` to an owner that lost its lease, and books its overdrawn spend, which no forfeit contains. */
  #readmit(owner: string, line: SyncLine, nowMs: number): SyncReply {
    // A line that was applied before the lease ended is booked already.
    const news = line.seq === this.#forfeits.get(owner)?.seq ? 0 : line.overdrawn
    const overdraft = this.#overdraftOf(news, nowMs)
    this.#book(nowMs, news)
    const reply: SyncReply = { is: 'forfeited', bookedAtMs: nowMs, overdraft }
    const lease = this.#admit(owner, line)
    lease.seq = line.seq
    lease.endsMs = nowMs + this.leaseMs
    lease.reply = reply
    return reply
  }

  /**
   * How much to grant: `want` while there is plenty. Near the end of the budget a grant is at most half of an owner's equal
   * share, but at least `need` as far as there is room, so that the last money goes to owners that have bids.
   */
  #share({ want, need }: SyncLine, nowMs: number): number {
    const room = Math.max(0, this.available(nowMs))
    if (!Number.isFinite(room)) return Math.max(want, need)
    const fair = Math.floor(room / (2 * Math.max(1, this.#live(nowMs))))
    return Math.min(room, Math.max(need, Math.min(want, fair)))
  }

  /** Forfeits leases that have ended and books forfeits that are due. Returns the time now. */
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
    // The map is in the order of booking, so the oldest come first.
    for (const [id, { bookedMs }] of this.#billed) {
      if (bookedMs + FORGET_AFTER_MS > nowMs) break
      this.#billed.delete(id)
    }
    return nowMs
  }

  #forfeit(owner: string, lease: OwnerLease, atMs: number): void {
    const { seq, longestHoldMs, atRisk } = lease
    this.#leases.delete(owner)
    const before = this.#forfeits.get(owner)
    const rest = atStake(lease) + (before && !before.booked ? before.rest : 0)
    const forfeit: Forfeit = { owner, seq, rest, bookAtMs: atMs + longestHoldMs, booked: false }
    // Records cover the whole life of an owner, not one lease; so after an earlier forfeit they prove nothing.
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

  /** The part of an uncovered amount that no limit has room for; added to the overdraft. */
  #overdraftOf(uncovered: number, nowMs: number): number {
    if (uncovered === 0) return 0
    const overdraft = Math.max(0, uncovered - Math.max(0, this.available(nowMs)))
    this.overdraft += overdraft
    return overdraft
  }
}

/** What to forfeit: the high-water mark at most, or all that is outstanding if there may be recorded holds. */
function atStake({ outstanding, atRisk }: OwnerLease): number {
  return atRisk && !atRisk.records ? Math.min(outstanding, atRisk.unrecorded) : outstanding
}

/** The sum of the forfeits that are not booked as spend yet. */
function forfeitedOf(forfeits: Iterable<Forfeit>, nowMs: number): Forfeited {
  const pending = [...forfeits].filter(({ booked, rest }) => !booked && rest > 0)
  const firstMs = Math.min(...pending.map(({ bookAtMs }) => bookAtMs))
  return {
    amount: pending.reduce((sum, { rest }) => sum + rest, 0),
    bookedInMs: pending.length > 0 ? Math.max(0, firstMs - nowMs) : undefined,
  }
}

/** Whether an owner claims more than its lease has: it applied a late answer from before a forfeit. */
function countsOnMore({ totals }: SyncLine, { outstanding }: OwnerLease): boolean {
  if (!totals) return false
  const { granted, reported, returned, forfeited } = totals
  return granted - reported - returned - forfeited > outstanding
}
