import type { Admission, Priority } from '../../shield/index.ts'
import type { ConnectorType } from '../platform/ids.ts'

/** An account, whose calls are counted together. */
export interface LimitedAccount {
  readonly type: ConnectorType
  readonly orgId: number
  readonly accountId: string
}

export interface LimitStatus {
  readonly current: number
  readonly limit: number
  /** When the oldest calls stop counting, so that there is more room. It does not move until then. */
  readonly resetAtMs: number
}

export interface Limits {
  /** Counts a call if every limit of its bucket has room. Calls that pause or lower are counted and always admitted. */
  take(account: LimitedAccount, bucket: string, priority: Priority): Promise<Admission>
  /** Whether this process would admit a call now; counts nothing. */
  admits(account: LimitedAccount, bucket: string, priority: Priority): Admission
  /** Notes that the platform asked for a pause of `afterMs` milliseconds. */
  block(account: LimitedAccount, bucket: string, afterMs: number): void
  /** Notes the used share of the platform's own quota, 0 to 1. */
  observe(account: LimitedAccount, bucket: string, usedShare: number): void
  /** Milliseconds that a reading of this many calls needs, by the limits known to this process. */
  waitMs(account: LimitedAccount, calls: number, priority: Priority): number
  /** The limit of an account with the least room. */
  status(account: LimitedAccount): LimitStatus
}
