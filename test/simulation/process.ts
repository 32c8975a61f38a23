import { micros } from '../../src/money.ts'
import {
  BudgetManager,
  type BudgetStore,
  type Hold,
  HoldBook,
  type HoldEntry,
  type HoldMode,
  type HoldTerms,
  type Scope,
} from '../../src/shield/index.ts'
import { every, sleep } from '../../src/time/clock.ts'
import { type FalseLosses, Losses } from './losses.ts'
import type { Line } from './network.ts'
import type { Bid, Oracle } from './oracle.ts'
import type { PlannedScope } from './plan.ts'
import type { ProcessClock } from './time.ts'

/** As the service does. */
const SWEEP_MS = 1_000
/** What is written is on the disk after so long. */
const WRITE_MS = 3
/** Names the records of all processes: what is written there is told apart by owner. */
export const RECORDS_ID = 'records'

/** One process of the service: its budget manager, and the notices that it takes. */
export class Process {
  readonly id: string
  readonly clock: ProcessClock
  readonly line: Line
  readonly store: BudgetStore
  readonly budget: BudgetManager
  readonly #oracle: Oracle
  readonly #bids = new Map<string, { readonly bid: Bid; readonly hold: Hold; readonly isCall: boolean }>()
  /** Which bids were billed here: a notice is never booked twice by the process that knows it. */
  readonly #billed = new Set<string>()
  /** Which bids were billed below their cost, ahead of their bill. */
  readonly #ahead = new Set<string>()
  readonly #lost = new Set<string>()
  readonly #losses: Losses
  /** What this process must obey at once: told to it, and by nobody lifted since. */
  readonly stopped = new Set<string>()
  isAlive = true
  /** What is on its disk of its calls, and outlives it; undefined where nothing is written. */
  readonly written: HoldEntry[] | undefined
  readonly #book = new HoldBook()
  /** It takes no more bids. */
  isLeaving = false

  constructor(
    id: string,
    clock: ProcessClock,
    line: Line,
    store: BudgetStore,
    oracle: Oracle,
    rememberEnded: number,
    keepsRecords: boolean,
    falseLosses: FalseLosses,
  ) {
    this.written = keepsRecords ? [] : undefined
    this.id = id
    this.clock = clock
    this.line = line
    this.store = store
    this.#oracle = oracle
    this.#losses = new Losses(clock, oracle, falseLosses)
    this.budget = new BudgetManager({
      clock,
      store,
      owner: id,
      rememberEnded,
      recordsId: keepsRecords ? RECORDS_ID : undefined,
      onExpired: (hold) => this.#expired(hold),
    })
    every(clock, SWEEP_MS, () => this.budget.expire())
  }

  define(scopes: readonly PlannedScope[], holdMode: HoldMode): void {
    for (const { name, limits } of scopes) this.budget.define(name, 'USD', limits, 'configuration', holdMode)
  }

  scopes(names: readonly string[]): Scope[] {
    return names.flatMap((name) => this.budget.scope(name) ?? [])
  }

  /** Sets money aside for a bid, or not. `isPatient` waits for the store where it has to be asked. */
  async bid(
    id: string,
    names: readonly string[],
    amount: number,
    terms: HoldTerms,
    isPatient: boolean,
    trueMs: () => number,
  ): Promise<Bid | undefined> {
    const scopes = this.scopes(names)
    const isCall = terms.onExpiry === 'settle'
    if (scopes.length < names.length) return undefined
    const kept = { ...terms, isRecorded: isCall && this.written !== undefined }
    const result = isPatient
      ? await this.budget.holdSoon(id, scopes, micros(amount), kept)
      : this.budget.hold(id, scopes, micros(amount), kept)
    if (this.isAlive && result.is === 'held') this.#held(id, names)
    if (result.is === 'held' && kept.isRecorded) await this.#record(result)
    if (result.is === 'held' && result.state !== 'open') return undefined
    if (!this.isAlive || result.is !== 'held') {
      this.#oracle.count(result.is === 'held' ? 'died before the bid left' : `refused: ${result.is}`)
      return undefined
    }
    const bid: Bid = {
      id,
      owner: this.id,
      held: amount,
      scopes: names,
      placedMs: trueMs(),
      deadlineMs: Math.ceil(this.clock.trueMs(terms.ttlMs)) + 1,
      part: undefined,
      cost: undefined,
      isRefused: false,
      isOver: false,
      open: new Set(),
      recorded: new Set(),
      recordedMs: 0,
      billed: new Map(),
      heard: new Map(),
    }
    this.#bids.set(id, { bid, hold: result, isCall })
    this.#oracle.know(bid)
    this.#oracle.placed(bid)
    return bid
  }

  #held(id: string, names: readonly string[]): void {
    this.#oracle.held(id, this.id, names)
    for (const stop of ['', ...names]) {
      this.#oracle.expect(
        !this.stopped.has(stop),
        'a stop is in force at once',
        () => `${this.id} held ${id}`,
      )
    }
  }

  /** Writes a call down: it leaves when that is on the disk. */
  async #record(hold: Hold): Promise<void> {
    const counted = this.#book.counted()
    await sleep(this.clock, WRITE_MS)
    if (counted) this.written?.push(counted)
    this.written?.push(this.#book.begun(hold))
    this.budget.recorded(hold)
  }

  /** Writes down what came of a call, soon. */
  #recordEnd(hold: Hold): void {
    const entry = this.written && hold.queue.terms.isRecorded ? this.#book.ended(hold) : undefined
    if (entry) this.clock.after(WRITE_MS, () => this.written?.push(entry))
  }

  /** Somebody bills an open bid at less than it costs, before its bill comes. */
  billAhead(bid: Bid, amount: number): void {
    const hold = this.#bids.get(bid.id)?.hold
    if (hold?.state !== 'open' || hold.expiresAtMs <= this.clock.elapsedMs()) return
    if (this.#billed.has(bid.id) || this.#lost.has(bid.id) || this.#ahead.has(bid.id)) return
    this.#ahead.add(bid.id)
    this.#oracle.toldPart(bid, amount)
    this.#oracle.say(() => `${bid.id} is billed ${amount} ahead`)
    const ending = this.budget.settlePart(hold, micros(amount))
    this.#oracle.expect(ending === 'settled', 'a hold ends once', () => `${bid.id} in part is ${ending}`)
  }

  /** A bill for a bid of this process. */
  bill(bid: Bid): void {
    const known = this.#bids.get(bid.id)
    if (!known || !bid.cost || this.#billed.has(bid.id)) {
      this.#oracle.count('bill doubled')
      // The manager knows it as well, without the notices' help, and at whatever price it comes again.
      if (known && bid.cost && this.budget.find(bid.id)) {
        const again = this.budget.settle(bid.id, micros(bid.cost.amount + 7))
        this.#oracle.expect(again === 'already', 'a hold ends once', () => `${bid.id} was ${again} again`)
      }
      return
    }
    this.#billed.add(bid.id)
    if (this.#lost.has(bid.id)) this.#losses.contradict(bid.held)
    const isAhead = this.#ahead.has(bid.id)
    const { amount } = bid.cost
    const remembered = this.budget.find(bid.id)
    const isOver = remembered?.state === 'open' && remembered.expiresAtMs <= this.clock.elapsedMs()
    // In the very millisecond of its end it is over, though nobody has looked: what is told then is late.
    if (isOver) this.#oracle.closed(bid)
    this.#oracle.told(bid, amount)
    const state = isOver ? 'released' : remembered?.state
    const ending = this.budget.settle(bid.id, micros(amount))
    // What was billed ahead is settled with its hold, when that is over.
    const late = isAhead ? 'already' : 'settled_late'
    const expected = { open: 'settled', released: late, settled: 'already' } as const
    this.#oracle.expect(
      ending === (state ? expected[state] : 'unknown'),
      'a hold ends once',
      () => `${bid.id}, which was ${state}, is ${ending}`,
    )
    if (ending === 'unknown' || (ending === 'already' && isAhead))
      this.budget.addSpend(`late ${bid.id}`, this.scopes(bid.scopes), micros(amount))
  }

  /** A loss for a bid of this process. A win that was billed stands; a loss that is not believed is no news. */
  lose(bid: Bid): void {
    if (this.#billed.has(bid.id) || this.#ahead.has(bid.id)) return
    const hold = this.#bids.get(bid.id)?.hold
    const isFirst = !this.#lost.has(bid.id)
    this.#lost.add(bid.id)
    if (hold?.state === 'open' && !(isFirst && this.#losses.frees(bid.held, hold.expiresAtMs))) return
    this.#oracle.closed(bid)
    this.budget.release(bid.id)
    const again = this.budget.release(bid.id)
    this.#oracle.expect(
      again === 'already' || again === 'unknown',
      'a hold ends once',
      () => `${again} again`,
    )
  }

  /** A platform call came back. `isDone` for a bid that was taken, or may have been. */
  returned(bid: Bid, isDone: boolean): void {
    const known = this.#bids.get(bid.id)
    if (!known) return
    const { hold } = known
    if (isDone) {
      this.#oracle.settled(bid)
      this.budget.settle(hold, micros(bid.held))
      this.#recordEnd(hold)
      return
    }
    this.#oracle.closed(bid)
    if (this.budget.release(hold) === 'already') this.budget.credit(hold)
    this.#recordEnd(hold)
  }

  /** Proof that a call whose outcome was unknown did nothing. */
  credit(bid: Bid): void {
    const known = this.#bids.get(bid.id)
    if (!known) return
    this.budget.credit(known.hold)
    this.#recordEnd(known.hold)
    const again = this.budget.credit(known.hold)
    this.#oracle.expect(again === 'already', 'a hold ends once', () => `${bid.id} was ${again} again`)
  }

  /** It is gone without a word. */
  die(nowMs: number): void {
    this.isAlive = false
    this.clock.stop()
    this.#oracle.died(this.id)
    for (const { bid, isCall } of this.#bids.values()) {
      if (bid.isRefused) this.#oracle.closed(bid)
      else if (!isCall) this.#orphan(bid, nowMs)
    }
  }

  /** Nobody releases it any more. */
  #orphan(bid: Bid, nowMs: number): void {
    if (bid.cost && bid.cost.atMs <= bid.deadlineMs) this.#oracle.covered(bid)
    else if (nowMs >= bid.deadlineMs) this.#oracle.closed(bid)
  }

  /** Money is neither made nor lost in any purse. */
  check(): void {
    for (const { name, purse } of this.budget.scopes) {
      const by = purse.conserved()
      const isWhole = by === 0 && purse.balance >= 0 && purse.held >= 0 && purse.unreported >= 0
      this.#oracle.expect(
        isWhole,
        'money is never created',
        () => `${this.id} ${name}: off by ${by}, balance ${purse.balance}, held ${purse.held}`,
      )
    }
  }

  #expired(hold: Hold): void {
    const known = this.#bids.get(hold.id)
    this.#oracle.count('hold expired')
    if (!known) return
    this.#oracle.settled(known.bid)
    if (known.isCall && known.bid.open.size > 0) this.#oracle.settledFalsely(known.bid)
    else this.#oracle.closed(known.bid)
  }
}
