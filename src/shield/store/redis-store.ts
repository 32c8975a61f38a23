import type { Cancel, Clock } from '../../clock.ts'
import type { LimitSpec } from '../limits.ts'
import { RedisAccounts } from './redis-accounts.ts'
import { checkMemoryPolicy, type RedisClient, reach, redisClient } from './redis-client.ts'
import { CONTROL_KEY, RedisControl } from './redis-control.ts'
import { RedisMail } from './redis-mail.ts'
import { asBillReply, asSyncReply, type ControlReply } from './redis-replies.ts'
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
} from './store.ts'

export interface RedisStoreOptions {
  readonly clock: Clock
  /** See {@link redisClient}. */
  readonly url: string
  /** How long an owner's grants last without a word. */
  readonly leaseMs?: number
  /** How far the wall clock of a process may be from Redis's before it is refused. */
  readonly toleranceMs?: number
  /** An answer is used only when so many replicas have it. */
  readonly minReplicas?: number
  /** Makes the clients of accounts and control; {@link redisClient} where nothing is said. */
  readonly connect?: (url: string) => RedisClient
}

const LEASE_MS = 10_000
const TOLERANCE_MS = 5_000
/** Control is read this often where no announcement came. */
const POLL_MS = 500
/** After a restart or failover of Redis, what is unknown to it may have been lost for so long. */
const MOVED_MS = 3_600_000
/** What is removed is kept so long at least: a bid that is out may still be billed, and bills repeated. */
const REMOVED_FOR_MS = 48 * 3_600_000
/** Why a scope that is created does not grant: nobody can tell what it was granted before, or those who take part can. */
const LOST = 'Redis does not know what was spent before; wait, or have an operator vouch for it'
const MOVED = 'Redis was restarted or failed over'
/** Holds of a scope that Redis has lost may be this old; more is learned from the lines. */
const LOST_HOLD_MS = 300_000

/** Budgets that many processes share, in Redis. ARCHITECTURE.md, “Several processes, one budget”, has the rules. */
export class RedisStore implements BudgetStore {
  readonly answersAtOnce = false
  readonly mail: RedisMail
  readonly #clock: Clock
  readonly #client: RedisClient
  readonly #subscriber: RedisClient
  readonly #accounts: RedisAccounts
  readonly #control: RedisControl
  readonly #watchers = new Set<(control: Control) => void>()
  /** Scopes whose grants are withheld. */
  readonly #fenced = new Set<string>()
  /** Scopes that were ever drawn on here, and those of them of which Redis was not told yet since it was another one. */
  readonly #drawn = new Set<string>()
  readonly #untold = new Set<string>()
  /** As of the last answer. */
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
    this.mail = new RedisMail({
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
        const reply = await this.#accounts.ask(bill.scope, 'bill', { bill })
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
    const defined = await this.#define(definition, await this.#control.read())
    this.#tell()
    return defined
  }

  /** The account goes by itself when nothing of it can count any more. */
  async remove(scope: string): Promise<void> {
    const known = this.#control.one(scope)
    if (!known) return
    await this.#accounts.ask(scope, 'remove', { keepMs: keepMs(known.limits) })
    await this.#control.removeScope(scope)
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

  /** As of the last answer, at most a second old while Redis can be reached, and kept while it cannot. */
  control(scopes?: readonly string[]): Control {
    const { known } = this.#control
    const named = scopes
      ? { ...known, scopes: scopes.flatMap((name) => this.#control.one(name) ?? []) }
      : known
    return { ...named, epoch: `${this.#epoch} ${this.#control.fences}` }
  }

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    // What was decided before this process came may never change again.
    queueMicrotask(() => {
      if (this.#watchers.has(onChange)) onChange(this.control())
    })
    return () => this.#watchers.delete(onChange)
  }

  /**
   * An operator vouches for what Redis knows: nothing was spent that it has not counted. Ends the waiting of every fenced
   * scope, and says of an empty Redis that it is new and not one that has lost its memory.
   */
  async trust(): Promise<void> {
    await this.#control.trust()
    await Promise.all(this.#control.known.scopes.map(({ scope }) => this.#accounts.ask(scope, 'trust')))
    this.#fenced.clear()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelPoll()
    this.#watchers.clear()
    await this.mail.close()
    this.#subscriber.disconnect()
    this.#client.disconnect()
  }

  async #sync(owner: string, line: SyncLine): Promise<SyncReply> {
    this.#drawn.add(line.scope)
    const epoch = this.#epoch
    let reply = asSyncReply(await this.#accounts.ask(line.scope, 'sync', { owner, line }))
    const known = reply.is === 'unknown_scope' ? this.#control.one(line.scope) : undefined
    if (known) {
      // Redis has lost it; what is known of it here goes back before anything is booked.
      await this.#define(known, await this.#control.read())
      reply = asSyncReply(await this.#accounts.ask(line.scope, 'sync', { owner, line }))
    }
    if (reply.is === 'granted' && reply.withheld) this.#meetFence(line.scope)
    else if (reply.is === 'granted') this.#fenced.delete(line.scope)
    const isTaken = reply.is !== 'unknown_scope' && reply.is !== 'fenced'
    if (isTaken && epoch === this.#epoch) this.#untold.delete(line.scope)
    if (this.#untold.size === 0) this.#control.hasTold(this.#epoch)
    return reply
  }

  /**
   * One shard of a Redis Cluster may fail over alone, which nobody sees whose purses there are idle: whoever meets a fence
   * says so, and all tell where they stand.
   */
  #meetFence(scope: string): void {
    if (this.#fenced.has(scope)) return
    this.#fenced.add(scope)
    // Away: it is said with the next fence, or the fence ends by its time.
    this.#control.noteFence().catch(() => undefined)
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
    await this.#control.setScope(defined)
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
      // Away: what is known stays in force, and the next look may succeed.
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
    await Promise.all(
      [...this.#fenced].map((scope) => this.#accounts.ask(scope, 'lift', { owners, lost: LOST })),
    )
  }

  /** At most two polls old. */
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

const removedScope = (scope: string): ScopeState => ({
  ...{ scope, currency: '', limits: [], by: 'configuration', pause: { is: 'running' } },
  isRemoved: true,
})

/** How long after its removal something of a scope may still count: 0 for as long as there is no end to it. */
function keepMs(limits: readonly LimitSpec[]): number {
  if (limits.some(({ kind }) => kind === 'lifetime')) return 0
  const windowsMs = limits.map((limit) => (limit.kind === 'sliding' ? limit.windowMs : 49 * 3_600_000))
  return REMOVED_FOR_MS + Math.max(0, ...windowsMs)
}
