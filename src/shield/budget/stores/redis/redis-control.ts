import { z } from 'zod'
import type { Clock } from '../../../../time/clock.ts'
import type { HoldMode } from '../../protocol/hold-mode.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import type { Control, KillSwitch, PauseState, ScopeDefinition } from '../../protocol/store.ts'
import type { RedisClient } from './redis-client.ts'
import { type ControlReply, readControlReply } from './redis-replies.ts'
import { RedisScript } from './redis-script.ts'

const TAG = 'bidwarden:{control}'
/** The key of the control hash, and the name of the channel on which new versions are announced. */
export const CONTROL_KEY = TAG

const KEYS = [CONTROL_KEY, `${TAG}:owners`, `${TAG}:changes`]

/** The value that stands for a removed definition or pause. */
const GONE = ''
const RELEASED: KillSwitch = { is: 'released' }
const RUNNING: PauseState = { is: 'running' }
/** A definition as {@link RedisControl} stores it. */
const definition = z.object({
  currency: z.string(),
  limits: z.array(z.custom<LimitSpec>()),
  by: z.enum(['configuration', 'operator']),
  holdMode: z.custom<HoldMode>().optional(),
})
const pause = z.custom<PauseState>()
const asKillSwitch = z.custom<KillSwitch>()

export interface RedisControlOptions {
  readonly client: RedisClient
  readonly clock: Clock
  /** An owner that Redis has not heard from for this long is gone. */
  readonly leaseMs: number
  /** The most by which the wall clock of a process may differ from that of Redis. */
  readonly toleranceMs: number
}

/** The control state in Redis, with the copy of it that this process last read. */
export class RedisControl {
  readonly #client: RedisClient
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #toleranceMs: number
  readonly #script = new RedisScript('redis-control.lua')
  #known: Control = { version: 0, killSwitch: RELEASED, scopes: [] }
  /** The scopes of `#known`, by name. */
  readonly #scopes = new Map<string, Control['scopes'][number]>()
  /** Scopes that have changed since the last {@link takeChanged}. */
  #changed = new Set<string>()
  #replid: string | undefined
  /** A counter in Redis that any process raises when it meets a fenced account. */
  fences = 0
  /** The owner of this process once it has joined. It is named in every request, so that the registry stays complete. */
  #owner: string | undefined
  /** When a request with that owner last succeeded (elapsed ms). */
  #heardMs = Number.NEGATIVE_INFINITY
  /** Replication id of the Redis to which this owner has reported all its purses. */
  #told: string | undefined

  constructor({ client, clock, leaseMs, toleranceMs }: RedisControlOptions) {
    this.#client = client
    this.#clock = clock
    this.#leaseMs = Math.ceil(leaseMs)
    this.#toleranceMs = toleranceMs
  }

  /** The control state of the last answer; it stays in force while Redis is unreachable. */
  get known(): Control {
    return this.#known
  }

  /** Names of the scopes that have changed since the last call. */
  takeChanged(): string[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** The known state of a scope; undefined if there is none. */
  one(name: string): Control['scopes'][number] | undefined {
    return this.#scopes.get(name)
  }

  /**
   * Resolves when Redis has heard from this owner within half a lease. An owner must not draw before: after a loss of data
   * only owners heard from within a lease are waited for. Half of the lease allows for clocks that differ.
   */
  async join(owner: string): Promise<void> {
    if (owner === this.#owner && this.#clock.elapsedMs() - this.#heardMs < this.#leaseMs / 2) return
    this.#owner = owner
    await this.read()
  }

  /** Notes that this owner has reported all its purses to the Redis of that replication id. */
  hasTold(replid: string): void {
    this.#told = replid
  }

  /** Reads the control state. After a restart or failover it first writes back what Redis has lost and this process knows. */
  async read(): Promise<ControlReply> {
    const reply = await this.#ask({ op: 'read' })
    const { known } = this
    if (!this.#isAnother(reply)) return this.#take(reply)
    const scopes = known.scopes.map((one) => ({
      scope: one.scope,
      value: write(one),
      pause: JSON.stringify(one.pause),
    }))
    const merge = {
      op: 'merge',
      version: known.version,
      killSwitch: JSON.stringify(known.killSwitch),
      scopes,
    }
    return this.#take(await this.#ask(merge))
  }

  /**
   * Stores a definition.
   *
   * @returns whether an operator had trusted this Redis before; a later {@link trust} will find the scope
   */
  async setScope(one: ScopeDefinition): Promise<boolean> {
    return this.#change({ op: 'scope', scope: one.scope, value: write(one) })
  }

  async removeScope(scope: string): Promise<void> {
    await this.#change({ op: 'remove', scope })
  }

  async setPause(scope: string, state: PauseState): Promise<void> {
    await this.#change({ op: 'pause', scope, value: JSON.stringify(state) })
  }

  async setKillSwitch(state: KillSwitch): Promise<void> {
    await this.#change({ op: 'kill_switch', value: JSON.stringify(state) })
  }

  /** Marks this Redis as trusted: from now on a scope that it does not know is a new one, not a lost one. */
  async trust(): Promise<void> {
    await this.#change({ op: 'trust' })
  }

  /** Tells all owners that an account is fenced, so that they send lines for their purses. */
  async noteFence(): Promise<void> {
    await this.#change({ op: 'fence' })
  }

  async leave(owner: string): Promise<void> {
    if (this.#owner === owner) this.#owner = undefined
    await this.#ask({ op: 'leave', leaving: owner })
  }

  /** Makes a change. After a restart or failover of Redis it restores lost state first; see {@link read}. */
  async #change(request: object): Promise<boolean> {
    for (;;) {
      const reply = await this.#ask(request)
      if (!this.#isAnother(reply)) return this.#take(reply).isReady
      await this.read()
    }
  }

  /** Whether the answer is from another Redis than the known state, or from the same one after a restart or loss. */
  #isAnother({ replid }: ControlReply): boolean {
    return this.#replid !== undefined && this.#replid !== replid && this.#known.version > 0
  }

  async #ask(request: object): Promise<ControlReply> {
    const common = {
      known: String(this.#known.version),
      ...(this.#replid !== undefined && { replid: this.#replid }),
      wallMs: Math.floor(this.#clock.nowMs()),
      toleranceMs: this.#toleranceMs,
      leaseMs: this.#leaseMs,
      ...(this.#owner !== undefined && { owner: this.#owner }),
      ...(this.#told !== undefined && { told: this.#told }),
    }
    const { owner } = common
    const askedMs = this.#clock.elapsedMs()
    const reply = readControlReply(await this.#script.run(this.#client, KEYS, { ...common, ...request }))
    if (owner !== undefined && owner === this.#owner) this.#heardMs = askedMs
    return reply
  }

  #take(reply: ControlReply): ControlReply {
    // A newer answer was taken already.
    if (reply.replid === this.#replid && reply.version < this.#known.version) return reply
    this.#replid = reply.replid
    this.fences = reply.fences
    if (reply.fields) {
      for (const scope of this.#scopes.keys()) this.#changed.add(scope)
      this.#scopes.clear()
      this.#known = { ...this.#known, killSwitch: RELEASED }
    }
    if (reply.fields || reply.version !== this.#known.version)
      this.#known = this.#read(reply.version, fieldsOf(reply.fields ?? reply.changes ?? []))
    return reply
  }

  /** Parses the changed fields. Scopes that did not change keep their objects, so that callers can compare by identity. */
  #read(version: number, said: ReadonlyMap<string, string>): Control {
    let { killSwitch } = this.#known
    for (const [name, text] of said) {
      if (name === 'killSwitch') killSwitch = asKillSwitch.parse(JSON.parse(text))
      else if (name.startsWith('s:')) {
        const scope = name.slice(2)
        if (text === GONE) {
          this.#scopes.delete(scope)
          this.#changed.add(scope)
          continue
        }
        const { pause = RUNNING } = this.#scopes.get(scope) ?? {}
        this.#scopes.set(scope, { scope, ...definition.parse(JSON.parse(text)), pause })
        this.#changed.add(scope)
      }
    }
    // Pauses come second, since a pause is added to an existing scope.
    for (const [name, text] of said) {
      const one = name.startsWith('p:') && text !== GONE && this.#scopes.get(name.slice(2))
      if (!one) continue
      this.#scopes.set(one.scope, { ...one, pause: pause.parse(JSON.parse(text)) })
      this.#changed.add(one.scope)
    }
    return { version, killSwitch, scopes: [...this.#scopes.values()] }
  }
}

function fieldsOf(flat: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '')
  return fields
}

const write = ({ currency, limits, by, holdMode }: ScopeDefinition) =>
  JSON.stringify({ currency, limits, by, holdMode })
