import type { Clock } from '../clock.ts'
import type { Micros } from '../money.ts'

/** A change that a platform made, whatever the caller was told. The outside record that spend is compared with. */
export interface AppliedWrite {
  readonly platform: string
  readonly kind: 'bid' | 'budget' | 'status'
  readonly campaignId: string
  /** The caller's id of the bid, where the platform carries one. */
  readonly decisionId: string | undefined
  readonly amount: Micros
  readonly currency: string
  readonly atMs: number
}

export interface SeenRequest {
  readonly platform: string
  readonly method: string
  readonly path: string
  /** 0 when the connection was cut instead of an answer. */
  readonly status: number
}

const MAX_KEPT = 10_000

/** What happened at the platforms, oldest first; the last 10 000 of each kind. */
export class SandboxLedger {
  readonly applied: AppliedWrite[] = []
  readonly requests: SeenRequest[] = []
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  apply(write: Omit<AppliedWrite, 'atMs'>): void {
    keep(this.applied, { ...write, atMs: this.#clock.nowMs() })
  }

  see(request: SeenRequest): void {
    keep(this.requests, request)
  }

  clear(): void {
    this.applied.length = 0
    this.requests.length = 0
  }
}

function keep<T>(list: T[], item: T): void {
  if (list.length >= MAX_KEPT) list.shift()
  list.push(item)
}
