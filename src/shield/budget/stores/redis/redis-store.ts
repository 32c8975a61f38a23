import { isDeepStrictEqual } from 'node:util'
import type { Cancel, Clock } from '../../../../time/clock.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import {
  type Bill,
  type BillReply,
  type BudgetStore,
  type Control,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  type ScopeState,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from '../../protocol/store.ts'
import { RedisAccounts } from './redis-accounts.ts'
import { checkMemoryPolicy, type RedisClient, reach, redisClient } from './redis-client.ts'
import { CONTROL_KEY, RedisControl } from './redis-control.ts'
import { RedisOwnerMessages } from './redis-owner-messages.ts'
import { type AccountReply, asBillReply, asSyncReply, type ControlReply } from './redis-replies.ts'

export interface RedisStoreOptions {
  readonly clock: Clock
  /** The address; see {@link redisClient}. */
  readonly url: string
  /** Length of a lease. */
  readonly leaseMs?: number
  /** The most by which the wall clock of a process may differ from that of Redis; beyond it requests are refused. */
  readonly toleranceMs?: number
  /** The number of replicas that must have an answer before it is used. */
  readonly minReplicas?: number
  /** Makes the clients; the default is {@link redisClient}. */
  readonly connect?: (url: string) => RedisClient
}

const LEASE_MS = 7_000
const TOLERANCE_MS = 5_000
/** How often control is read if no change is announced. */
const POLL_MS = 500
/** The most fences that one reading of control tries to lift; changes of control wait for that. */
const LIFTS_PER_POLL = 250
/** How long after a restart or failover of Redis an unknown scope is treated as lost and not as new. */
const MOVED_MS = 3_600_000
/** How long a removed scope is kept at least, since open bids may still be billed and bills repeated. */
const REMOVED_FOR_MS = 48 * 3_600_000
/** Reasons for creating a scope fenced. `LOST` ends by time or by an operator; `MOVED` also when all owners have reported. */
const LOST = 'Redis does not know what was spent before; wait, or have an operator vouch for it'
const MOVED = 'Redis was restarted or failed over'
/** The longest hold that is assumed for a scope that Redis has lost, until lines report a longer one. */
const LOST_HOLD_MS = 300_000

/** The budget store in Redis, which many processes share. docs/internals/redis.md has the rules. */
export class RedisStore implements BudgetStore {
  readonly answersAtOnce = false
  readonly ownerMessages: RedisOwnerMessages
  readonly #clock: Clock
  readonly #client: RedisClient
  readonly #subscriber: RedisClient
  readonly #accounts: RedisAccounts
  readonly #control: RedisControl
  readonly #watchers = new Set<(control: Control) => void>()
  /** Scopes that are fenced, as far as this process has seen. */
  readonly #fenced = new Set<string>()
  /** Scopes that this process is removing now. */
  readonly #removing = new Set<string>()
  /** Scopes drawn on by this process, and those of them that have sent no line since the last restart or failover. */
  readonly #drawn = new Set<string>()
  readonly #untold = new Set<string>()
  /** The living owners of the last answer, and when it came (elapsed ms). */
  #living: { readonly owners: ReadonlySet<string>; readonly atMs: number } | undefined
  #told = ''
  #epoch = ''
  #cancelPoll: Cancel = () => undefined
  #polling = false
  #closed = false

  /** Connects; rejects when Redis cannot be reached, or may evict budgets. */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    const store = new RedisStore(options)
    try {
      await reach(() => Promise.all([store.#client.connect(), store.#subscriber.connect()]))
      await checkMemoryPolicy(store.#client)
      await store.#subscriber.subscribe(CONTROL_KEY)
      store.#subscriber.on('message', () => store.#poll())
      await store.#read()
      store.#schedule()
      return store
    } catch (error) {
      await store.close()
      throw error
    }
  }

  private constructor({
    clock,
    url,
    leaseMs = LEASE_MS,
    toleranceMs = TOLERANCE_MS,
    minReplicas = 0,
    connect = redisClient,
  }: RedisStoreOptions) {
    this.#clock = clock
    this.#client = connect(url)
    this.#subscriber = connect(url)
    this.#accounts = new RedisAccounts({ clock, client: this.#client, leaseMs, toleranceMs, minReplicas })
    this.#control = new RedisControl({ client: this.#client, clock, leaseMs, toleranceMs })
    this.ownerMessages = new RedisOwnerMessages({
      clock,
      url,
      client: this.#client,
      living: () => this.#whoLives(),
      confirm: () => this.#accounts.confirm(),
    })
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<readonly SyncReply[]> {
    await this.#control.join(owner)
    const replies = await Promise.all(lines.map((line) => this.#sync(owner, line)))
    await this.#accounts.confirm()
    return replies
  }

  async bill(bills: readonly Bill[]): Promise<readonly BillReply[]> {
    const replies = await Promise.all(
      bills.map(async (bill) => {
        const reply = await this.#askKnown(bill.scope, 'bill', { bill })
        if (reply.is === 'fenced') throw new StoreUnavailable(reply.detail)
        return asBillReply(reply)
      }),
    )
    await this.#accounts.confirm()
    return replies
  }

  async leave(owner: string): Promise<void> {
    const { scopes } = this.#control.known
    await Promise.all(scopes.map(({ scope }) => this.#accounts.ask(scope, 'leave', { owner })))
    await this.#control.leave(owner)
  }

  async define(definition: ScopeDefinition): Promise<ScopeDefinition> {
    const known = this.#known(definition.scope)
    // Every start defines all budgets again, ten thousand of them in three rounds each. A definition that changes nothing
    // is not sent. If Redis has lost the account, its first line or bill defines it again.
    if (known && isDeepStrictEqual(known, definition)) {
      this.#accounts.learn(known.limits)
      return known
    }
    const defined = await this.#define(definition, await this.#control.read())
    this.#tell()
    return defined
  }

  /** See {@link BudgetStore.remove}. The account expires in Redis when nothing of it can count any more. */
  async remove(scope: string): Promise<void> {
    const known = this.#control.one(scope)
    if (!known) return
    this.#removing.add(scope)
    try {
      await this.#accounts.ask(scope, 'remove', { keepMs: keepMs(known.limits) })
      await this.#control.removeScope(scope)
    } finally {
      this.#removing.delete(scope)
    }
    this.#drawn.delete(scope)
    this.#untold.delete(scope)
    this.#fenced.delete(scope)
    await this.#accounts.confirm()
    this.#tell()
  }

  async setPause(scope: string, pause: PauseState): Promise<void> {
    await this.#control.setPause(scope, pause)
    this.#tell()
  }

  async setKillSwitch(killSwitch: KillSwitch): Promise<void> {
    await this.#control.setKillSwitch(killSwitch)
    this.#tell()
  }

  /** The control state of the last answer: at most a second old while Redis can be reached, older while it cannot. */
  control(scopes?: readonly string[]): Control {
    const { known } = this.#control
    const named = scopes
      ? { ...known, scopes: scopes.flatMap((name) => this.#control.one(name) ?? []) }
      : known
    return { ...named, epoch: `${this.#epoch} ${this.#control.fences}` }
  }

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    // Reports the present state once: decisions made before this process started may never change again.
    queueMicrotask(() => {
      if (this.#watchers.has(onChange)) onChange(this.control())
    })
    return () => this.#watchers.delete(onChange)
  }

  /**
   * Ends the fence of every scope on an operator's word that Redis has counted all spend. It also marks an empty Redis as
   * a new one, not one that has lost its data.
   */
  async trust(): Promise<void> {
    await this.#control.trust()
    const control = await this.#control.read()
    await Promise.all(this.#control.known.scopes.map((one) => this.#vouchFor(one, control)))
    this.#fenced.clear()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelPoll()
    this.#watchers.clear()
    await this.ownerMessages.close()
    this.#subscriber.disconnect()
    this.#client.disconnect()
  }

  async #sync(owner: string, line: SyncLine): Promise<SyncReply> {
    this.#drawn.add(line.scope)
    const epoch = this.#epoch
    const reply = asSyncReply(await this.#askKnown(line.scope, 'sync', { owner, line }))
    if (reply.is === 'granted' && reply.withheld) this.#meetFence(line.scope)
    else if (reply.is === 'granted') this.#fenced.delete(line.scope)
    const isTaken = reply.is !== 'unknown_scope' && reply.is !== 'fenced'
    if (isTaken && epoch === this.#epoch) this.#untold.delete(line.scope)
    if (this.#untold.size === 0) this.#control.hasTold(this.#epoch)
    return reply
  }

  /** Sends a request to the account of a scope. If Redis has lost the account, it is defined again first. */
  async #askKnown(scope: string, op: string, request: object): Promise<AccountReply> {
    const reply = await this.#accounts.ask(scope, op, request)
    if (reply.is !== 'unknown_scope' || !this.#control.one(scope)) return reply
    const control = await this.#control.read()
    // The account of a scope that is removed is gone a moment before its definition is. Defining it again would bring it back.
    const known = this.#removing.has(scope) ? undefined : this.#control.one(scope)
    if (!known) return reply
    await this.#define(known, control)
    return this.#accounts.ask(scope, op, request)
  }

  /** The definition that Redis had at the last answer, as it would be sent; undefined for none. */
  #known(name: string): ScopeDefinition | undefined {
    const known = this.#control.one(name)
    if (!known) return undefined
    const { scope, currency, limits, by, holdMode } = known
    return { scope, currency, limits, by, ...(holdMode && { holdMode }) }
  }

  /**
   * Announces a fence when this process first meets it, so that all owners send lines for their purses. It is needed if
   * one shard of a Redis Cluster fails over alone: owners with idle purses there would not notice.
   */
  #meetFence(scope: string): void {
    if (this.#fenced.has(scope)) return
    this.#fenced.add(scope)
    // If Redis is unreachable, the next fence is announced, or this one ends by its time.
    this.#control.noteFence().catch(() => undefined)
  }

  async #vouchFor(known: ScopeDefinition, control: ControlReply): Promise<void> {
    let reply = await this.#accounts.ask(known.scope, 'trust')
    if (reply.is === 'unknown_scope') {
      // Redis has lost the scope and nobody has drawn on it since. Without this it would be fenced when next drawn on.
      await this.#define(known, control)
      reply = await this.#accounts.ask(known.scope, 'trust')
    }
    if (reply.is !== 'done') throw new StoreUnavailable(`Redis: ${detailOf(reply)}`)
  }

  async #define(definition: ScopeDefinition, control: ControlReply): Promise<ScopeDefinition> {
    const { scope, currency, limits, by, holdMode } = definition
    this.#accounts.learn(limits)
    const isKnown = this.#control.one(scope) !== undefined
    const movedLately = control.timeMs - control.movedMs < MOVED_MS
    const fence = isKnown || !control.isReady ? LOST : movedLately ? MOVED : undefined
    const reply = await this.#accounts.ask(scope, 'define', {
      definition: { currency, by, ...(holdMode && { holdMode: JSON.stringify(holdMode) }) },
      limits: JSON.stringify(limits),
      ...(fence !== undefined && { fence }),
      askedMs: control.timeMs,
      holdMs: LOST_HOLD_MS,
    })
    if (reply.is === 'fenced') throw new StoreUnavailable(reply.detail)
    if (reply.is === 'stale') return this.define(definition)
    if (reply.is !== 'defined') throw new Error(`Redis answered a definition with ${reply.is}`)
    const { is: _, ...known } = reply
    const defined: ScopeDefinition = { scope, ...known }
    const isVouchedFor = await this.#control.setScope(defined)
    // An operator trusted this Redis while the scope was being created, so that call did not include it.
    if (isVouchedFor && !isKnown && fence === LOST) await this.#accounts.ask(scope, 'trust')
    await this.#accounts.confirm()
    return defined
  }

  #schedule(): void {
    if (!this.#closed) this.#cancelPoll = this.#clock.after(POLL_MS, () => this.#poll())
  }

  #poll(): void {
    if (this.#polling || this.#closed) return
    this.#polling = true
    this.#cancelPoll()
    this.#read()
      // While Redis is unreachable the known state stays in force; the next poll may succeed.
      .catch(() => undefined)
      .finally(() => {
        this.#polling = false
        this.#schedule()
      })
  }

  async #read(): Promise<void> {
    const epoch = this.#epoch
    const { replid, owners, living } = await this.#control.read()
    this.#living = { owners: new Set(living), atMs: this.#clock.elapsedMs() }
    this.#epoch = replid
    if (epoch !== '' && epoch !== replid) {
      for (const scope of this.#drawn) this.#untold.add(scope)
      const control = await this.#control.read()
      for (const known of this.#control.known.scopes) await this.#define(known, control)
    }
    this.#tell()
    const tried = [...this.#fenced].slice(0, LIFTS_PER_POLL)
    await Promise.all(tried.map((scope) => this.#accounts.ask(scope, 'lift', { owners, lost: LOST })))
    // Those that are still fenced come again after all others.
    for (const scope of tried) if (this.#fenced.delete(scope)) this.#fenced.add(scope)
  }

  /** The living owners, from an answer that is at most two polls old. */
  async #whoLives(): Promise<ReadonlySet<string>> {
    const known = this.#living
    if (known && this.#clock.elapsedMs() - known.atMs < 2 * POLL_MS) return known.owners
    return new Set((await this.#control.read()).living)
  }

  #tell(): void {
    const { version } = this.#control.known
    const told = `${version} ${this.#epoch} ${this.#control.fences}`
    if (told === this.#told) return
    this.#told = told
    const scopes = this.#control.takeChanged().map((scope) => this.#control.one(scope) ?? removedScope(scope))
    const control = { ...this.control([]), scopes }
    for (const onChange of this.#watchers) onChange(control)
  }
}

const detailOf = (reply: AccountReply): string => ('detail' in reply ? reply.detail : reply.is)

const removedScope = (scope: string): ScopeState => ({
  ...{ scope, currency: '', limits: [], by: 'configuration', pause: { is: 'running' } },
  isRemoved: true,
})

/** How long a removed scope must be kept, in milliseconds; 0 for ever, since a lifetime limit has no end. */
function keepMs(limits: readonly LimitSpec[]): number {
  if (limits.some(({ kind }) => kind === 'lifetime')) return 0
  const windowsMs = limits.map((limit) => (limit.kind === 'sliding' ? limit.windowMs : 49 * 3_600_000))
  return REMOVED_FOR_MS + Math.max(0, ...windowsMs)
}
