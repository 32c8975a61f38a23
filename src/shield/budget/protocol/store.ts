import type { Cancel } from '../../../time/clock.ts'
import type { HoldMode } from './hold-mode.ts'
import type { JournalReader } from './journal.ts'
import type { LimitSpec } from './limit-spec.ts'
import type { OwnerMessages } from './owner-messages.ts'

/** A value at once from a store in this process, or a promise from any other store. */
export type Soon<T> = T | Promise<T>

/**
 * What a purse reports to the store and asks of it. All amounts are whole units of the scope: micros, or calls.
 *
 * A line is repeated with the same `seq` until it is answered. The store applies it once and answers a repetition with
 * its first answer.
 */
export interface SyncLine {
  readonly scope: string
  /** The number of the line: 1 for the owner's first line for this scope, then one more for each new line. */
  readonly seq: number
  /** Spend since the last line that is covered by grants. */
  readonly spent: number
  /** Spend since the last line beyond the grants: bills above their hold, or after its release. */
  readonly overdrawn: number
  /** Spend of earlier lines that is proven not to have happened. */
  readonly credits: readonly Credit[]
  readonly giveBack: number
  /** `want` would last for a while, `need` is needed now. The store grants `need` first. */
  readonly want: number
  readonly need: number
  /** The longest time for which a hold of this scope can be open. */
  readonly longestHoldMs: number
  /** Sums over all answered lines. Where the store's own sums are lower, it has lost data. */
  readonly totals?: Totals
  /** The limit of what can be forfeited of the grants; left out if all of them can be. */
  readonly atRisk?: AtRisk
}

/**
 * The most that an owner can have held or spent unreported when it dies, from this line until the next one is applied.
 * The rest of its grants was never held.
 */
export interface AtRisk {
  /** The high-water mark: holds that are not recorded, plus their unreported spend, stay below it; it is raised before they exceed it. */
  readonly unrecorded: number
  /** Set if the owner records its other holds before it uses them; those count in addition to it. */
  readonly records?: RecordsPosition
}

/** Relates an owner's line to its records, so that a start can tell which recorded holds the store has counted. */
export interface RecordsPosition {
  /** Id of the records file. */
  readonly id: string
  /** All spend settled before this hold number is in this line or an earlier one. */
  readonly before: number
  /** The highest number of a recorded hold on this scope that was on the disk. */
  readonly upTo: number
}

/** A forfeit of a gone owner whose records may prove that it held less than it was granted. */
export interface PendingForfeit {
  readonly scope: string
  readonly owner: string
  /** Forfeited until the records are checked. */
  readonly amount: number
  readonly records: RecordsPosition
}

/** What a gone owner held of one scope when it ended, by its records. */
export interface UnderWay {
  readonly scope: string
  readonly amount: number
}

/** Sums over the answered lines of a purse. They only grow and are not reset by a forfeit. */
export interface Totals {
  readonly granted: number
  readonly reported: number
  readonly returned: number
  readonly overdrawn: number
  readonly forfeited: number
}

export interface Credit {
  readonly amount: number
  /** `bookedAtMs` of the answer to the line that reported the spend; it says which booking to take back. */
  readonly bookedAtMs: number
}

export type SyncReply =
  | Granted
  /** The lease had ended: all earlier grants are forfeited, including what the line reports as `spent`. */
  | { readonly is: 'forfeited'; readonly bookedAtMs: number; readonly overdraft: number }
  /** A later line was answered already; this one was not applied. */
  | { readonly is: 'stale' }
  | { readonly is: 'unknown_scope' }
  /** The store can do nothing now, for instance because its clock and the caller's differ. The line was not applied. */
  | { readonly is: 'fenced'; readonly detail: string; readonly retryAfterMs: number }

export interface Granted {
  readonly is: 'granted'
  readonly granted: number
  /** The lease: how long the purse may be used, counted from when the line was first sent. */
  readonly leaseForMs: number
  /** When this line's spend was booked (elapsed ms of the store's clock). */
  readonly bookedAtMs: number
  /** How much of `overdrawn` is overdraft, since no limit had room for it. */
  readonly overdraft: number
  readonly standing: ScopeStanding
  /** Set while the scope is fenced: the line was applied, but nothing is granted since the store may have lost spend. */
  readonly withheld?: Withheld
}

export interface Withheld {
  readonly detail: string
  /** The latest time at which the store grants again, in milliseconds from now; Infinity if only an operator can end it. */
  readonly retryAfterMs: number
}

/** The figures of a scope in the store after the line was applied. */
export interface ScopeStanding {
  /** What could be granted now; Infinity without limits, negative after a limit was lowered. */
  readonly available: number
  /** Milliseconds until `need` can be granted if no owner returns money; Infinity for never, 0 when it was granted. */
  readonly reliefInMs: number
  /** The limits in the order of the definition, each with the spend that counts against it. */
  readonly limits: readonly LimitStanding[]
  /** Granted to other owners and not yet spent or given back. */
  readonly elsewhere: number
  readonly forfeited: Forfeited
  readonly spentEver: number
  readonly overdraftEver: number
}

export interface LimitStanding {
  readonly spec: LimitSpec
  readonly spent: number
  /** Milliseconds until the oldest spend stops counting; Infinity for never. */
  readonly nextReliefMs: number
}

/** Money of gone owners; it counts as used until the last of their holds could have been billed, and then as spend. */
export interface Forfeited {
  readonly amount: number
  /** Milliseconds until the first of it becomes spend; undefined when there is none. */
  readonly bookedInMs: number | undefined
}

/** A bill for a bid whose owner may be gone. */
export interface Bill {
  readonly scope: string
  /** The owner that made the bid. */
  readonly owner: string
  /** Id of the bid. */
  readonly id: string
  /** Total cost of the bid. */
  readonly amount: number
  /**
   * The part of the amount that the owner booked itself while it lived. Only what exceeds both `known` and the highest
   * earlier bill of the same id is booked. Undefined in journals of earlier versions: then an id is booked once.
   */
  readonly known?: number
}

export type BillReply =
  /** `amount` was booked as spend now; `overdraft` of it had no room. */
  | { readonly is: 'booked'; readonly amount: number; readonly overdraft: number }
  | { readonly is: 'already' }
  /** The owner has a lease, so the bill must go to the owner. */
  | { readonly is: 'alive' }
  | { readonly is: 'unknown_scope' }

/** Who set the limits. Those of an operator are not replaced by the configuration of the next start. */
export type SetBy = 'configuration' | 'operator'

export interface ScopeDefinition {
  readonly scope: string
  readonly currency: string
  readonly limits: readonly LimitSpec[]
  readonly by: SetBy
  /** How open bids are held; the default is strict. */
  readonly holdMode?: HoldMode | undefined
}

export type PauseState = { readonly is: 'running' } | { readonly is: 'paused'; readonly reason: string }

export type KillSwitch =
  | { readonly is: 'released' }
  | { readonly is: 'engaged'; readonly reason: string; readonly sinceMs: number }

/** A scope in {@link Control}. A removed scope is reported once with `isRemoved`, and is left out when all are listed. */
export type ScopeState = ScopeDefinition & { readonly pause: PauseState; readonly isRemoved?: boolean }

/** What operators have decided: the kill switch, and limits and pauses of all scopes or of some. */
export interface Control {
  readonly version: number
  /** Changes when the store was restarted or failed over; every purse must then send a line. */
  readonly epoch?: string
  readonly killSwitch: KillSwitch
  readonly scopes: readonly ScopeState[]
}

/** The error when a store cannot be reached or written. It is unknown whether the request was applied. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Frees the money that gone owners were granted but never held. */
export interface ForfeitDesk {
  pending(): readonly PendingForfeit[]
  /** Frees everything of an owner except `underWay`. Call it once per owner. In scopes that are not named nothing is freed. */
  free(owner: string, underWay: readonly UnderWay[]): Promise<void>
}

/**
 * Keeps the truth about budgets: limits, the spend in their windows, and the grants of each owner. A request that fails
 * may or may not have been applied; every request can be repeated. Rejections are {@link StoreUnavailable}.
 */
export interface BudgetStore {
  /** Whether every answer is returned synchronously; then refusals are exact. */
  readonly answersAtOnce: boolean
  /** Applies the lines, each independently of the others, and answers them in order. */
  sync(owner: string, lines: readonly SyncLine[]): Soon<readonly SyncReply[]>
  /** Books bills for bids of gone owners against what they forfeited, once per id; of a higher bill, the difference. */
  bill(bills: readonly Bill[]): Soon<readonly BillReply[]>
  /** Ends the leases of an owner that no longer uses its purses: what it still holds is forfeited. */
  leave(owner: string): Soon<void>
  /** Creates a scope or replaces its limits; its spend stays. Returns the definition now in force. */
  define(definition: ScopeDefinition): Soon<ScopeDefinition>
  /**
   * Removes a scope and its pause. Its spend and forfeits count until they have left every window; a scope defined again
   * under the same name before that starts with them.
   */
  remove(scope: string): Soon<void>
  /** Sets or ends the pause of a scope; does nothing for a scope that does not exist. */
  setPause(scope: string, pause: PauseState): Soon<void>
  setKillSwitch(killSwitch: KillSwitch): Soon<void>
  /** What operators have decided, for all scopes or only for the named ones. */
  control(scopes?: readonly string[]): Soon<Control>
  /**
   * Ends a fence on an operator's word that the store has counted all spend. Without it, a store that may have lost spend
   * grants nothing until the fence ends by itself.
   */
  trust(): Soon<void>
  /**
   * Reports every change of control, by any process, within a second. A report contains at least the scopes that changed
   * since the last one. The first also covers changes that other processes made before this call.
   */
  watch(onChange: (control: Control) => void): Cancel
  /** Whether {@link SyncLine.atRisk} limits what is forfeited. */
  readonly boundsForfeits?: boolean
  /** Set for a store whose forfeits can be reduced by records of the gone owners. */
  readonly forfeits?: ForfeitDesk
  /** The journal of the store, if it keeps one. */
  readonly journal?: JournalReader
  /** The owners' messages, if several owners can share the store. */
  readonly ownerMessages?: OwnerMessages
  close(): Promise<void>
}
