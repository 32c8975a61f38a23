import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import { type Micros, micros, ZERO } from '../../../money.ts'
import type { Clock } from '../../../time/clock.ts'
import type { Unspent } from '../bounded/bounded-holds.ts'
import type { KeptOutcomes } from '../bounded/kept-outcomes.ts'
import type { HoldTerms } from '../hold-terms.ts'
import { type HoldMode, STRICT } from '../protocol/hold-mode.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import {
  type BillReply,
  type BudgetStore,
  type Control,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  type SetBy,
  StoreUnavailable,
} from '../protocol/store.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { Hold, HoldQueue } from './hold.ts'
import { HoldIndex } from './hold-index.ts'
import type { ForfeitBounds, PurseMemory } from './purse.ts'
import { overBudget } from './retry-after.ts'
import { isBudget, Scope } from './scope.ts'
import { type ScopeStats, statsOf } from './stats.ts'
import { type LinkState, StoreLink } from './store-link.ts'
import { isDry, type Room, refusalOf, roomAfter, type Short, type Veto } from './veto.ts'

export type HoldResult =
  | Hold
  | { readonly is: 'repeated'; readonly hold: Hold }
  | { readonly is: 'id_reused'; readonly hold: Hold }
  | Short
  | Veto

/** What a verb (settle, release, credit, …) did to a hold. `already` and `unknown` moved no money. */
export type Ending = 'settled' | 'settled_late' | 'released' | 'credited' | 'already' | 'unknown'

/**
 * The result of a bill for a bid of another owner. `booked`: with the micros spent by it. `already`: at least as much
 * was booked before. `alive`: its owner has a lease and must be told instead.
 */
export type Billed =
  | { readonly is: 'booked'; readonly amount: Micros; readonly overdraft: Micros }
  | { readonly is: 'already' }
  | { readonly is: 'alive' }

export interface BudgetManagerOptions {
  readonly clock: Clock
  /** The budget store; the default keeps budgets in the memory of this process. */
  readonly store?: BudgetStore
  /** The owner id of this process; unique to this start. */
  readonly owner?: string
  /** Id of the records file to which holds with `isRecorded` are written; see {@link ForfeitBounds}. */
  readonly recordsId?: string | undefined
  /** Called when an overdraft was booked; the amount is in micros. */
  readonly onOverdraft?: (scope: Scope, amount: Micros) => void
  /** Called when the store becomes unreachable or reachable again. */
  readonly onStore?: (state: LinkState) => void
  /** The least number of ended holds that are remembered, so that a repeated verb is recognised. */
  readonly rememberEnded?: number
  /** What an earlier start knew of how bids of bounded scopes end; see {@link BudgetManager.outcomes}. */
  readonly outcomes?: readonly KeptOutcomes[] | undefined
  /**
   * The most that spend of a bounded scope could reach if all open bids of this process were billed, as a multiple of
   * the scope's limit; at least 1. With several processes, each gets its part of what is above 1.
   */
  readonly worstCase?: number
  /** Called for every hold that expired. */
  readonly onExpired?: (hold: Hold) => void
}

/** The most removed scopes whose purses are remembered. The store refuses lines of a forgotten one until a restart. */
const MAX_ENDED = 100_000
const DEFAULT_REMEMBERED = 8_000
const DEFAULT_WORST_CASE = 3
/** A placeholder queue for spend that was never held; nothing is put into it. */
const NEVER_HELD = new HoldQueue({ ttlMs: 0, onExpiry: 'settle' })

/**
 * The budgets of this process: their limits, what operators decided about them, the purses that pay, and the holds. A hold
 * is taken out of the purses of its scopes in one synchronous step, so nothing else can run between the check and the
 * deduction. The store fills the purses and guarantees for every scope and limit, over all processes: spend in the window
 * plus what may still be spent ≤ limit.
 */
export class BudgetManager {
  /** The owner id of this process. */
  readonly owner: string
  readonly #clock: Clock
  readonly #store: BudgetStore
  readonly #onOverdraft: BudgetManagerOptions['onOverdraft']
  readonly #scopes = new Map<string, Scope>()
  /** What is kept of the purses of removed scopes, by scope. */
  readonly #ended = new Map<string, PurseMemory>()
  readonly #bounds: ForfeitBounds | undefined
  /** The control state last applied to each scope. */
  readonly #appliedControl = new Map<string, object>()
  #killSwitch: KillSwitch = { is: 'released' }
  readonly #link: StoreLink
  readonly #onExpired: ((hold: Hold) => void) | undefined
  readonly #holds: HoldIndex
  readonly #queues: HoldQueue[] = []
  readonly #outcomes = new Map<string, KeptOutcomes>()
  readonly #worstCase: number
  #nextHold = 1

  constructor(options: BudgetManagerOptions) {
    this.#clock = options.clock
    this.#store = options.store ?? new MemoryStore(options.clock)
    this.#onOverdraft = options.onOverdraft
    this.#onExpired = options.onExpired
    this.#holds = new HoldIndex(options.rememberEnded ?? DEFAULT_REMEMBERED)
    this.owner = options.owner ?? 'this process'
    this.#worstCase = options.worstCase ?? DEFAULT_WORST_CASE
    for (const one of options.outcomes ?? []) this.#outcomes.set(one.scope, one)
    this.#bounds = this.#store.boundsForfeits ? { recordsId: options.recordsId } : undefined
    this.#link = new StoreLink({
      clock: options.clock,
      store: this.#store,
      owner: this.owner,
      scopes: this.#scopes,
      nextHold: () => this.#nextHold,
      onOverdraft: (scope, amount) => this.#overdraw(scope, amount),
      onControl: (control) => this.#applyControl(control),
      onEnded: (scope) => this.#forget(scope),
      onDefined: (definition) => {
        // The store knows the scope now, so a refusal because it did not is out of date.
        this.follow(definition).purse.refusal = undefined
      },
      ...(options.onStore && { onState: options.onStore }),
    })
  }

  // Scopes ----------------------------------------------------------------------------------------------------------

  /**
   * Creates the scope, or replaces the limits of the existing one and keeps its spend and holds. Takes effect in this
   * process at once and in the store later, see {@link settled}. What an operator set outranks what a configuration says.
   */
  define(
    name: string,
    currency: string,
    limits: readonly LimitSpec[],
    by: SetBy = 'configuration',
    holdMode: HoldMode = STRICT,
  ): Scope {
    const known = this.#scopes.get(name)
    const isSame = known && !known.isRemoved && isDeepStrictEqual(known.limits, limits)
    if (known) known.isRemoved = false
    const scope = known ?? this.#newScope(name, currency, limits)
    assert(scope.currency === currency, `${name} is kept in ${scope.currency}`)
    this.#scopes.set(name, scope)
    if (known && !isSame) this.#limit(known, limits)
    // For a known scope an operator may have set another mode: a configuration's waits until the store has taken it.
    if (!known || by === 'operator') scope.purse.holdMode = holdMode
    this.#link.change({
      do: 'define',
      definition: { scope: name, currency, limits, by, ...heldBy(holdMode) },
    })
    // A start defines thousands of scopes. A new one sends no line before it is bid on, and an unchanged one none at all.
    if ((known && !isSame) || this.#store.answersAtOnce) this.#link.draw([scope])
    return scope
  }

  /** Applies a definition that somebody else has sent, or will send, to the store. */
  follow({ scope: name, currency, limits, holdMode = STRICT }: Omit<ScopeDefinition, 'by'>): Scope {
    const scope = this.#scopes.get(name) ?? this.#newScope(name, currency, limits)
    this.#scopes.set(name, scope)
    scope.isKnown = true
    scope.isRemoved = false
    if (!isDeepStrictEqual(scope.limits, limits)) this.#limit(scope, limits)
    if (!isDeepStrictEqual(scope.holdMode, holdMode)) scope.purse.holdMode = holdMode
    return scope
  }

  /**
   * Stops all new holds on the scope. Open bids end as usual. Its spend counts until it has left every window, so that
   * a scope defined again under the same name starts with that spend.
   */
  remove(name: string): void {
    const scope = this.#scopes.get(name)
    if (!scope || scope.isRemoved) return
    this.#retire(scope)
    this.#link.change({ do: 'remove', scope: name })
  }

  /** The scope of that name; undefined when there is none or it was removed. */
  scope(name: string): Scope | undefined {
    const scope = this.#scopes.get(name)
    return scope?.isRemoved ? undefined : scope
  }

  /** All scopes that were not removed. */
  get scopes(): IteratorObject<Scope> {
    return this.#scopes.values().filter(({ isRemoved }) => !isRemoved)
  }

  /** What is known now of how bids of bounded scopes end, for the next start. */
  get outcomes(): KeptOutcomes[] {
    const [wallMs, nowMs] = [this.#clock.nowMs(), this.#clock.elapsedMs()]
    const ofScopes = this.scopes
      .map((scope) => scope.outcomes(wallMs, nowMs))
      .filter(({ classes, distrust }) => classes.length > 0 || distrust)
    return [...ofScopes, ...this.#outcomes.values()]
  }

  /** How often that knowledge was discarded, since more bids were billed than it predicted. */
  get distrusts(): number {
    return this.scopes.reduce((sum, { purse }) => sum + (purse.weighed?.distrusts ?? 0), 0)
  }

  /** The number of scopes, including removed ones that still have open bids or unreported spend. */
  get scopeCount(): number {
    return this.#scopes.size
  }

  get killSwitch(): KillSwitch {
    return this.#killSwitch
  }

  /** Whether the store can be reached. */
  get store(): LinkState {
    return this.#link.state
  }

  /** Refuses every new hold until released. Open holds end as usual. */
  engageKillSwitch(reason: string): void {
    this.#setKillSwitch({ is: 'engaged', reason, sinceMs: this.#clock.nowMs() })
  }

  releaseKillSwitch(): void {
    this.#setKillSwitch({ is: 'released' })
  }

  /** Refuses every new hold on the scope until resumed. */
  pause(scope: Scope, reason: string): void {
    this.#setPause(scope, { is: 'paused', reason })
  }

  resume(scope: Scope): void {
    this.#setPause(scope, { is: 'running' })
  }

  /**
   * Books a bill for a bid of a gone owner in every scope, against what that owner forfeited. Each scope books an id once,
   * so after a failure the whole call can be repeated; for a higher bill it books the difference. Rejects with
   * {@link StoreUnavailable}.
   *
   * @param amount total cost of the bid in micros; `known` of it was already booked by the owner itself
   */
  async bill(
    owner: string,
    id: string,
    scopes: readonly Scope[],
    amount: Micros,
    known: Micros = ZERO,
  ): Promise<Billed> {
    const asked = await Promise.allSettled(
      scopes.map(async ({ name }) => this.#store.bill([{ scope: name, owner, id, amount, known }])),
    )
    const replies: (BillReply | undefined)[] = []
    // Every scope is handled before an error is thrown, so that what was booked is reported.
    asked.forEach((one, i) => {
      const scope = scopes[i]
      const reply = one.status === 'fulfilled' ? one.value[0] : undefined
      replies.push(reply)
      if (!scope || reply?.is !== 'booked') return
      scope.spent += reply.amount
      if (reply.overdraft > 0) this.#overdraw(scope, reply.overdraft)
    })
    for (const one of asked) if (one.status === 'rejected') throw one.reason
    if (replies.some((reply) => reply?.is === 'alive')) return { is: 'alive' }
    if (replies.some((reply) => reply === undefined || reply.is === 'unknown_scope'))
      throw new StoreUnavailable('the store does not know all scopes of a bill')
    const booked = replies.filter((reply) => reply?.is === 'booked')
    if (booked.length === 0) return { is: 'already' }
    return {
      is: 'booked',
      amount: micros(Math.max(...booked.map((one) => one.amount))),
      overdraft: micros(Math.max(...booked.map(({ overdraft }) => overdraft))),
    }
  }

  /** Ends a fence on an operator's word; see {@link BudgetStore.trust}. */
  async trust(): Promise<void> {
    await this.#store.trust()
    await this.#link.refresh(this.scopes)
  }

  /** What a veto, as of now, implies for holds of other amounts. */
  roomAfter(veto: Veto): Room {
    return roomAfter(veto, this.#store.answersAtOnce)
  }

  /** Resolves when the store has taken all changes of limits, pauses and the kill switch; rejects if it is unreachable. */
  settled(): Promise<void> {
    return this.#link.settled()
  }

  // Holds -----------------------------------------------------------------------------------------------------------

  /** The first reason why `amount` micros could not be held on all scopes now; undefined if none is known here. */
  canSpend(scopes: readonly Scope[], amount: Micros, terms?: HoldTerms): Veto | undefined {
    const nowMs = this.#clock.elapsedMs()
    const veto = this.#couldDraw(scopes, amount, nowMs, terms)
    if (veto?.is !== 'over_budget' || !this.#sweep(nowMs)) return veto
    return this.#couldDraw(scopes, amount, nowMs, terms)
  }

  /**
   * Sets `amount` micros aside in every scope, or in none. The same id and amount again is answered `repeated` and moves
   * nothing; the same id with another amount is refused as `id_reused`.
   */
  hold(id: string, scopes: readonly Scope[], amount: Micros, terms: HoldTerms): HoldResult {
    const earlier = this.#holds.get(id)
    if (earlier) return { is: earlier.micros === amount ? 'repeated' : 'id_reused', hold: earlier }

    const opened = this.open(scopes, amount, terms, id)
    if (opened.is === 'held') this.#holds.add(opened)
    return opened
  }

  /** Like {@link hold}, but waits when the store has to be asked. */
  async holdSoon(
    id: string,
    scopes: readonly Scope[],
    amount: Micros,
    terms: HoldTerms,
  ): Promise<Exclude<HoldResult, Short>> {
    for (;;) {
      const result = this.hold(id, scopes, amount, terms)
      if (result.is !== 'short') return result
      await result.drawn
    }
  }

  /**
   * Sets `amount` micros aside in every scope, or in none, for a caller that keeps the hold and never repeats the request.
   * No id is looked up or remembered, which saves most of the cost of a hold.
   */
  open(scopes: readonly Scope[], amount: Micros, terms: HoldTerms, id = ''): Hold | Short | Veto {
    const nowMs = this.#clock.elapsedMs()
    for (const { purse } of scopes) if (terms.ttlMs > purse.longestHoldMs) purse.lengthen(terms.ttlMs)
    let veto = this.#draw(scopes, amount, nowMs, terms)
    // Expired holds may take up the room, so they are ended and the purse is tried again.
    if (veto?.is === 'over_budget' && this.#sweep(nowMs)) veto = this.#draw(scopes, amount, nowMs, terms)
    if (veto) return veto

    assert(areDistinct(scopes), `${id} names a scope twice`)

    // Nothing below can fail.
    const queue = this.#queueFor(terms)
    const hold = new Hold(id, this.#nextHold++, scopes, amount, nowMs + terms.ttlMs, queue)
    for (const { purse } of scopes) purse.take(amount, hold)
    queue.push(hold)
    return hold
  }

  /**
   * Turns a hold into spend of `amount` micros, counted from now on, and frees the rest. An amount above the hold, or a
   * bill for a released hold, is booked as well (the money is gone); it is overdraft if no limit has room for it.
   */
  settle(which: Hold | string, amount: Micros): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    const nowMs = this.#clock.elapsedMs()
    // The hold has expired but was not swept yet. The store may have forfeited its money and freed it since.
    if (hold.state === 'open' && hold.expiresAtMs <= nowMs) this.#expire(hold, nowMs)
    return this.#settle(hold, amount, nowMs)
  }

  /**
   * Books a bill of `amount` micros that a higher one may follow; each call adds its amount. The rest of the hold stays
   * set aside until the hold expires.
   */
  settlePart(which: Hold | string, amount: Micros): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    const nowMs = this.#clock.elapsedMs()
    if (hold.state !== 'open' || hold.expiresAtMs <= nowMs || amount >= hold.rest)
      return this.settle(hold, amount)
    hold.spent += amount
    for (const scope of hold.scopes) {
      scope.spent += amount
      // The store has counted the hold itself as spent when the lease ended.
      if (hold.number >= scope.purse.firstHold) scope.purse.settlePart(amount, nowMs, hold)
    }
    return 'settled'
  }

  #settle(hold: Hold, amount: number, nowMs: number): Ending {
    if (hold.state === 'settled') return 'already'
    const late = hold.state === 'released'
    const { rest } = hold
    if (!late) hold.queue.remove(hold)
    hold.state = 'settled'
    hold.spent += amount
    hold.settledBefore = this.#nextHold++
    let uncovered = late
    for (const scope of hold.scopes) {
      scope.spent += amount
      if (late) scope.purse.settleLate(hold, amount, nowMs, hold.hasLapsed)
      else if (hold.number >= scope.purse.firstHold) scope.purse.settle(rest, amount, nowMs, hold)
      // The store has counted the hold itself as spent when the lease ended.
      else scope.purse.settleForfeited(hold, rest, amount, nowMs)
      uncovered ||= amount > rest
    }
    // Only the store can tell whether it is overdraft.
    if (uncovered) this.#link.draw(hold.scopes)
    return late ? 'settled_late' : 'settled'
  }

  /** Call when a hold with `isRecorded` is on the disk; it must not be used before. */
  recorded({ scopes, number }: Hold): void {
    for (const { purse } of scopes) purse.recorded(number)
  }

  /** Frees a hold. One that was billed in part is settled instead. `withdrawn` says that the bid was never sent. */
  release(which: Hold | string, how: Unspent = 'lost'): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'open') return 'already'
    if (hold.spent > 0) return this.#settle(hold, 0, this.#clock.elapsedMs())
    hold.queue.remove(hold)
    hold.state = 'released'
    hold.hasLapsed = how === 'lapsed'
    for (const { purse } of hold.scopes) {
      if (hold.number >= purse.firstHold) purse.release(hold.micros, hold, how)
    }
    return 'released'
  }

  /** Takes back the whole spend of a settled hold; call it only when the spend is proven not to have happened. */
  credit(which: Hold | string): Ending {
    const hold = this.#resolve(which)
    if (!hold) return 'unknown'
    if (hold.state !== 'settled') return 'already'
    for (const scope of hold.scopes) {
      scope.spent -= hold.spent
      if (hold.number >= scope.purse.firstHold) scope.purse.credit(hold.spent, hold.settledBefore)
    }
    hold.state = 'released'
    hold.hasLapsed = false
    hold.spent = 0
    return 'credited'
  }

  /** Books `amount` micros of spend that was never held. The same id again books nothing. */
  addSpend(id: string, scopes: readonly Scope[], amount: Micros): Ending {
    if (this.#holds.get(id)) return 'already'
    assert(areDistinct(scopes), `${id} names a scope twice`)
    const nowMs = this.#clock.elapsedMs()
    const hold = new Hold(id, this.#nextHold++, scopes, amount, nowMs, NEVER_HELD)
    hold.state = 'settled'
    hold.spent = amount
    hold.settledBefore = this.#nextHold++
    this.#holds.add(hold)
    for (const scope of scopes) {
      scope.spent += amount
      scope.purse.settleUnheld(amount, nowMs)
    }
    this.#link.draw(scopes)
    return 'settled'
  }

  /** Ends every expired hold. Called by a timer, and before a hold is refused for lack of money. */
  expire(): void {
    this.#sweep(this.#clock.elapsedMs())
  }

  /** The hold of that id, if it is open or remembered. */
  find(id: string): Hold | undefined {
    return this.#holds.get(id)
  }

  /** The number of holds that are open or remembered. */
  get size(): number {
    return this.#holds.size
  }

  /** The scope's figures by the store's last answer; {@link refresh} asks for a new one. */
  stats(scope: Scope): ScopeStats {
    this.expire()
    return statsOf(scope)
  }

  /** Asks the store for the present figures of these scopes. Returns undefined when it answered at once. */
  refresh(scopes: Iterable<Scope> = this.scopes): Promise<void> | undefined {
    return this.#link.refresh(scopes)
  }

  /**
   * Reports everything to the store and returns what is not held. The store counts open holds as forfeited until they
   * cannot be billed any more.
   */
  close(): Promise<void> {
    this.expire()
    return this.#link.close()
  }

  // How a hold gets its money ---------------------------------------------------------------------------------------

  /** The reason why `amount` micros cannot be held on these scopes now; asks the store for what the purses lack. */
  #draw(
    scopes: readonly Scope[],
    amount: Micros,
    nowMs: number,
    terms: HoldTerms | undefined,
  ): Short | Veto | undefined {
    const veto = this.#stopped(scopes)
    if (veto) return veto
    for (const { purse } of scopes) {
      if (!purse.covers(amount, nowMs, terms)) return this.#ask(scopes, amount, nowMs, terms)
    }
    return undefined
  }

  /** The reason why `amount` micros could not be held, as far as is known without asking the store. */
  #couldDraw(
    scopes: readonly Scope[],
    amount: Micros,
    nowMs: number,
    terms: HoldTerms | undefined,
  ): Veto | undefined {
    if (this.#store.answersAtOnce) {
      const drawn = this.#draw(scopes, amount, nowMs, terms)
      return drawn?.is === 'short' ? undefined : drawn
    }
    const veto = this.#stopped(scopes)
    if (veto) return veto
    // A scope without an answer of the store may have the money: the hold itself asks.
    const scope = scopes.find(
      (one) => one.purse.standing && one.available < one.purse.costOf(amount, nowMs, terms),
    )
    return scope && overBudget(scope, scopes, amount)
  }

  #newScope(name: string, currency: string, limits: readonly LimitSpec[]): Scope {
    const nowMs = this.#clock.elapsedMs()
    const scope = new Scope(name, currency, limits, nowMs, this.#bounds, this.#ended.get(name))
    this.#ended.delete(name)
    this.#allow(scope)
    this.#remind(scope)
    return scope
  }

  /** For each limit: spend + prices ≤ limit + allowance ≤ worst case × limit, since the allowance is of the lowest one. */
  #allow({ limits, purse }: Scope): void {
    if (limits.length === 0) purse.mostAllowance = Number.POSITIVE_INFINITY
    else purse.mostAllowance = Math.floor((this.#worstCase - 1) * Math.min(...limits.map(({ max }) => max)))
  }

  /** Tells a new scope what an earlier start knew of its bids, and how long ago that was. */
  #remind({ name, currency, purse }: Scope): void {
    const known = this.#outcomes.get(name)
    this.#outcomes.delete(name)
    if (known?.currency !== currency) return
    const [wallMs, elapsedMs] = [this.#clock.nowMs(), this.#clock.elapsedMs()]
    // Counts from the future have no known age: the wall clock was set back.
    const past = known.classes.filter(({ atMs }) => atMs <= wallMs)
    const toElapsed = elapsedMs - wallMs
    const { distrust } = known
    purse.earlier = {
      kept: past.map((kept) => ({ kept, atElapsedMs: kept.atMs + toElapsed })),
      distrust: distrust && { ...distrust, untilMs: distrust.untilMs + toElapsed },
    }
  }

  /** Keeps the memory of the purse, since the store may remember its lines for as long as the scope's windows last. */
  #forget({ name, purse }: Scope): void {
    this.#scopes.delete(name)
    if (purse.memory) this.#ended.set(name, purse.memory)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest)
  }

  #retire(scope: Scope): void {
    scope.isRemoved = true
    scope.pause = { is: 'running' }
    scope.purse.recall()
  }

  #overdraw(scope: Scope, amount: number): void {
    scope.overdraft += amount
    this.#onOverdraft?.(scope, micros(amount))
  }

  #stopped(scopes: readonly Scope[]): Veto | undefined {
    if (this.#killSwitch.is === 'engaged') return { is: 'kill_switch', reason: this.#killSwitch.reason }
    for (const scope of scopes) {
      if (scope.pause.is === 'paused') return { is: 'paused', scope, reason: scope.pause.reason }
    }
    return undefined
  }

  #ask(
    scopes: readonly Scope[],
    amount: Micros,
    nowMs: number,
    terms: HoldTerms | undefined,
  ): Short | Veto | undefined {
    const lacking = scopes.filter(({ purse }) => !purse.covers(amount, nowMs, terms))
    if (!this.#store.answersAtOnce) {
      for (const scope of lacking) {
        const detail = refusalOf(scope, nowMs)
        if (detail !== undefined) return { is: 'store_away', scope, detail }
      }
      const dry = lacking.find((scope) => isDry(scope, scope.purse.costOf(amount, nowMs, terms), nowMs))
      if (dry) return overBudget(dry, scopes, amount)
      // While the store is unreachable callers do not wait; the link keeps trying.
      const { state } = this.#link
      if (state.is === 'away' && lacking[0])
        return { is: 'store_away', scope: lacking[0], detail: state.detail }
    }
    for (const { purse } of lacking) purse.ask(purse.costOf(amount, nowMs, terms), nowMs, terms)
    const drawn = this.#link.draw(lacking)
    if (drawn && !this.#store.answersAtOnce) return { is: 'short', drawn }
    // A store in this process answers at once. If it did not, it has failed, and a caller that waited would retry for ever.
    if (drawn && lacking[0]) return { is: 'store_away', scope: lacking[0], detail: 'it did not answer' }
    const scope = scopes.find(({ purse }) => !purse.covers(amount, nowMs, terms))
    if (!scope) return undefined
    const { refusal } = scope.purse
    return refusal === undefined
      ? overBudget(scope, scopes, amount)
      : { is: 'store_away', scope, detail: refusal }
  }

  /** Replaces the limits and returns the purse's balance, which was granted under the old ones. */
  #limit(scope: Scope, limits: readonly LimitSpec[]): void {
    scope.limits = limits
    this.#allow(scope)
    scope.purse.recall()
  }

  #setPause(scope: Scope, pause: PauseState): void {
    scope.pause = pause
    this.#link.change({ do: 'pause', scope: scope.name, pause })
  }

  #setKillSwitch(killSwitch: KillSwitch): void {
    this.#killSwitch = killSwitch
    this.#link.change({ do: 'kill_switch', killSwitch })
  }

  /** Applies what operators decided at other processes, except for scopes with a newer change of this process. */
  #applyControl({ killSwitch, scopes }: Control): void {
    if (!this.#link.isChanging(undefined)) this.#killSwitch = killSwitch
    for (const one of scopes) {
      const { pause, ...definition } = one
      const { scope } = definition
      // The same object means no change, which is the case for most of thousands of scopes.
      if (this.#appliedControl.get(scope) === one) continue
      if (!isBudget(scope) || this.#link.isChanging(scope)) continue
      if (one.isRemoved) {
        const known = this.#scopes.get(scope)
        if (known) this.#retire(known)
        this.#appliedControl.delete(scope)
        continue
      }
      this.#appliedControl.set(scope, one)
      this.follow(definition).pause = pause
    }
  }

  /** Resolves an id while its hold is remembered; a hold itself is always valid. */
  #resolve(which: Hold | string): Hold | undefined {
    return typeof which === 'string' ? this.#holds.get(which) : which
  }

  /** The queue for these terms. The list is short: terms come from the configuration. */
  #queueFor(wanted: HoldTerms): HoldQueue {
    const { ttlMs, onExpiry, isRecorded = false } = wanted
    for (const queue of this.#queues) {
      const { terms } = queue
      if (terms.ttlMs === ttlMs && terms.onExpiry === onExpiry && (terms.isRecorded ?? false) === isRecorded)
        return queue
    }
    const queue = new HoldQueue({ ttlMs, onExpiry, isRecorded })
    this.#queues.push(queue)
    return queue
  }

  /** Ends the expired holds; false when there was none. */
  #sweep(nowMs: number): boolean {
    let swept = false
    for (const queue of this.#queues) {
      for (let hold = queue.first; hold && hold.expiresAtMs <= nowMs; hold = queue.first) {
        this.#expire(hold, nowMs)
        swept = true
      }
    }
    return swept
  }

  #expire(hold: Hold, nowMs: number): void {
    if (hold.queue.terms.onExpiry === 'settle') this.#settle(hold, hold.rest, nowMs)
    else this.release(hold, 'lapsed')
    this.#onExpired?.(hold)
  }
}

/** Leaves out `strict`, which is the default of a definition. */
const heldBy = (holdMode: HoldMode): { holdMode?: HoldMode } => (holdMode.is === 'strict' ? {} : { holdMode })

/** Whether no scope is named twice. Each scope's balance is checked once per hold, so none may pay twice. */
function areDistinct(scopes: readonly Scope[]): boolean {
  for (let i = 1; i < scopes.length; i++) {
    for (let k = 0; k < i; k++) if (scopes[i] === scopes[k]) return false
  }
  return true
}
