import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { type Micros, micros, ZERO } from '../money.ts'
import type { HoldTerms } from './hold.ts'
import { type HoldMode, STRICT } from './hold-mode.ts'
import type { LimitSpec } from './limits.ts'
import type { ForfeitBounds, PurseMemory } from './purse.ts'
import { isBudget, Scope } from './scope.ts'
import { MemoryStore } from './store/memory-store.ts'
import {
  type BillReply,
  type BudgetStore,
  type Control,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  type SetBy,
  StoreUnavailable,
} from './store/store.ts'
import { type LinkState, StoreLink } from './store-link.ts'
import { isDry, overBudget, refusalOf, type Short, type Veto } from './veto.ts'

export interface BudgetsOptions {
  readonly clock: Clock
  /** Where the truth is kept; the memory of this process where nothing is said. */
  readonly store?: BudgetStore
  /** Names this process to the store; never used twice. */
  readonly owner?: string
  /** Names the records in which holds of `isRecorded` are written down; see {@link ForfeitBounds}. */
  readonly recordsId?: string | undefined
  /** Called when spend was booked that no limit had room for. */
  readonly onOverdraft?: (scope: Scope, amount: Micros) => void
  /** Called when the store goes away or comes back. */
  readonly onStore?: (state: LinkState) => void
}

/** Removed scopes whose purses are remembered. One that is defined again after that is refused by the store until a restart. */
const MAX_ENDED = 100_000

/**
 * What came of a bill for a bid of another owner: `booked` with what became spend now; `already` when as much was booked
 * before; `alive` when its owner has a lease and must be told instead.
 */
export type Billed =
  | { readonly is: 'booked'; readonly amount: Micros; readonly overdraft: Micros }
  | { readonly is: 'already' }
  | { readonly is: 'alive' }

/** The scopes of this process: their limits, what operators decided about them, and the purses that pay. */
export class Budgets {
  /** Names this process to the store. */
  readonly owner: string
  readonly #clock: Clock
  readonly #store: BudgetStore
  readonly #onOverdraft: BudgetsOptions['onOverdraft']
  readonly #scopes = new Map<string, Scope>()
  readonly #nextHold: () => number
  /** Of removed scopes that this process had a purse for. */
  readonly #ended = new Map<string, PurseMemory>()
  readonly #bounds: ForfeitBounds | undefined
  /** What was taken over last of each scope. */
  readonly #obeyed = new Map<string, object>()
  #killSwitch: KillSwitch = { is: 'released' }
  protected readonly link: StoreLink

  /** @param nextHold the number that the next hold will have */
  constructor(options: BudgetsOptions, nextHold: () => number) {
    this.#clock = options.clock
    this.#nextHold = nextHold
    this.#store = options.store ?? new MemoryStore(options.clock)
    this.#onOverdraft = options.onOverdraft
    this.owner = options.owner ?? 'this process'
    this.#bounds = this.#store.boundsForfeits ? { recordsId: options.recordsId } : undefined
    this.link = new StoreLink({
      clock: options.clock,
      store: this.#store,
      owner: this.owner,
      scopes: this.#scopes,
      nextHold,
      onOverdraft: (scope, amount) => this.#overdraw(scope, amount),
      onControl: (control) => this.#obey(control),
      onEnded: (scope) => this.#forget(scope),
      onDefined: (definition) => {
        // Whatever it said of a scope that it did not know is over.
        this.follow(definition).purse.refusal = undefined
      },
      ...(options.onStore && { onState: options.onStore }),
    })
  }

  /**
   * Creates the scope or replaces the limits of the one there is; its spend and its holds stay. In force here at once and
   * in the store soon, see {@link settled}. The store keeps what an operator set against what a configuration says.
   */
  define(
    name: string,
    currency: string,
    limits: readonly LimitSpec[],
    by: SetBy = 'configuration',
    holdMode: HoldMode = STRICT,
  ): Scope {
    const known = this.#scopes.get(name)
    if (known) known.isRemoved = false
    const scope = known ?? this.#newScope(name, currency, limits)
    assert(scope.currency === currency, `${name} is kept in ${scope.currency}`)
    this.#scopes.set(name, scope)
    if (known) this.#limit(known, limits)
    scope.holdBy(holdMode, this.#nextHold())
    this.link.change({ do: 'define', definition: { scope: name, currency, limits, by, ...heldBy(holdMode) } })
    // Of a new one nothing is asked before it is bid on: thousands may be defined at a start.
    if (known || this.#store.answersAtOnce) this.link.draw([scope])
    return scope
  }

  /** Takes over what the store has been told of a scope, or will be, by somebody else. */
  follow({ scope: name, currency, limits, holdMode = STRICT }: Omit<ScopeDefinition, 'by'>): Scope {
    const scope = this.#scopes.get(name) ?? this.#newScope(name, currency, limits)
    this.#scopes.set(name, scope)
    scope.isKnown = true
    scope.isRemoved = false
    if (!isDeepStrictEqual(scope.limits, limits)) this.#limit(scope, limits)
    if (!isDeepStrictEqual(scope.holdMode, holdMode)) scope.holdBy(holdMode, this.#nextHold())
    return scope
  }

  /**
   * Nothing is bid on the scope from now on. Bids that are out end as they would; what was spent counts until it has left
   * every window, so that a scope that is defined again under the name has no more than it had.
   */
  remove(name: string): void {
    const scope = this.#scopes.get(name)
    if (!scope || scope.isRemoved) return
    this.#retire(scope)
    this.link.change({ do: 'remove', scope: name })
  }

  /** Of those that were not removed. */
  scope(name: string): Scope | undefined {
    const scope = this.#scopes.get(name)
    return scope?.isRemoved ? undefined : scope
  }

  /** Those that were not removed. */
  get scopes(): IteratorObject<Scope> {
    return this.#scopes.values().filter(({ isRemoved }) => !isRemoved)
  }

  /** How many scopes there are, with those that were removed and have not ended yet. */
  get scopeCount(): number {
    return this.#scopes.size
  }

  get killSwitch(): KillSwitch {
    return this.#killSwitch
  }

  /** Whether the store can be reached. */
  get store(): LinkState {
    return this.link.state
  }

  /** Refuses every hold from now on, until released. Open holds still end as they would. */
  engageKillSwitch(reason: string): void {
    this.#setKillSwitch({ is: 'engaged', reason, sinceMs: this.#clock.nowMs() })
  }

  releaseKillSwitch(): void {
    this.#setKillSwitch({ is: 'released' })
  }

  /** Refuses every hold on the scope from now on, until resumed. */
  pause(scope: Scope, reason: string): void {
    this.#setPause(scope, { is: 'paused', reason })
  }

  resume(scope: Scope): void {
    this.#setPause(scope, { is: 'running' })
  }

  /**
   * Books a bill for a bid of an owner that is gone, against what it forfeited, in every scope. By its id it is booked
   * once in each, so one that failed half-way is repeated whole; a higher one is booked by what it is more. Rejects with
   * {@link StoreUnavailable}.
   *
   * @param amount all that the bid cost, of which `known` is in the owner's own books
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
    // All of them first, so that what was booked is told though another scope failed.
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

  /** An operator vouches for what the store remembers; see {@link BudgetStore.trust}. */
  async trust(): Promise<void> {
    await this.#store.trust()
    await this.link.refresh(this.scopes)
  }

  /** Resolves when the store has taken every change of limits, pauses and the kill switch; rejects when it is away. */
  settled(): Promise<void> {
    return this.link.settled()
  }

  /** Why the amount may not be held on these scopes now; asks the store for what the purses lack. */
  protected draw(
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

  /** Why the amount could not be held, as far as is known without waiting for the store. */
  protected couldDraw(
    scopes: readonly Scope[],
    amount: Micros,
    nowMs: number,
    terms: HoldTerms | undefined,
  ): Veto | undefined {
    if (this.#store.answersAtOnce) {
      const drawn = this.draw(scopes, amount, nowMs, terms)
      return drawn?.is === 'short' ? undefined : drawn
    }
    const veto = this.#stopped(scopes)
    if (veto) return veto
    // What the store has said nothing of yet may be there: the hold itself asks.
    const scope = scopes.find(
      (one) => one.purse.standing && one.available < one.purse.costOf(amount, nowMs, terms),
    )
    return scope && overBudget(scope, scopes, amount)
  }

  #newScope(name: string, currency: string, limits: readonly LimitSpec[]): Scope {
    const nowMs = this.#clock.elapsedMs()
    const scope = new Scope(name, currency, limits, nowMs, this.#bounds, this.#ended.get(name))
    this.#ended.delete(name)
    return scope
  }

  /** The store may remember its purse for as long as the limits of the scope do. */
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
      // While the store is away nobody waits for it; the link keeps trying.
      const { state } = this.link
      if (state.is === 'away' && lacking[0])
        return { is: 'store_away', scope: lacking[0], detail: state.detail }
    }
    for (const { purse } of lacking) purse.ask(purse.costOf(amount, nowMs, terms), nowMs, terms)
    const drawn = this.link.draw(lacking)
    if (drawn && !this.#store.answersAtOnce) return { is: 'short', drawn }
    // A store that answers at once and has not answered has failed: whoever waited would ask it for ever.
    if (drawn && lacking[0]) return { is: 'store_away', scope: lacking[0], detail: 'it did not answer' }
    const scope = scopes.find(({ purse }) => !purse.covers(amount, nowMs, terms))
    if (!scope) return undefined
    const { refusal } = scope.purse
    return refusal === undefined
      ? overBudget(scope, scopes, amount)
      : { is: 'store_away', scope, detail: refusal }
  }

  /** The limits changed: what is in the purse was granted under the old ones. */
  #limit(scope: Scope, limits: readonly LimitSpec[]): void {
    scope.limits = limits
    scope.purse.recall()
  }

  #setPause(scope: Scope, pause: PauseState): void {
    scope.pause = pause
    this.link.change({ do: 'pause', scope: scope.name, pause })
  }

  #setKillSwitch(killSwitch: KillSwitch): void {
    this.#killSwitch = killSwitch
    this.link.change({ do: 'kill_switch', killSwitch })
  }

  /** Takes over what operators decided at other processes, unless something newer was decided here. */
  #obey({ killSwitch, scopes }: Control): void {
    if (!this.link.isChanging(undefined)) this.#killSwitch = killSwitch
    for (const one of scopes) {
      const { pause, ...definition } = one
      const { scope } = definition
      // The very same object says nothing new; among thousands most do.
      if (this.#obeyed.get(scope) === one) continue
      if (!isBudget(scope) || this.link.isChanging(scope)) continue
      if (one.isRemoved) {
        const known = this.#scopes.get(scope)
        if (known) this.#retire(known)
        this.#obeyed.delete(scope)
        continue
      }
      this.#obeyed.set(scope, one)
      this.follow(definition).pause = pause
    }
  }
}

/** Strict is what a definition means that says nothing. */
const heldBy = (holdMode: HoldMode): { holdMode?: HoldMode } => (holdMode.is === 'strict' ? {} : { holdMode })
