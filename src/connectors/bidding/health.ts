import type { Clock } from '../../time/clock.ts'

export type GrantState =
  | { readonly is: 'ok' }
  /** No credentials are configured, so there is nothing that could be lost. */
  | { readonly is: 'none'; readonly detail: string }
  | { readonly is: 'lost'; readonly detail: string; readonly tryAgainMs: number }

export interface LatencyStats {
  readonly p50: number
  readonly p95: number
}

/** Number of latest requests for latency percentiles. */
const SAMPLES = 1000
/** While the credentials are refused, one operation per this many milliseconds tests whether they work again. */
const AUTH_RETRY_MS = 60_000

/** State of a platform from its latest answers: its latency, and whether it accepts our credentials. */
export class PlatformHealth {
  readonly #clock: Clock
  readonly #latencies = new Float64Array(SAMPLES)
  #count = 0
  #auth: GrantState

  /** @param withoutAccount why there are no credentials; undefined where there are */
  constructor(clock: Clock, withoutAccount: string | undefined) {
    this.#clock = clock
    this.#auth = withoutAccount === undefined ? { is: 'ok' } : { is: 'none', detail: withoutAccount }
  }

  get auth(): GrantState {
    return this.#auth
  }

  /**
   * Why no call may be made without working credentials; undefined when one may. Lets one call through per
   * {@link AUTH_RETRY_MS}.
   */
  authRefusal(): string | undefined {
    if (this.#auth.is === 'none') return this.#auth.detail
    if (this.#auth.is === 'ok') return undefined
    const nowMs = this.#clock.elapsedMs()
    if (nowMs < this.#auth.tryAgainMs) return this.#auth.detail
    this.#auth = { ...this.#auth, tryAgainMs: nowMs + AUTH_RETRY_MS }
    return undefined
  }

  loseAuth(detail: string): void {
    if (this.#auth.is === 'none') return
    this.#auth = { is: 'lost', detail, tryAgainMs: this.#clock.elapsedMs() + AUTH_RETRY_MS }
  }

  regainAuth(): void {
    this.#auth = { is: 'ok' }
  }

  recordLatency(latencyMs: number): void {
    this.#latencies[this.#count % SAMPLES] = latencyMs
    this.#count += 1
  }

  /** Percentiles of the last 1000 requests, in milliseconds to a tenth; undefined before the first. */
  latency(): LatencyStats | undefined {
    const known = Math.min(this.#count, SAMPLES)
    if (known === 0) return undefined
    const sorted = this.#latencies.slice(0, known).sort()
    const quantile = (share: number) => {
      const latencyMs = sorted[Math.min(known - 1, Math.floor(known * share))] ?? 0
      return Math.round(latencyMs * 10) / 10
    }
    return { p50: quantile(0.5), p95: quantile(0.95) }
  }
}
