import { Semaphore } from 'async-mutex'
import type { Clock } from '../../../../time/clock.ts'
import { startOfDay } from '../../../../time/local-day.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import { StoreUnavailable } from '../../protocol/store.ts'
import { primaries, type RedisClient, reach } from './redis-client.ts'
import { type AccountReply, readReply } from './redis-replies.ts'
import { RedisScript } from './redis-script.ts'

export interface RedisAccountsOptions {
  readonly clock: Clock
  readonly client: RedisClient
  readonly leaseMs: number
  /** The most by which the wall clock of a process may differ from that of Redis. */
  readonly toleranceMs: number
  /** The number of replicas that must have an answer before it is used. */
  readonly minReplicas: number
}

/** How long a primary waits for its replicas to confirm. */
const CONFIRM_MS = 400

/**
 * The most requests that wait for an answer at once. Redis takes some tenths of a millisecond for each, so the last of
 * them is answered long before the client gives up, even when ten thousand scopes are asked for.
 */
const ASKED_AT_ONCE = 500
/** Requests that bids wait for; they are sent before those that only look after the accounts. */
const URGENT: readonly string[] = ['sync', 'bill', 'define']

/** The accounts of all scopes in Redis. Each request is one run of `redis-account.lua`. */
export class RedisAccounts {
  readonly #options: RedisAccountsOptions
  readonly #script = new RedisScript('redis-account.lua')
  readonly #timezones = new Set<string>()
  readonly #places = new Semaphore(ASKED_AT_ONCE)

  constructor(options: RedisAccountsOptions) {
    this.#options = options
  }

  /** Learns the time zones of day limits, since requests must contain their midnights. */
  learn(limits: readonly LimitSpec[]): void {
    for (const limit of limits) if (limit.kind === 'day') this.#timezones.add(limit.timezone)
  }

  /**
   * Sends one request to the account of a scope. Requests made at the same time are sent together, up to
   * {@link ASKED_AT_ONCE}; the others follow. Rejects with {@link StoreUnavailable}.
   */
  async ask(scope: string, op: string, request: object = {}): Promise<AccountReply> {
    for (;;) {
      const ask = () =>
        this.#script.run(this.#options.client, keysOf(scope), { ...this.#common(op), ...request })
      const reply = readReply(await this.#places.runExclusive(ask, 1, URGENT.includes(op) ? 1 : 0))
      if (reply.is !== 'needs_day') return reply
      this.#timezones.add(reply.timezone)
    }
  }

  /** What every request says, at the time at which it is sent. */
  #common(op: string): object {
    const { clock, leaseMs, toleranceMs } = this.#options
    const wallMs = Math.floor(clock.nowMs())
    const days = Object.fromEntries(
      [...this.#timezones].map((timezone) => [timezone, midnightsAround(wallMs, timezone)]),
    )
    return { op, wallMs, toleranceMs, leaseMs: Math.ceil(leaseMs), days }
  }

  /** Resolves when `minReplicas` replicas have everything answered so far. Rejects with {@link StoreUnavailable}. */
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

/** The beginnings of the local day at `wallMs` and of the two that follow, as milliseconds since the epoch. */
const midnightsAround = (wallMs: number, timezone: string) =>
  [0, 1, 2].map((daysLater) => startOfDay(wallMs, timezone, daysLater))

/** The keys of an account. They share a hash tag for Redis Cluster; it is encoded so that a brace in a name cannot end it. */
const keysOf = (scope: string) =>
  ['account', 'owners', 'forfeits', 'slots', 'billed', 'amounts'].map(
    (part) => `bidwarden:{${encodeURIComponent(scope)}}:${part}`,
  )
