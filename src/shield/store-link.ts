import { type Cancel, type Clock, every } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { type ControlChange, putChange, scopeOf } from './control-change.ts'
import type { Purse } from './purse.ts'
import type { Scope } from './scope.ts'
import {
  type BudgetStore,
  type Control,
  type ScopeDefinition,
  type Soon,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from './store/store.ts'

/** Whether the store can be reached. */
export type LinkState =
  | { readonly is: 'up' }
  | { readonly is: 'away'; readonly sinceMs: number; readonly detail: string }

export interface StoreLinkOptions {
  readonly clock: Clock
  readonly store: BudgetStore
  /** Names this process to the store; never used twice. */
  readonly owner: string
  readonly scopes: ReadonlyMap<string, Scope>
  readonly nextHold: () => number
  readonly onOverdraft: (scope: Scope, amount: number) => void
  readonly onControl: (control: Control) => void
  /** A scope that was removed has nothing left to tell. */
  readonly onEnded: (scope: Scope) => void
  /** What holds of a scope after a definition was taken, which may not be what was sent. */
  readonly onDefined: (definition: ScopeDefinition) => void
  readonly onState?: (state: LinkState) => void
  /** The owner is used beside this link, and ended by another. */
  readonly staysOwner?: boolean
}

/** Purses are looked after this often, so a scope costs at most four calls a second while its budget lasts. */
const TICK_MS = 250
/** After this long without an answer the same lines, or the same change, are sent again. */
const ANSWER_MS = 1_000
/** A scope that shows spend is looked up this often although nothing happens on it here. */
const STALE_MS = 5_000
/** Purses that are looked at in one tick, and scopes that are looked up in one although nothing happens on them. */
const PURSES_PER_TICK = 2_500
const STALE_PER_TICK = 25
/** Changes that are on their way together. */
const CHANGES_AT_ONCE = 200

/** Lines on their way, and who waits for their answers. */
interface Round {
  readonly over: Promise<void>
  readonly end: () => void
}

/**
 * Keeps the purses of this process in step with the store: one round of lines at a time, the next one when the last was
 * answered or given up. Changes by operators are sent beside them, in order, each until the store has taken it.
 */
export class StoreLink {
  readonly #options: StoreLinkOptions
  readonly #stopTicking: Cancel
  readonly #stopWatching: Cancel
  #state: LinkState = { is: 'up' }
  #round: Round | undefined
  /** A round was under way at the last tick. */
  #isTickMissed = false
  /** The round after the present one, for those who wait for it. */
  #next: Round | undefined
  /** The scopes of that next round. */
  readonly #waiting = new Set<Scope>()
  #epoch: string | undefined
  /** Not yet taken by the store, in their order; the first `#told` of them are on their way. */
  #changes: ControlChange[] = []
  /** Of the changes, how many are of a scope; undefined stands for the kill switch. */
  readonly #changing = new Map<string | undefined, number>()
  #telling: Promise<void> | undefined
  /** Scopes that the store may not know yet: their definition is on its way. */
  readonly #undefined = new Set<string>()
  /** What the store told of these scopes, or of the kill switch, was passed over, since they were being changed here. */
  readonly #passedOver = new Set<string | undefined>()
  /** What the store holds was read once; from then on it tells of changes. */
  #isRead = false
  /** Where the next tick goes on looking. */
  #lookFrom = 0

  constructor(options: StoreLinkOptions) {
    this.#options = options
    this.#stopWatching = options.store.watch((control) => this.#heard(control))
    this.#stopTicking = every(options.clock, TICK_MS, () => this.#tick())
  }

  get state(): LinkState {
    return this.#state
  }

  /** Sends a change as soon as those before it are taken. In force in this process already. */
  change(change: ControlChange): void {
    const scope = scopeOf(change)
    this.#changes.push(change)
    this.#changing.set(scope, (this.#changing.get(scope) ?? 0) + 1)
    if (change.do === 'define' && this.#options.scopes.get(change.definition.scope)?.isKnown === false)
      this.#undefined.add(change.definition.scope)
    this.#tell()
  }

  /** Whether a change of this scope, or of the kill switch, is still on its way. */
  isChanging(scope: string | undefined): boolean {
    return this.#changing.has(scope)
  }

  /**
   * Resolves when the store has taken every change, and what it holds is known here: watching tells only of what changes
   * later, and a process that has just started knows nothing. Rejects with {@link StoreUnavailable} when the store cannot
   * be reached.
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
   * Sends the lines of these scopes. Undefined when they were answered at once; else a promise that resolves when a
   * round that was sent after this call is over, whatever came of it.
   */
  draw(scopes: readonly Scope[]): Promise<void> | undefined {
    // The store would only say that it does not know them.
    if (this.#telling && scopes.some(({ name }) => this.#undefined.has(name)))
      return this.#telling.then(() => (this.#state.is === 'up' ? this.draw(scopes) : undefined))
    if (!this.#round) return this.#send(scopes)
    for (const scope of scopes) this.#waiting.add(scope)
    this.#next ??= newRound()
    return this.#next.over
  }

  /** Brings the standing of these scopes up to date; answers like {@link draw}. */
  refresh(scopes: Iterable<Scope>): Promise<void> | undefined {
    if (!this.#round) return this.#send([...scopes])
    return this.#round.over.then(() => this.refresh(scopes))
  }

  /** Tells everything, gives everything back that is not held, and gives up the leases. One attempt. */
  async close(): Promise<void> {
    this.#stopTicking()
    await this.#round?.over
    // The first round ends what is under way, the second returns what it may have brought.
    for (let i = 0; i < 2; i++) {
      for (const { purse } of this.#options.scopes.values()) purse.close()
      await this.#send(this.#due(this.#options.scopes.size))
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

  /** A store that was restarted waits for what every purse can tell it, also those with nothing new. */
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

  /** Of thousands of scopes the next few each time, so that a tick takes a millisecond and a lease is renewed in time. */
  #due(most = PURSES_PER_TICK): Scope[] {
    const nowMs = this.#options.clock.elapsedMs()
    const all = [...this.#options.scopes.values()]
    const count = Math.min(all.length, most)
    const due: Scope[] = []
    let stale = 0
    for (let i = 0; i < count; i++) {
      const scope = all[(this.#lookFrom + i) % all.length]
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
    this.#lookFrom = all.length > 0 ? (this.#lookFrom + count) % all.length : 0
    return due
  }

  #send(asked: readonly Scope[]): Promise<void> | undefined {
    if (asked.length === 0) return undefined
    const { store, owner, clock, nextHold } = this.#options
    const nowMs = clock.elapsedMs()
    // Where round follows upon round no tick finds a pause: what is due goes along, or its lease would end.
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

  /** Also of a round that was given up: what it says is true whenever it comes. */
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
    })
    // Told last, so that whatever the listener does, every answer was taken in.
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

  /** The first changes that may be sent together, since each is of another scope and so none can overtake another. */
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
    if (this.#state.is === 'up') this.#move({ is: 'away', sinceMs: this.#options.clock.elapsedMs(), detail })
  }

  #move(state: LinkState): void {
    if (state.is === this.#state.is) return
    this.#state = state
    this.#options.onState?.(state)
  }
}

/** Whether the store's last answer says that something counts here, which gets less with time. */
function showsSpend({ standing }: Purse): boolean {
  if (!standing) return false
  return standing.forfeited.amount > 0 || standing.limits.some(({ spent }) => spent > 0)
}

function newRound(): Round {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { over: promise, end: resolve }
}

/** Rejects when no answer has come in time: it, or what it answers, may be lost. What comes later says nothing. */
function inTime<T>(clock: Clock, answer: Soon<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const giveUp = clock.after(ANSWER_MS, () => reject(new StoreUnavailable('no answer in time')))
  Promise.resolve(answer).then(resolve, reject).finally(giveUp)
  return promise
}

/** What throws at once fails like what is rejected later. */
function attempt<T>(work: () => Soon<T>): Soon<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}
