import type { Clock } from '../../time/clock.ts'

export interface Health {
  readonly lastCheckMs: number
  readonly latencyMs: number
  /** Share of the latest calls that failed, 0 to 1. */
  readonly errorRate: number
}

/** Number of calls that the error rate covers. */
const RECENT = 100
const FAILED = new Set([
  'transient',
  'failed',
  'not_applied',
  'not_sent',
  'no_answer',
  'auth_lost',
  'auth_expired',
])

/** Results of the latest calls of each connection, since this process started. */
export class HealthRecord {
  readonly #clock: Clock
  readonly #calls = new Map<string, { atMs: number; latencyMs: number; failed: boolean[] }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(connectorId: string, outcome: string, latencyMs: number): void {
    const failed = this.#calls.get(connectorId)?.failed ?? []
    failed.push(FAILED.has(outcome))
    if (failed.length > RECENT) failed.shift()
    this.#calls.set(connectorId, { atMs: this.#clock.nowMs(), latencyMs, failed })
  }

  of(connectorId: string): Health | undefined {
    const calls = this.#calls.get(connectorId)
    if (!calls) return undefined
    const { atMs, latencyMs, failed } = calls
    return { lastCheckMs: atMs, latencyMs, errorRate: failed.filter(Boolean).length / failed.length }
  }

  forget(connectorId: string): void {
    this.#calls.delete(connectorId)
  }
}
