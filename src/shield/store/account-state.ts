import type { HoldMode } from '../hold-mode.ts'
import type { LimitSpec } from '../limits.ts'
import type { WindowState } from '../windows/index.ts'
import type { AtRisk, KillSwitch, PauseState, SetBy, SyncReply } from './store.ts'

/** What one process has been granted of a scope. */
export interface Lease {
  seq: number
  reply: SyncReply
  /** Granted − reported − returned: what may still become spend. Never negative. */
  outstanding: number
  endsMs: number
  longestHoldMs: number
  /** As the last line said; undefined where everything outstanding may be under way. */
  atRisk?: AtRisk | undefined
}

/** What an owner had not accounted for when its lease ended. */
export interface Forfeit {
  readonly owner: string
  /** Of the last line it was answered under that lease; left out in states of before this was kept. */
  readonly seq?: number
  rest: number
  /** When `rest` becomes spend: the last hold could have been billed by then. */
  readonly bookAtMs: number
  booked: boolean
  /** Set while records may still prove that less was under way. */
  atRisk?: AtRisk | undefined
}

/** An account as plain data; numbers may be infinite, so it is no JSON. */
export interface AccountState {
  readonly scope: string
  readonly currency: string
  readonly setBy: SetBy
  readonly holdMode?: HoldMode | undefined
  readonly pause: PauseState
  /** When the scope was removed, on the store's clock; left out for one that was not. */
  readonly removedMs?: number | undefined
  readonly spent: number
  readonly overdraft: number
  readonly limits: readonly { readonly spec: LimitSpec; readonly window: WindowState }[]
  readonly leases: readonly (readonly [owner: string, Readonly<Lease>])[]
  readonly forfeits: readonly Readonly<Forfeit>[]
  /** Without an amount by an earlier version. */
  readonly billed: readonly (readonly [id: string, bookedMs: number, amount?: number])[]
}

/** A ledger as plain data. */
export interface LedgerState {
  readonly version: number
  readonly killSwitch: KillSwitch
  readonly accounts: readonly AccountState[]
}
