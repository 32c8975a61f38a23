import type { HoldMode } from '../protocol/hold-mode.ts'
import type { LimitSpec } from '../protocol/limit-spec.ts'
import type { AtRisk, KillSwitch, PauseState, SetBy, SyncReply } from '../protocol/store.ts'
import type { WindowState } from './windows/index.ts'

/** The grants of one owner of a scope. */
export interface OwnerLease {
  seq: number
  reply: SyncReply
  /** Granted − reported − returned: what can still become spend. Never negative. */
  outstanding: number
  endsMs: number
  longestHoldMs: number
  /** From the last line; undefined if everything outstanding may be held. */
  atRisk?: AtRisk | undefined
}

/** What was forfeited of an owner when its lease ended. */
export interface Forfeit {
  readonly owner: string
  /** Number of the last line answered under that lease; missing in states of earlier versions. */
  readonly seq?: number
  rest: number
  /** When `rest` becomes spend: by then the owner's last hold can no longer be billed. Elapsed ms. */
  readonly bookAtMs: number
  booked: boolean
  /** Set while records may still prove that less was held. */
  atRisk?: AtRisk | undefined
}

/** An account as plain data. Not JSON, since numbers may be infinite. */
export interface AccountState {
  readonly scope: string
  readonly currency: string
  readonly setBy: SetBy
  readonly holdMode?: HoldMode | undefined
  readonly pause: PauseState
  /** When the scope was removed (store's clock); undefined for one that is in use. */
  readonly removedMs?: number | undefined
  readonly spent: number
  readonly overdraft: number
  readonly limits: readonly { readonly spec: LimitSpec; readonly window: WindowState }[]
  readonly leases: readonly (readonly [owner: string, Readonly<OwnerLease>])[]
  readonly forfeits: readonly Readonly<Forfeit>[]
  /** Entries of earlier versions have no amount. */
  readonly billed: readonly (readonly [id: string, bookedMs: number, amount?: number])[]
}

/** A ledger as plain data. */
export interface LedgerState {
  readonly version: number
  readonly killSwitch: KillSwitch
  readonly accounts: readonly AccountState[]
  /** Removed scopes in the order in which they are checked for deletion; missing in states of earlier versions. */
  readonly removed?: readonly string[]
}
