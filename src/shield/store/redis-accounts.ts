import type { Clock } from '../../clock.ts'
import type { LimitSpec } from '../limits.ts'
import { midnightsAround } from '../windows/index.ts'
import { primaries, type RedisClient, RedisScript, reach } from './redis-client.ts'
import { type AccountReply, readReply } from './redis-replies.ts'
import { StoreUnavailable } from './store.ts'

export interface RedisAccountsOptions {
  readonly clock: Clock
  readonly client: RedisClient
  readonly leaseMs: number
  /** How far the wall clock of a process may be from Redis's. */
  readonly toleranceMs: number
  /** So many replicas must have an answer before it is used. */
  readonly minReplicas: number
}

/** How long a primary may take to hear from its replicas. */
const CONFIRM_MS = 400

/** The accounts of all scopes in Redis, each behind one script. */
export class RedisAccounts {
  readonly #options: RedisAccountsOptions
  readonly #script = new RedisScript('redis-account.lua')
  readonly #timezones = new Set<string>()

  constructor(options: RedisAccountsOptions) {
    this.#options = options
  }

  /** Day limits that requests name midnights for. */
  learn(limits: readonly LimitSpec[]): void {
    for (const limit of limits) if (limit.kind === 'day') this.#timezones.add(limit.timezone)
  }

  /**
   * Sends one request to the account of a scope; requests that are sent together travel together. Rejects with
   * {@link StoreUnavailable}.
   */
  async ask(scope: string, op: string, request: object = {}): Promise<AccountReply> {
    for (;;) {
      const { clock, client, leaseMs, toleranceMs } = this.#options
      const wallMs = Math.floor(clock.nowMs())
      const days = Object.fromEntries(
        [...this.#timezones].map((timezone) => [timezone, midnightsAround(wallMs, timezone)]),
      )
      const common = { op, wallMs, toleranceMs, leaseMs: Math.ceil(leaseMs), days }
      const reply = readReply(await this.#script.run(client, keysOf(scope), { ...common, ...request }))
      if (reply.is !== 'needs_day') return reply
      this.#timezones.add(reply.timezone)
    }
  }

  /** Resolves when enough replicas have everything that was answered here; rejects with {@link StoreUnavailable}. */
  async confirm(): Promise<void> {
    const { client, minReplicas } = this.#options
    if (minReplicas === 0) return
    const counts = await reach(() =>
      Promise.all(primaries(client).map((primary) => primary.wait(minReplicas, CONFIRM_MS))),
    )
    const fewest = Math.min(...counts)
    if (fewest < minReplicas) {
      throw new StoreUnavailable(`Redis: ${fewest} of ${minReplicas} replicas confirmed in time`)
    }
  }
}

/** One hash tag, so that Redis Cluster keeps them together; encoded, so that a brace in a name cannot end the tag. */
const keysOf = (scope: string) =>
  ['account', 'owners', 'forfeits', 'slots', 'billed', 'amounts'].map(
    (part) => `bidwarden:{${encodeURIComponent(scope)}}:${part}`,
  )
