import { messageOf } from '../../../errors.ts'
import { type Cancel, type Clock, every } from '../../../time/clock.ts'
import {
  type BudgetStore,
  type Control,
  type ScopeDefinition,
  type Soon,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from '../protocol/store.ts'
import { type ControlChange, putChange, scopeOf } from './control-change.ts'
import type { Purse } from './purse.ts'
import type { Scope } from './scope.ts'

/** Whether the store can be reached. */
export type LinkState =
  | { readonly is: 'up' }
  | { readonly is: 'away'; readonly sinceMs: number; readonly detail: string }

export interface StoreLinkOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** The owner id of this process; unique to this start. */
  readonly owner: string
  readonly scopes: ReadonlyMap<string, Scope>
  readonly nextHold: () => number
  readonly onOverdraft: (scope: Scope, amount: number) => void
  readonly onControl: (control: Control) => void
  /** Called when a removed scope has nothing left to report and can be dropped. */
  readonly onEnded: (scope: Scope) => void
  /** Called with the definition that the store now has, which may differ from the one that was sent. */
  readonly onDefined: (definition: ScopeDefinition) => void
  readonly onState?: (state: LinkState) => void
  /** True when another link of the same owner ends its leases, so that this one must not. */
  readonly staysOwner?: boolean
}

/** For a second link of an owner, whose scopes have no holds and are never paused: they count calls or add up amounts. */
export const WITHOUT_HOLDS = {
  nextHold: () => 0,
  onOverdraft: () => undefined,
  onControl: () => undefined,
  onDefined: () => undefined,
  onEnded: () => undefined,
  staysOwner: true,
} as const satisfies Partial<StoreLinkOptions>

/** How often purses are checked for lines to send: at most four lines a second per scope while its purse lasts. */
const TICK_MS = 250
/** How long an answer is awaited before the same lines, or the same change, are sent again. */
const ANSWER_MS = 1_000
/** How often an idle scope that still shows spend is refreshed. */
const STALE_MS = 5_000
/** The most purses that one tick checks, and the most idle scopes that one tick refreshes. */
const PURSES_PER_TICK = 2_500
const STALE_PER_TICK = 25
/**
 * The most lines of a round that no bid waits for. A store takes up to half a millisecond for each, so that a round of
 * all of ten thousand scopes would be given up before its answer, and sent again for ever.
 */
const LINES_PER_ROUND = 1_000
/** The most changes that are sent at once. */
const CHANGES_AT_ONCE = 200

/** One batch of lines; `over` resolves when it was answered or given up. */
interface Round {
  readonly over: Promise<void>
  readonly end: () => void
}

/**
 * Keeps the purses of this process in step with the store. One round of lines is sent at a time; the next follows when
 * the last was answered or given up. Changes by operators are sent separately, in order, and repeated until the store has
 * taken them.
 */
export class StoreLink {
  readonly #options: StoreLinkOptions
  readonly #stopTicking: Cancel
  readonly #stopWatching: Cancel
  #state: LinkState = { is: 'up' }
  #round: Round | undefined
  /** Whether the last tick sent nothing because a round was under way. */
  #isTickMissed = false
  /** The round that will follow the present one. */
  #next: Round | undefined
  /** The scopes of that next round. */
  readonly #waiting = new Set<Scope>()
  #epoch: string | undefined
  /** Changes that the store has not taken yet, in order. */
  #changes: ControlChange[] = []
  /** The number of those changes per scope; the key undefined stands for the kill switch. */
  readonly #changing = new Map<string | undefined, number>()
  #telling: Promise<void> | undefined
  /** Scopes whose first definition the store has not taken yet. */
  readonly #undefined = new Set<string>()
  /**
   * Scopes (undefined: the kill switch) for which news from the store was ignored because a change of this process was
   * not taken yet; they are read again afterwards.
   */
  readonly #passedOver = new Set<string | undefined>()
  /** Whether the control state was read from the store once; from then on the store reports changes. */
  #isRead = false
  /** Index of the scope at which the next tick continues. */
  #lookFrom = 0

  constructor(options: StoreLinkOptions) {
    this.#options = options
    this.#stopWatching = options.store.watch((control) => this.#heard(control))
    this.#stopTicking = every(options.clock, TICK_MS, () => this.#tick())
  }

  get state(): LinkState {
    return this.#state
  }

  /** Sends a change once those before it are taken. The caller has already applied it in this process. */
  change(change: ControlChange): void {
    const scope = scopeOf(change)
    this.#changes.push(change)
    this.#changing.set(scope, (this.#changing.get(scope) ?? 0) + 1)
    if (change.do === 'define' && this.#options.scopes.get(change.definition.scope)?.isKnown === false)
      this.#undefined.add(change.definition.scope)
    this.#tell()
  }

  /** Whether the store has yet to take a change of this scope (undefined: of the kill switch). */
  isChanging(scope: string | undefined): boolean {
    return this.#changing.has(scope)
  }

  /**
   * Resolves when the store has taken every change and its control state was read here once. The read is needed after a
   * start, since {@link BudgetStore.watch} reports only later changes. Rejects with {@link StoreUnavailable} when the store
   * cannot be reached.
   */
  async settled(): Promise<void> {
    while (this.#changes.length > 0) {
      this.#tell()
      await this.#telling
      if (this.#state.is === 'away') throw new StoreUnavailable(this.#state.detail)
    }
    if (this.#isRead) return
    this.#heard(await this.#options.store.control())
    this.#isRead = true
  }

  /**
   * Sends the lines of these scopes. Returns undefined when they were answered at once; else a promise that resolves when
   * a round sent after this call is over, also when it failed.
   */
  draw(scopes: readonly Scope[]): Promise<void> | undefined {
    // The store would answer `unknown_scope`, so their definitions are awaited first.
    if (this.#telling && scopes.some(({ name }) => this.#undefined.has(name)))
      return this.#telling.then(() => (this.#state.is === 'up' ? this.draw(scopes) : undefined))
    if (!this.#round) return this.#send(scopes)
    for (const scope of scopes) this.#waiting.add(scope)
    this.#next ??= newRound()
    return this.#next.over
  }

  /** Updates the standing of these scopes, some in each round; returns like {@link draw}, when the last round is over. */
  refresh(scopes: Iterable<Scope>): Promise<void> | undefined {
    const all = [...scopes]
    if (this.#round) return this.#round.over.then(() => this.refresh(all))
    const sent = this.#send(all.slice(0, LINES_PER_ROUND))
    const rest = all.slice(LINES_PER_ROUND)
    if (rest.length === 0) return sent
    return sent
      ? sent.then(() => (this.#state.is === 'up' ? this.refresh(rest) : undefined))
      : this.refresh(rest)
  }

  /** Reports everything, returns what is not held, and ends the leases. Tries once; never rejects. */
  async close(): Promise<void> {
    this.#stopTicking()
    await this.#round?.over
    // The first round may repeat an unanswered line that asks for money; the second returns what it was granted.
    for (let i = 0; i < 2; i++) {
      for (const { purse } of this.#options.scopes.values()) purse.close()
      await this.refresh(this.#due(this.#options.scopes.size, Number.POSITIVE_INFINITY))
    }
    this.#stopWatching()
    if (this.#options.staysOwner) return
    try {
      if (this.#state.is === 'up') await this.#options.store.leave(this.#options.owner)
    } catch (error) {
      this.#failed(error)
    }
  }

  #heard(control: Control): void {
    if (this.#changes.length > 0) {
      for (const { scope } of control.scopes) if (this.isChanging(scope)) this.#passedOver.add(scope)
      if (this.isChanging(undefined)) this.#passedOver.add(undefined)
    }
    this.#options.onControl(control)
    this.#follow(control.epoch)
  }

  /** After a restart or failover the store needs a line of every purse, also of idle ones. */
  #follow(epoch: string | undefined): void {
    const before = this.#epoch
    this.#epoch = epoch
    if (before !== undefined && epoch !== before) this.refresh(this.#options.scopes.values())
  }

  #tick(): void {
    this.#tell()
    this.#isTickMissed = this.#round !== undefined
    if (!this.#round) this.#send(this.#due())
  }

  /**
   * The scopes whose lines are due, up to `lines`. Each tick checks the next `most` scopes, so that it takes about a
   * millisecond; the next one goes on where it ended.
   */
  #due(most = PURSES_PER_TICK, lines = LINES_PER_ROUND): Scope[] {
    const nowMs = this.#options.clock.elapsedMs()
    const all = [...this.#options.scopes.values()]
    const count = Math.min(all.length, most)
    const due: Scope[] = []
    let stale = 0
    let looked = 0
    while (looked < count && due.length < lines) {
      const scope = all[(this.#lookFrom + looked) % all.length]
      looked += 1
      if (!scope || this.#undefined.has(scope.name)) continue
      const { purse } = scope
      if (scope.isRemoved && purse.isIdle && !this.isChanging(scope.name)) {
        this.#options.onEnded(scope)
        continue
      }
      const isStale = nowMs - purse.answeredMs >= STALE_MS && (showsSpend(purse) || this.#state.is === 'away')
      if (purse.isDue(nowMs)) due.push(scope)
      else if (isStale && stale < STALE_PER_TICK) {
        due.push(scope)
        stale += 1
      }
    }
    this.#lookFrom = all.length > 0 ? (this.#lookFrom + looked) % all.length : 0
    return due
  }

  #send(asked: readonly Scope[]): Promise<void> | undefined {
    if (asked.length === 0) return undefined
    const { store, owner, clock, nextHold } = this.#options
    const nowMs = clock.elapsedMs()
    // When rounds follow without a pause, ticks send nothing; so due lines go with this round, or their leases would end.
    const scopes = this.#isTickMissed ? [...new Set([...asked, ...this.#due()])] : asked
    this.#isTickMissed = false
    const lines = scopes.map(({ purse }) => purse.line(nowMs, nextHold()))
    const replies = attempt(() => store.sync(owner, lines))
    if (!(replies instanceof Promise)) {
      this.#answered(lines, replies)
      return undefined
    }
    const round = newRound()
    this.#round = round
    const giveUp = clock.after(ANSWER_MS, () => {
      this.#failed(new StoreUnavailable('no answer in time'))
      this.#end(round)
    })
    replies
      .then(
        (answers) => this.#answered(lines, answers),
        (error) => this.#failed(error),
      )
      .finally(() => {
        giveUp()
        this.#end(round)
      })
    return round.over
  }

  /** Applies answers, also late ones of a round that was given up: they are still true. */
  #answered(lines: readonly SyncLine[], replies: readonly SyncReply[]): void {
    const { scopes, clock, nextHold, onOverdraft } = this.#options
    this.#move({ is: 'up' })
    const nowMs = clock.elapsedMs()
    const overdrawn: [Scope, number][] = []
    lines.forEach((line, i) => {
      const scope = scopes.get(line.scope)
      const reply = replies[i]
      if (!scope || !reply) return
      const isNews = scope.purse.answered(line, reply, nowMs, nextHold())
      if (isNews && 'overdraft' in reply && reply.overdraft > 0) overdrawn.push([scope, reply.overdraft])
      // The answer may be from before the limits changed and show too much room, so what holds free meanwhile is returned.
      if (this.isChanging(line.scope)) scope.purse.recall()
    })
    // After the loop, so that every answer is applied whatever the listener does.
    for (const [scope, amount] of overdrawn) onOverdraft(scope, amount)
  }

  #end(round: Round): void {
    if (this.#round !== round) return
    this.#round = undefined
    round.end()
    const next = this.#next
    this.#next = undefined
    if (!next) return
    const scopes = [...this.#waiting]
    this.#waiting.clear()
    const sent = this.#state.is === 'up' ? this.#send(scopes) : undefined
    if (sent) sent.then(next.end)
    else next.end()
  }

  #tell(): void {
    if (this.#telling) return
    const { clock, store } = this.#options
    const together = this.#nextChanges()
    if (together.length === 0) return
    const taken = together.map((change) => attempt(() => putChange(store, change)))
    if (!taken.some((one) => one instanceof Promise)) {
      this.#taken(together, taken)
      this.#tell()
      return
    }
    this.#telling = inTime(clock, Promise.all(taken))
      .then(async (defined) => {
        this.#taken(together, defined)
        this.#move({ is: 'up' })
        if (this.#changes.length > 0 || this.#passedOver.size === 0) return
        const missed = [...this.#passedOver].filter((scope) => scope !== undefined)
        this.#passedOver.clear()
        this.#options.onControl(await inTime(clock, store.control(missed)))
      })
      .catch((error) => this.#failed(error))
      .then(() => {
        this.#telling = undefined
        if (this.#state.is === 'up') this.#tell()
      })
  }

  /** The first changes that may be sent at once: each is of another scope, so their order does not matter. */
  #nextChanges(): ControlChange[] {
    const scopes = new Set<string | undefined>()
    const together: ControlChange[] = []
    for (const change of this.#changes) {
      if (together.length === CHANGES_AT_ONCE || scopes.has(scopeOf(change))) break
      scopes.add(scopeOf(change))
      together.push(change)
    }
    return together
  }

  #taken(changes: readonly ControlChange[], defined: readonly Soon<ScopeDefinition | undefined>[]): void {
    this.#changes.splice(0, changes.length)
    for (const change of changes) {
      const left = (this.#changing.get(scopeOf(change)) ?? 1) - 1
      if (left > 0) this.#changing.set(scopeOf(change), left)
      else this.#changing.delete(scopeOf(change))
    }
    for (const one of defined) {
      if (one === undefined || one instanceof Promise) continue
      this.#undefined.delete(one.scope)
      if (!this.isChanging(one.scope)) this.#options.onDefined(one)
    }
  }

  #failed(error: unknown): void {
    const detail = error instanceof StoreUnavailable ? error.message : messageOf(error)
    const state = this.#state
    if (state.is === 'up') this.#move({ is: 'away', sinceMs: this.#options.clock.elapsedMs(), detail })
    // Still unreachable, but for another reason.
    else if (state.detail !== detail) this.#state = { ...state, detail }
  }

  #move(state: LinkState): void {
    if (state.is === this.#state.is) return
    this.#state = state
    this.#options.onState?.(state)
  }
}

/** Whether the last answer shows spend or forfeits. Those change with time even while this process does nothing. */
function showsSpend({ standing }: Purse): boolean {
  if (!standing) return false
  return standing.forfeited.amount > 0 || standing.limits.some(({ spent }) => spent > 0)
}

function newRound(): Round {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { over: promise, end: resolve }
}

/** Rejects with {@link StoreUnavailable} after `ANSWER_MS` without an answer; ignores a later answer. */
function inTime<T>(clock: Clock, answer: Soon<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const giveUp = clock.after(ANSWER_MS, () => reject(new StoreUnavailable('no answer in time')))
  Promise.resolve(answer).then(resolve, reject).finally(giveUp)
  return promise
}

/** Turns a synchronous exception into a rejection. */
function attempt<T>(work: () => Soon<T>): Soon<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
