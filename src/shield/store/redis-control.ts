import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { HoldMode } from '../hold-mode.ts'
import type { LimitSpec } from '../limits.ts'
import { type RedisClient, RedisScript } from './redis-client.ts'
import { type ControlReply, readControlReply } from './redis-replies.ts'
import type { Control, KillSwitch, PauseState, ScopeDefinition } from './store.ts'

const TAG = 'bidwarden:{control}'
/** Also the channel on which a new version is announced. */
export const CONTROL_KEY = TAG

const KEYS = [CONTROL_KEY, `${TAG}:owners`, `${TAG}:changes`]

/** Told in place of a definition or pause of a scope that was removed. */
const GONE = ''
const RELEASED: KillSwitch = { is: 'released' }
const RUNNING: PauseState = { is: 'running' }
/** As written by {@link RedisControl}. */
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
  /** An owner that was not heard of for so long is gone. */
  readonly leaseMs: number
  /** How far the wall clock of a process may be from Redis's. */
  readonly toleranceMs: number
}

/** What operators decided, as Redis has it and as it was known here last. */
export class RedisControl {
  readonly #client: RedisClient
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #toleranceMs: number
  readonly #script = new RedisScript('redis-control.lua')
  #known: Control = { version: 0, killSwitch: RELEASED, scopes: [] }
  /** Those of what is known, by name. */
  readonly #scopes = new Map<string, Control['scopes'][number]>()
  /** Scopes that were read anew since {@link takeChanged} was asked last. */
  #changed = new Set<string>()
  #replid: string | undefined
  /** Counts up whenever somebody meets a fenced account. */
  fences = 0
  /** Named with every request once it takes part, so that a Redis that has lost its memory knows whom to hear. */
  #owner: string | undefined
  /** Redis has heard of it since. */
  #heardMs = Number.NEGATIVE_INFINITY
  /** The Redis that this owner has told everything. */
  #told: string | undefined

  constructor({ client, clock, leaseMs, toleranceMs }: RedisControlOptions) {
    this.#client = client
    this.#clock = clock
    this.#leaseMs = Math.ceil(leaseMs)
    this.#toleranceMs = toleranceMs
  }

  /** As of the last answer; kept while Redis is away. */
  get known(): Control {
    return this.#known
  }

  /** Names of the scopes that have changed since this was asked last. */
  takeChanged(): string[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** What is known of a scope. */
  one(name: string): Control['scopes'][number] | undefined {
    return this.#scopes.get(name)
  }

  /**
   * Resolves when Redis has heard of this owner lately. Nobody draws before: after a loss whoever was heard of within a lease
   * is waited for, and nobody else. Half of it, since clocks differ.
   */
  async join(owner: string): Promise<void> {
    if (owner === this.#owner && this.#clock.elapsedMs() - this.#heardMs < this.#leaseMs / 2) return
    this.#owner = owner
    await this.read()
  }

  /** Whatever this owner knew was told to the Redis of that replication id. */
  hasTold(replid: string): void {
    this.#told = replid
  }

  /** Reads what there is, and gives back what Redis has lost but this process knows. */
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

  async setScope(one: ScopeDefinition): Promise<void> {
    await this.#change({ op: 'scope', scope: one.scope, value: write(one) })
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

  /** From now on a scope that Redis does not know is a new one, not a lost one. */
  async trust(): Promise<void> {
    await this.#change({ op: 'trust' })
  }

  /** Tells all owners that an account is fenced, which waits for what they know. */
  async noteFence(): Promise<void> {
    await this.#change({ op: 'fence' })
  }

  async leave(owner: string): Promise<void> {
    if (this.#owner === owner) this.#owner = undefined
    await this.#ask({ op: 'leave', leaving: owner })
  }

  /** What was restarted or failed over does nothing before it was given back what it may have lost. */
  async #change(request: object): Promise<void> {
    for (;;) {
      const reply = await this.#ask(request)
      if (!this.#isAnother(reply)) {
        this.#take(reply)
        return
      }
      await this.read()
    }
  }

  /** Whether the answer comes from another Redis, or another life of it, than what is known here. */
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
    // Overtaken by a later answer.
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

  /** What changed is read; what did not stays the very same object. */
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
    // A scope is there before its pause.
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
