import { isDeepStrictEqual } from 'node:util'
import { localDate } from '../../src/shield/budget/ledger/windows/naive-windows.test-support.ts'
import type { Bill, SyncLine } from '../../src/shield/budget/protocol/store.ts'
import type { LimitSpec } from '../../src/shield/index.ts'
import type { Figures } from './server.ts'
import type { VirtualTime } from './time.ts'

/** One bid as the exchange sees it. */
export interface Bid {
  readonly id: string
  readonly owner: string
  /** Less what was billed ahead. */
  held: number
  /** What was billed ahead, and when its owner was told. */
  part: { readonly amount: number; readonly toldMs: number } | undefined
  readonly scopes: readonly string[]
  readonly placedMs: number
  /** When the hold is over, by true time. */
  readonly deadlineMs: number
  /** What it cost and when, once that is so. */
  cost: { readonly amount: number; readonly atMs: number } | undefined
  /** It never will cost anything, whether its owner knows that or not. */
  isRefused: boolean
  /** It was refused and its hold is over, though its owner may stand still and not have ended it. */
  isOver: boolean
  /** Scopes in which it may still become spend within its hold. */
  readonly open: Set<string>
  /** Scopes in which its cost is in the record. */
  readonly recorded: Set<string>
  /** Since when its owner knows of that; Infinity while it does not. */
  recordedMs: number
  /** What the store booked for it, by scope. */
  readonly billed: Map<string, number>
  /** What the store heard of its late bill from its owner, by scope: no forfeit covers that. */
  readonly heard: Map<string, number>
}

interface Spend {
  readonly atMs: number
  readonly amount: number
}

/** What became spend in truth. */
interface TrueSpend extends Spend {
  readonly owner: string
  /** When the owner may have been granted the money for it at the latest. */
  readonly grantedMs: number
}

/** How the report names the one way past a limit that is known and documented; see docs/internals/redis.md, “What remains”. */
export const LOST_REGISTRATION = 'limit exceeded by an owner whose registration Redis lost'

interface LateSpend {
  readonly bid: Bid
  readonly scope: string
  readonly amount: number
  /** When the owner took it, and perhaps paid for it from what it had been granted. */
  readonly toldMs: number
}

/** An owner was told that it lost its lease. */
interface Told {
  readonly seq: number
  /** When the line was made with which it had last reported spend. */
  readonly reportedMs: number
  readonly atMs: number
}

interface ScopeRecord {
  readonly spends: TrueSpend[]
  readonly overdrafts: Spend[]
  open: number
  trueSpend: number
  /** Settled though it never became spend: what is counted too much on purpose. */
  falseSpend: number
  /** Late bills that their owner took with it. */
  lost: number
  /** As much overdraft as late bills can explain. */
  late: number
  /** As the store said last; undefined after a crash, which may have forgotten what nobody was told. */
  overdraft: number | undefined
  inForce: { readonly fromMs: number; readonly offsetMs: number; readonly specs: readonly LimitSpec[] }[]
  lastUsed: Map<string, number>
}

/** The first thing that was not as it must be. */
export interface Violation {
  readonly invariant: string
  readonly detail: string
  readonly atMs: number
}

/**
 * What really became spend, and when, by true time; kept beside the service, naive, and complete. It knows what the store
 * answered only where a rule is about the store: which limits are in force, and what it calls overdraft.
 */
export class Oracle {
  readonly #time: VirtualTime
  readonly #wallMs: () => number
  readonly #storeWallMs: () => number
  readonly #graceMs: number
  readonly #scopes = new Map<string, ScopeRecord>()
  readonly #counts = new Map<string, number>()
  /** Bills that came after their hold was over, or above it: not told to the store yet, or on the way there. */
  readonly #untold = new Map<string, LateSpend[]>()
  readonly #onTheWay = new Map<string, LateSpend[]>()
  violation: Violation | undefined
  /** Where a story is wanted. */
  readonly trace: ((text: string) => void) | undefined

  /**
   * @param wallMs the true date
   * @param storeWallMs what the clock that days are counted by takes for it
   * @param graceMs how long money granted under an old limit may be used
   */
  constructor(
    time: VirtualTime,
    wallMs: () => number,
    storeWallMs: () => number,
    graceMs: number,
    trace?: (text: string) => void,
  ) {
    this.#time = time
    this.trace = trace
    this.#wallMs = wallMs
    this.#storeWallMs = storeWallMs
    this.#graceMs = graceMs
  }

  /** The story, for whoever reads it. */
  say(text: () => string): void {
    this.trace?.(`${String(this.#time.nowMs).padStart(7)} ms  ${text()}`)
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by)
  }

  expect(holds: boolean, invariant: string, detail: () => string): void {
    if (holds || this.violation) return
    this.violation = { invariant, detail: detail(), atMs: this.#time.nowMs }
  }

  /** Work that must not throw. */
  guarded<T>(what: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.expect(false, 'asserts', () => `${what}: ${error instanceof Error ? error.message : error}`)
      throw error
    }
  }

  scope(name: string): ScopeRecord {
    const known = this.#scopes.get(name)
    if (known) return known
    const made: ScopeRecord = {
      spends: [],
      overdrafts: [],
      open: 0,
      trueSpend: 0,
      falseSpend: 0,
      lost: 0,
      late: 0,
      overdraft: 0,
      inForce: [],
      lastUsed: new Map(),
    }
    this.#scopes.set(name, made)
    return made
  }

  // Bids -------------------------------------------------------------------------------------------------------------

  /** Money was set aside for a bid. */
  held(id: string, owner: string, scopes: readonly string[]): void {
    for (const name of scopes) {
      const untilMs = this.#leases.get(`${owner} ${name}`) ?? 0
      this.expect(
        this.#time.nowMs < untilMs,
        'nothing is held without a lease',
        () => `${id} by ${owner} in ${name}, whose lease ended at ${untilMs} ms`,
      )
    }
  }

  /** A bid whose money is set aside may leave. */
  placed(bid: Bid): void {
    this.count('bid')
    this.#change(bid.scopes, `a bid of ${bid.held} by ${bid.owner}`, () => {
      for (const name of bid.scopes) {
        bid.open.add(name)
        this.scope(name).open += bid.held
      }
    })
  }

  /** It cannot become spend within its hold any more. */
  closed(bid: Bid): void {
    for (const name of [...bid.open]) this.#close(bid, name)
  }

  /** Its hold is over by true time. A call that was refused cannot cost anything from now on, whoever keeps it open. */
  ended(bid: Bid): void {
    if (!bid.isRefused || bid.isOver) return
    bid.isOver = true
    for (const name of bid.open) this.scope(name).open -= bid.held
  }

  /** Its cost is covered by its hold: counted from when it was spent, whenever the news comes. */
  covered(bid: Bid, scopes: readonly string[] = bid.scopes): void {
    const { cost } = bid
    if (!cost) return
    for (const name of scopes) {
      if (!bid.open.has(name)) continue
      this.#close(bid, name)
      this.#record(bid, name, Math.min(cost.amount, bid.held), cost.atMs)
    }
  }

  /**
   * The owner is told a bill. What its hold does not cover is late: it counts as spend when the store hears of it.
   * Called before the owner acts.
   */
  told(bid: Bid, amount: number): void {
    for (const name of bid.scopes) {
      const late = bid.open.has(name) ? Math.max(0, amount - bid.held) : bid.recorded.has(name) ? 0 : amount
      // Booked by the store already, so what the owner says beside it is said twice.
      if (bid.billed.has(name)) this.scope(name).late += amount
      if (late === 0) continue
      this.count('late or dear bill')
      this.scope(name).late += late
      this.#list(this.#untold, `${bid.owner} ${name}`).push({
        bid,
        scope: name,
        amount: late,
        toldMs: this.#time.nowMs,
      })
      bid.recorded.add(name)
      bid.recordedMs = this.#time.nowMs
    }
    this.covered(bid)
  }

  /** The owner of an open bid is told part of its cost; what is left of both is as if it had been all. */
  toldPart(bid: Bid, amount: number): void {
    const { cost } = bid
    if (!cost) return
    this.count('billed ahead')
    for (const name of bid.open) {
      this.scope(name).open -= amount
      this.#add(name, amount, cost.atMs, bid.owner, bid.placedMs)
    }
    bid.held -= amount
    bid.cost = { ...cost, amount: cost.amount - amount }
    bid.part = { amount, toldMs: this.#time.nowMs }
  }

  /** The owner of a call has settled it. */
  settled(bid: Bid): void {
    bid.recordedMs = Math.min(bid.recordedMs, this.#time.nowMs)
  }

  /** Counted as spent by the owner without being so. */
  settledFalsely(bid: Bid): void {
    this.closed(bid)
    for (const name of bid.scopes) this.scope(name).falseSpend += bid.held
  }

  /** A store that crashed may have forgotten what it never answered, such as bills: they come again. */
  storeCrashed(): void {
    for (const bid of this.#bids.values()) {
      if (bid.billed.size > 0) this.#perhapsBilled.add(bid.id)
      bid.billed.clear()
    }
    for (const record of this.#scopes.values()) record.overdraft = undefined
  }

  /** Of these bids a store that crashed has booked a bill, or has forgotten it. */
  readonly #perhapsBilled = new Set<string>()

  /** How often the store lost some of what it had answered. */
  forgotten = 0
  storeForgot(): void {
    this.forgotten += 1
    this.storeCrashed()
  }

  /** Owners whose registration Redis has lost: when, and when each scope has heard from them again. */
  readonly #unregistered = new Map<
    string,
    { readonly atMs: number; readonly returned: Map<string, number> }
  >()
  registrationLost(owner: string): void {
    this.count('registration lost')
    this.say(() => `  Redis has lost that ${owner} is registered`)
    this.#unregistered.set(owner, { atMs: this.#time.nowMs, returned: new Map() })
  }

  /**
   * What owners whose registration was lost have in use of what they were granted before, or until their lease ended. The
   * fence keeps others from it for a lease. Once the scope has heard from such an owner it counts that, and takes back from
   * the others within another.
   */
  #usedUnregistered(name: string, spec: LimitSpec): number {
    if (this.#unregistered.size === 0) return 0
    const isLost = (owner: string, grantedMs: number) => {
      const lost = this.#unregistered.get(owner)
      if (!lost || grantedMs > lost.atMs + this.#graceMs) return false
      if (this.#time.nowMs < lost.atMs + this.#graceMs) return false
      return this.#time.nowMs <= (lost.returned.get(name) ?? Number.POSITIVE_INFINITY) + this.#graceMs
    }
    const record = this.scope(name)
    let used = this.#within(
      record,
      record.spends.filter(({ owner, grantedMs }) => isLost(owner, grantedMs)),
      spec,
    )
    for (const bid of this.#bids.values())
      if (bid.open.has(name) && !bid.isOver && isLost(bid.owner, bid.placedMs)) used += bid.held
    return used
  }

  /** An owner is gone, and with it what only it knew. */
  died(owner: string): void {
    for (const [key, list] of this.#untold) {
      if (!key.startsWith(`${owner} `)) continue
      for (const { scope, amount } of list) {
        this.scope(scope).lost += amount
        this.count('late bill lost with its owner')
      }
      this.#untold.delete(key)
    }
  }

  // The wire ---------------------------------------------------------------------------------------------------------

  /** Lines sent so far, whether they arrive or not. */
  sent = 0

  lineSent(owner: string, { scope, seq }: SyncLine): void {
    this.sent += 1
    const key = `${owner} ${scope} ${seq}`
    if (this.#onTheWay.has(key)) return
    this.#sent.set(key, this.#time.nowMs)
    this.#onTheWay.set(key, this.#untold.get(`${owner} ${scope}`) ?? [])
    this.#untold.delete(`${owner} ${scope}`)
  }

  /** The store granted something, or nothing, until then. */
  leased(owner: string, scope: string, forMs: number): void {
    this.#leases.set(`${owner} ${scope}`, this.#time.nowMs + forMs)
  }
  readonly #leases = new Map<string, number>()

  /** An owner is told that it lost its lease, and all that it had not reported; as often as it asks. */
  forfeited(owner: string, { scope, seq }: SyncLine): void {
    const known = this.#list(this.#forfeits, `${owner} ${scope}`)
    if (known.at(-1)?.seq === seq) return
    const reportedMs = this.#reported.get(`${owner} ${scope}`) ?? 0
    known.push({ seq, reportedMs, atMs: this.#time.nowMs })
  }

  /** For the first time. One that was answered with `forfeited` has reported no spend but what was overdrawn. */
  lineApplied(owner: string, { scope, seq, overdrawn }: SyncLine, is: 'granted' | 'forfeited'): void {
    const key = `${owner} ${scope}`
    const nowMs = this.#time.nowMs
    if (is === 'granted') this.#reported.set(key, this.#sent.get(`${key} ${seq}`) ?? 0)
    const lost = this.#unregistered.get(owner)
    if (lost && !lost.returned.has(scope)) lost.returned.set(scope, nowMs)
    const late = this.#onTheWay.get(`${key} ${seq}`) ?? []
    if (late.length === 0) return
    this.#onTheWay.set(`${key} ${seq}`, [])
    const forfeitedMs = this.#forfeits.get(key)?.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY
    let covered = late.reduce((sum, { amount }) => sum + amount, -overdrawn)
    const spend = () => {
      for (const { bid, amount, toldMs } of late) {
        // Paid from a balance that was forfeited since: the store has heard of it as that, and counted it then.
        const forfeited = toldMs <= forfeitedMs ? Math.max(0, Math.min(amount, covered)) : 0
        covered -= forfeited
        if (forfeited > 0) this.#add(scope, forfeited, toldMs, owner, toldMs)
        if (amount > forfeited) this.#add(scope, amount - forfeited, nowMs, owner, toldMs)
        bid.heard.set(scope, amount - forfeited)
      }
    }
    this.#change([scope], 'late bills', spend, Math.min(...late.map(({ toldMs }) => toldMs)))
  }

  /**
   * The store booked a bill of an owner that has no lease.
   *
   * @param amount what of it became spend now
   */
  booked({ scope, id, amount: all }: Bill, amount: number): void {
    this.count('bill booked by the store')
    this.say(() => `  the store books ${amount} of ${scope} for ${id}`)
    const bid = this.#bids.get(id)
    if (!bid) {
      this.expect(false, 'a forged bill moves nothing', () => `${id} of ${amount} was booked`)
      return
    }
    const before = bid.billed.get(scope)
    bid.billed.set(scope, all)
    if (before !== undefined) {
      this.count('bill raised')
      this.expect(
        all > before && amount === all - before,
        'a hold ends once',
        () => `${id}, booked at ${before}, was booked again by ${amount} at ${all} in ${scope}`,
      )
      this.#excuse(bid, scope, amount)
      this.#bookLate(bid, scope, amount)
      return
    }
    this.expect(
      amount === all || this.#perhapsBilled.has(id),
      'a bill is booked whole',
      () => `${amount} of ${all} for ${id} in ${scope}`,
    )
    const isRepeated = bid.recorded.has(scope) && !bid.open.has(scope)
    if (bid.open.has(scope) && bid.cost && bid.cost.atMs <= bid.deadlineMs) {
      this.covered(bid, [scope])
      const beyond = Math.max(0, amount - bid.held)
      this.#excuse(bid, scope, beyond)
      this.#bookLate(bid, scope, beyond)
    } else if (isRepeated) {
      this.count('bill booked beside its hold')
      // Above its hold it is told to the record here for the first time.
      this.scope(scope).late += amount
      this.#excuse(bid, scope, amount)
    } else {
      this.#close(bid, scope)
      this.#excuse(bid, scope, amount)
      this.#bookLate(bid, scope, amount)
    }
  }

  /** The store has booked nothing, since it had booked as much before. */
  alreadyBooked({ scope, id, amount }: Bill): void {
    const before = this.#bids.get(id)?.billed.get(scope) ?? Number.POSITIVE_INFINITY
    this.expect(
      amount <= before,
      'a bill is booked whole',
      () => `${id}, booked at ${before}, moved nothing at ${amount} in ${scope}`,
    )
  }

  /** Perhaps paid from what the owner was granted long ago, and forfeited. */
  #bookLate(bid: Bid, scope: string, amount: number): void {
    this.#change([scope], 'a late bill', () => this.#lateNow(bid, scope, amount), bid.placedMs)
  }

  /**
   * What an owner forfeited pays for whichever of its bids is billed: the store does not know which of them were still
   * held. So a bill that came late or again, or what is above its hold, takes the cover of as much as that owner had not
   * reported: lately, or when it lost a lease before and came back. Where those bids are open, until they are over.
   */
  #excuse(billed: Bid, name: string, amount: number): void {
    const { owner } = billed
    const reportedMs = this.#reported.get(`${owner} ${name}`) ?? 0
    const forfeits = this.#forfeits.get(`${owner} ${name}`) ?? []
    const isUnreported = ({ placedMs }: Bid, toldMs: number) =>
      toldMs >= reportedMs ||
      forfeits.some((forfeit) => placedMs <= forfeit.atMs && toldMs >= forfeit.reportedMs)
    let claims = 0
    let untilMs = this.#time.nowMs
    for (const bid of this.#bids.values()) {
      if (bid.owner !== owner || !bid.scopes.includes(name)) continue
      if (bid.part && isUnreported(bid, bid.part.toldMs)) claims += bid.part.amount
      if (bid === billed) continue
      if (bid.open.has(name)) {
        claims += bid.held
        untilMs = Math.max(untilMs, bid.deadlineMs)
      } else if (bid.recorded.has(name) && isUnreported(bid, bid.recordedMs))
        claims += (bid.cost?.amount ?? 0) - (bid.heard.get(name) ?? 0)
    }
    const excused = Math.min(amount, claims)
    if (excused === 0) return
    this.count('late bill paid from the cover of others')
    this.scope(name).lost += excused
    this.scope(name).overdrafts.push({ atMs: untilMs, amount: excused })
  }

  /** When the last line was made that reported spend. */
  readonly #reported = new Map<string, number>()
  readonly #forfeits = new Map<string, Told[]>()
  readonly #sent = new Map<string, number>()

  readonly #bids = new Map<string, Bid>()

  know(bid: Bid): void {
    this.#bids.set(bid.id, bid)
  }

  /** After every command: what the store says of a scope. */
  stands(name: string, { limits, overdraft }: Figures): void {
    const record = this.scope(name)
    if (!isDeepStrictEqual(record.inForce.at(-1)?.specs, limits)) {
      record.inForce.push({
        fromMs: this.#time.nowMs,
        offsetMs: this.#storeWallMs() - this.#time.nowMs,
        specs: limits,
      })
    }
    const by = overdraft - (record.overdraft ?? overdraft)
    record.overdraft = overdraft
    if (by === 0) return
    this.expect(by > 0, 'overdraft only grows', () => `by ${by} in ${name}`)
    record.overdrafts.push({ atMs: this.#time.nowMs, amount: by })
    this.#overdrawn.add(name)
  }

  // Limits -----------------------------------------------------------------------------------------------------------

  /** Spend that counts now by true time, and what may still become spend. */
  used(name: string, spec: LimitSpec): number {
    const record = this.scope(name)
    return record.open + this.#within(record, record.spends, spec)
  }

  #within(record: ScopeRecord, entries: readonly Spend[], spec: LimitSpec): number {
    const nowMs = this.#time.nowMs
    let sum = 0
    if (spec.kind === 'lifetime') for (const { amount } of entries) sum += amount
    else if (spec.kind === 'sliding') {
      for (const { atMs, amount } of entries) if (nowMs - atMs < spec.windowMs) sum += amount
    } else {
      const offsets = [this.#wallMs() - nowMs, ...this.#offsetsOf(record, spec)]
      const isToday = (atMs: number) =>
        offsets.every((by) => this.#date(by + atMs, spec.timezone) === this.#date(by + nowMs, spec.timezone))
      for (const { atMs, amount } of entries) if (atMs > nowMs || isToday(atMs)) sum += amount
    }
    return sum
  }

  /** How far the store's date was from true time when this window began: that it was wrong then, nobody could know. */
  #offsetsOf({ inForce }: ScopeRecord, spec: LimitSpec): number[] {
    const since = inForce.findLastIndex(({ specs }) => !specs.some((other) => isSameWindow(other, spec))) + 1
    return inForce.slice(since, since + 1).map(({ offsetMs }) => offsetMs)
  }

  /** By minutes: no time zone begins its day within one. */
  readonly #dates = new Map<string, string>()
  #date(wallMs: number, timezone: string): string {
    const minute = Math.floor(wallMs / 60_000)
    const key = `${minute} ${timezone}`
    const known = this.#dates.get(key)
    if (known !== undefined) return known
    const date = localDate(minute * 60_000, timezone)
    this.#dates.set(key, date)
    return date
  }

  /** The limits that money in use now may have been granted under. Infinity where one was not in force all the time. */
  #allowed(record: ScopeRecord, spec: LimitSpec, usedMs: number): number {
    const sinceMs = usedMs - this.#graceMs
    let most = 0
    for (let i = record.inForce.length - 1; i >= 0; i--) {
      const one = record.inForce[i]
      if (!one) break
      const same = one.specs.filter((other) => isSameWindow(other, spec)).map(({ max }) => max)
      most = Math.max(most, same.length > 0 ? Math.min(...same) : Number.POSITIVE_INFINITY)
      if (one.fromMs <= sinceMs) break
    }
    return most
  }

  /** Invariant 1: nothing that happens takes a scope beyond its limits, except by what is declared as overdraft. */
  #change(scopes: readonly string[], what: string, work: () => void, usedMs = this.#time.nowMs): void {
    const before = scopes.map((name) =>
      (this.scope(name).inForce.at(-1)?.specs ?? []).map((spec) => this.used(name, spec)),
    )
    work()
    scopes.forEach((name, i) => {
      const record = this.scope(name)
      for (const [k, spec] of (record.inForce.at(-1)?.specs ?? []).entries()) {
        const used = this.used(name, spec)
        if (used <= (before[i]?.[k] ?? 0)) continue
        this.#pending.push({ name, spec, used, before: before[i]?.[k] ?? 0, usedMs, what })
      }
    })
  }

  /** Judged after the event, when its overdraft is known. */
  readonly #pending: {
    name: string
    spec: LimitSpec
    used: number
    before: number
    usedMs: number
    what: string
  }[] = []
  readonly #overdrawn = new Set<string>()

  judge(): void {
    const nowMs = this.#time.nowMs
    for (const { name, spec, used, before, usedMs, what } of this.#pending) {
      const record = this.scope(name)
      const overdraft = this.#within(record, record.overdrafts, spec)
      const justNow = record.overdrafts.filter(({ atMs }) => atMs >= nowMs)
      const allowed = Math.max(
        this.#allowed(record, spec, usedMs) + overdraft,
        justNow.length === 0 ? 0 : before + justNow.reduce((sum, { amount }) => sum + amount, 0),
      )
      const unregistered = used <= allowed ? 0 : this.#usedUnregistered(name, spec)
      if (used > allowed && used <= allowed + unregistered) this.count(LOST_REGISTRATION)
      this.expect(
        used <= allowed + unregistered,
        'spend and open holds ≤ limit',
        () =>
          `${name}: ${what} makes ${used} of ${JSON.stringify(spec)}, ${record.open} of it open, with ${overdraft} declared as overdraft`,
      )
    }
    this.#pending.length = 0
    for (const name of this.#overdrawn) {
      const { overdraft = 0, late } = this.scope(name)
      this.expect(
        overdraft <= late,
        'overdraft is late bills',
        () => `${overdraft} in ${name}, where ${late} came late or above its hold`,
      )
    }
    this.#overdrawn.clear()
  }

  /** In the end, when everything was told: the store has counted all that was spent, and no more than it had reason to. */
  reckon(name: string, figures: Figures, isExact: boolean): void {
    const { trueSpend, falseSpend } = this.scope(name)
    const lost = this.scope(name).lost + this.#lostOnTheWay(name)
    const { spent } = figures
    this.expect(
      spent >= trueSpend - lost || this.forgotten > 0,
      'what was spent is counted',
      () => `${name}: ${spent} of ${trueSpend}, ${lost} of it lost with their owners`,
    )
    if (!isExact) return
    this.expect(
      spent <= trueSpend + falseSpend,
      'nothing is counted that was not spent',
      () => `${name}: ${spent}, where ${trueSpend} were spent and ${falseSpend} settled as unknown`,
    )
  }

  /** Lines of owners that died, which never arrived. What they would have added to the record was not added. */
  #lostOnTheWay(name: string): number {
    let lost = 0
    for (const list of this.#onTheWay.values())
      for (const late of list) if (late.scope === name) lost += late.amount
    return lost
  }

  #lateNow(bid: Bid, name: string, amount: number): void {
    if (amount === 0) return
    this.count('late or dear bill')
    this.scope(name).late += amount
    bid.recorded.add(name)
    this.#add(name, amount, this.#time.nowMs, bid.owner, bid.placedMs)
  }

  #close(bid: Bid, name: string): void {
    if (bid.open.delete(name) && !bid.isOver) this.scope(name).open -= bid.held
  }

  #record(bid: Bid, name: string, amount: number, atMs: number): void {
    bid.recorded.add(name)
    bid.recordedMs = this.#time.nowMs
    this.#add(name, amount, atMs, bid.owner, bid.placedMs)
  }

  #add(name: string, amount: number, atMs: number, owner: string, grantedMs: number): void {
    const record = this.scope(name)
    record.trueSpend += amount
    this.say(() => `  spent in truth: ${amount} of ${name}, at ${Math.round(atMs)} ms`)
    record.spends.push({ atMs, amount, owner, grantedMs })
  }

  #list<T>(lists: Map<string, T[]>, key: string): T[] {
    const known = lists.get(key) ?? []
    lists.set(key, known)
    return known
  }
}

const isSameWindow = ({ max: _, ...a }: LimitSpec, { max: __, ...b }: LimitSpec): boolean =>
  isDeepStrictEqual(a, b)
