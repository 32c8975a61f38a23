import { z } from 'zod'
import type { LimitSpec } from '../limits.ts'
import { type RedisClient, RedisScript } from './redis-client.ts'
import { type ControlReply, readControlReply } from './redis-replies.ts'
import type { Control, KillSwitch, PauseState, ScopeDefinition } from './store.ts'

const TAG = 'bidwarden:{control}'
/** Also the channel on which a new version is announced. */
export const CONTROL_KEY = TAG

const RELEASED: KillSwitch = { is: 'released' }
const RUNNING: PauseState = { is: 'running' }
/** As written by {@link RedisControl}. */
const definition = z.object({
  currency: z.string(),
  limits: z.array(z.custom<LimitSpec>()),
  by: z.enum(['configuration', 'operator']),
})
const pause = z.custom<PauseState>()
const killSwitch = z.custom<KillSwitch>()

/** What operators decided, as Redis has it and as it was known here last. */
export class RedisControl {
  readonly #client: RedisClient
  readonly #leaseMs: number
  readonly #script = new RedisScript('redis-control.lua')
  #known: Control = { version: 0, killSwitch: RELEASED, scopes: [] }
  #replid: string | undefined
  /** Named with every request once it takes part, so that a Redis that has lost its memory knows whom to hear. */
  #owner: string | undefined

  /** @param leaseMs an owner that was not heard of for so long is gone */
  constructor(client: RedisClient, leaseMs: number) {
    this.#client = client
    this.#leaseMs = leaseMs
  }

  /** As of the last answer; kept while Redis is away. */
  get known(): Control {
    return this.#known
  }

  join(owner: string): void {
    this.#owner = owner
  }

  /** Reads what there is, and gives back what Redis has lost but this process knows. */
  async read(): Promise<ControlReply> {
    const before = this.#replid
    const reply = await this.#ask({ op: 'read' })
    const { known } = this
    if (before === undefined || before === reply.replid || known.version === 0) return this.#take(reply)
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
    this.#take(await this.#ask({ op: 'scope', scope: one.scope, value: write(one) }))
  }

  async setPause(scope: string, state: PauseState): Promise<void> {
    this.#take(await this.#ask({ op: 'pause', scope, value: JSON.stringify(state) }))
  }

  async setKillSwitch(state: KillSwitch): Promise<void> {
    this.#take(await this.#ask({ op: 'kill_switch', value: JSON.stringify(state) }))
  }

  /** From now on a scope that Redis does not know is a new one, not a lost one. */
  async trust(): Promise<void> {
    this.#take(await this.#ask({ op: 'trust' }))
  }

  async leave(owner: string): Promise<void> {
    if (this.#owner === owner) this.#owner = undefined
    await this.#ask({ op: 'leave', leaving: owner })
  }

  async #ask(request: object): Promise<ControlReply> {
    const common = {
      known: String(this.#known.version),
      leaseMs: this.#leaseMs,
      ...(this.#owner !== undefined && { owner: this.#owner }),
    }
    return readControlReply(
      await this.#script.run(this.#client, [CONTROL_KEY, `${TAG}:owners`], { ...common, ...request }),
    )
  }

  #take(reply: ControlReply): ControlReply {
    this.#replid = reply.replid
    if (reply.fields) this.#known = readControl(reply.version, reply.fields)
    return reply
  }
}

const write = ({ currency, limits, by }: ScopeDefinition) => JSON.stringify({ currency, limits, by })

function readControl(version: number, flat: readonly string[]): Control {
  const fields = new Map<string, string>()
  for (let i = 0; i + 1 < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '')
  const parsed = (name: string): unknown => JSON.parse(fields.get(name) ?? 'null')
  const scopes = [...fields.keys()]
    .filter((name) => name.startsWith('s:'))
    .map((name) => name.slice(2))
    .sort()
    .map((scope) => ({
      scope,
      ...definition.parse(parsed(`s:${scope}`)),
      pause: pause.parse(parsed(`p:${scope}`) ?? RUNNING),
    }))
  return { version, killSwitch: killSwitch.parse(parsed('killSwitch') ?? RELEASED), scopes }
}
