import { isCurrency, type Micros, MoneyError } from '../money.ts'
import type { Clock } from '../time/clock.ts'
import type { BidPlatform, Target } from './protocol.ts'

/** A write that took effect on a platform. */
export interface AppliedWrite {
  readonly platform: BidPlatform | 'dv360'
  readonly kind: 'bid' | 'budget' | 'status'
  readonly campaignId: string
  /** The id that a bid was sent with, if the platform's API has a place for it. */
  readonly decisionId?: string
  /** The bid or the budget; zero for a status and for a Meta bid by minimum ROAS. */
  readonly amount: Micros
  /** The platform's own word for the new status of a status write. */
  readonly status?: string
  readonly currency: string
  /** {@link Clock.nowMs} of the write. */
  readonly atMs: number
}

export interface SandboxRequest {
  readonly platform: Target
  readonly method: string
  readonly path: string
  /** HTTP status of the answer; 0 where the connection was reset instead. */
  readonly status: number
}

export interface SandboxLedger {
  /** Everything that took effect, oldest first. */
  readonly applied: readonly AppliedWrite[]
  /** The last {@link MAX_REQUESTS} requests in the order they were answered. */
  readonly requests: readonly SandboxRequest[]
  clear(): void
}

/** The most requests that are remembered; of more, the oldest are forgotten. */
const MAX_REQUESTS = 10_000

/** The ledger as the played platforms use it. */
export interface WritableLedger extends SandboxLedger {
  apply(write: Omit<AppliedWrite, 'atMs'>): void
  note(request: SandboxRequest): void
}

export function createLedger(clock: Clock): WritableLedger {
  const applied: AppliedWrite[] = []
  const requests: SandboxRequest[] = []
  return {
    applied,
    requests,
    clear() {
      applied.length = 0
      requests.length = 0
    },
    apply: (write) => {
      applied.push({ ...write, atMs: clock.nowMs() })
    },
    note(request) {
      requests.push(request)
      if (requests.length > MAX_REQUESTS) requests.shift()
    },
  }
}

/** The account of a platform: its currency (ISO 4217), and where its writes are recorded. */
export interface SandboxAccount {
  readonly currency: string
  readonly ledger: WritableLedger
}

export function createAccount(currency: string, ledger: WritableLedger): SandboxAccount {
  if (!isCurrency(currency)) throw new MoneyError(`${currency} is not an ISO 4217 currency`)
  return { currency, ledger }
}
