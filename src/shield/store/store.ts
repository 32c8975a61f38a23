import type { Cancel } from '../../clock.ts'
import type { HoldMode } from '../hold-mode.ts'
import type { LimitSpec } from '../limits.ts'
import type { JournalReader } from './journal-export.ts'
import type { OwnerMail } from './mail.ts'

/** What is known at once by a store in this process, and later by any other. */
export type Soon<T> = T | Promise<T>

/**
 * What one purse tells the store, and asks of it. All amounts are whole units of the scope: micros, or calls.
 *
 * A line is sent until it is answered, always with the same `seq`; the store applies it once and answers a repetition
 * with what it answered first.
 */
export interface SyncLine {
  readonly scope: string
  /** Counts up by one with every new line of this owner for this scope, from 1. */
  readonly seq: number
  /** Became spend since the last line, out of what was granted. */
  readonly spent: number
  /** Became spend beyond what was granted: bills above their hold, or after it. */
  readonly overdrawn: number
  /** Spend of earlier lines that is proven not to have happened. */
  readonly credits: readonly Credit[]
  readonly giveBack: number
  /** What would last for a while, and what is needed now. The store gives `need` before anything else. */
  readonly want: number
  readonly need: number
  /** How long an open hold of this scope may still be billed. */
  readonly longestHoldMs: number
  /** All that answered lines came to; what the store's copy of them lacks, it has lost. */
  readonly totals?: Totals
  /** What may be forfeited of the grants; left out where all of them may be. */
  readonly atRisk?: AtRisk
}

/**
 * What an owner that ends without a word can have under way, from the line on until the next one is applied. The rest of
 * its grants was never held.
 */
export interface AtRisk {
  /** Holds that nobody writes down, and what they spend, never pass this: it is raised before they would. */
  readonly unrecorded: number
  /** Set where the owner writes other holds down before anything is done with them; these count beside it. */
  readonly records?: RecordsPosition
}

/** How far an owner's records and its lines agree. */
export interface RecordsPosition {
  /** Names the file. */
  readonly id: string
  /** Spend that was settled before this number is in the line or an earlier one. */
  readonly before: number
  /** The highest number of a hold on this scope that was on the disk. */
  readonly upTo: number
}

/** Of an owner that is gone: its records may prove that it had less under way than it was granted. */
export interface PendingForfeit {
  readonly scope: string
  readonly owner: string
  /** Forfeited until then. */
  readonly amount: number
  readonly records: RecordsPosition
}

/** What a gone owner had under way of one scope, by its records. */
export interface UnderWay {
  readonly scope: string
  readonly amount: number
}

/** What a purse has been granted so far and what became of it. Only ever grows, also beyond a forfeit. */
export interface Totals {
  readonly granted: number
  readonly reported: number
  readonly returned: number
  readonly overdrawn: number
  readonly forfeited: number
}

export interface Credit {
  readonly amount: number
  /** `bookedAtMs` of the answer to the line that reported the spend. */
  readonly bookedAtMs: number
}

export type SyncReply =
  | Granted
  /** The lease had ended: everything granted before is forfeited, and so is what the line reported as `spent`. */
  | { readonly is: 'forfeited'; readonly bookedAtMs: number; readonly overdraft: number }
  /** A later line was answered already, so this one is a straggler. */
  | { readonly is: 'stale' }
  | { readonly is: 'unknown_scope' }
  /** The store cannot do anything now, such as when its clock and the caller's are apart. The line was not applied. */
  | { readonly is: 'fenced'; readonly detail: string; readonly retryAfterMs: number }

export interface Granted {
  readonly is: 'granted'
  readonly granted: number
  /** How long the purse may be used, counted from before the line was sent first. */
  readonly leaseForMs: number
  /** When this line's spend was booked, on the store's clock. */
  readonly bookedAtMs: number
  /** How much of `overdrawn` no limit had room for. */
  readonly overdraft: number
  readonly standing: Standing
  /** The line was applied, but the store cannot vouch for all it should know, and grants nothing until it can. */
  readonly withheld?: Withheld
}

export interface Withheld {
  readonly detail: string
  /** Until it grants again, whatever happens; Infinity until an operator says so. */
  readonly retryAfterMs: number
}

/** A scope as the store sees it, after the line was applied. */
export interface Standing {
  /** Could be granted now; Infinity without limits, negative after a limit was lowered. */
  readonly available: number
  /** Until `need` can be granted, if nobody gives back; Infinity for never. 0 when it was. */
  readonly reliefInMs: number
  /** What counts against each limit, in their order. */
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
  /** Until the first of it stops counting; Infinity for never. */
  readonly nextReliefMs: number
}

/** Money of owners that are gone, counted as held until the last of their holds could have been billed. */
export interface Forfeited {
  readonly amount: number
  /** Until the first of it becomes spend; undefined when there is none. */
  readonly bookedInMs: number | undefined
}

/** A bill for a bid whose owner may be gone. */
export interface Bill {
  readonly scope: string
  /** The owner that made the bid. */
  readonly owner: string
  /** Names the bid. */
  readonly id: string
  /** All that the bid cost. */
  readonly amount: number
  /**
   * What of it is in the books otherwise, by the owner while it lived. The same id again books what the amount is more than
   * that and than the highest before. Undefined in journals of earlier versions: the same id again books nothing.
   */
  readonly known?: number
}

export type BillReply =
  /** `amount` became spend now. */
  | { readonly is: 'booked'; readonly amount: number; readonly overdraft: number }
  | { readonly is: 'already' }
  /** The owner has a lease: it must be told instead. */
  | { readonly is: 'alive' }
  | { readonly is: 'unknown_scope' }

/** Who set limits: what an operator set is not undone by the configuration of the next start. */
export type SetBy = 'configuration' | 'operator'

export interface ScopeDefinition {
  readonly scope: string
  readonly currency: string
  readonly limits: readonly LimitSpec[]
  readonly by: SetBy
  /** How open bids are held; strict where nothing is said. */
  readonly holdMode?: HoldMode | undefined
}

export type PauseState = { readonly is: 'running' } | { readonly is: 'paused'; readonly reason: string }

export type KillSwitch =
  | { readonly is: 'released' }
  | { readonly is: 'engaged'; readonly reason: string; readonly sinceMs: number }

/** A scope that nothing is bid on any more is told once, and is not among all of them. */
export type ScopeState = ScopeDefinition & { readonly pause: PauseState; readonly isRemoved?: boolean }

/** What operators have decided, of all scopes or some. */
export interface Control {
  readonly version: number
  /** Another one than before: the store was restarted or failed over, and every purse should be reported to it again. */
  readonly epoch?: string
  readonly killSwitch: KillSwitch
  readonly scopes: readonly ScopeState[]
}

/** Thrown, or rejected with, when a store cannot be reached or written. Nothing is known of the request's effect. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Frees what gone owners were granted and never held. */
export interface ForfeitDesk {
  pending(): readonly PendingForfeit[]
  /** Of an owner, once: what it had under way stays forfeited, in scopes that are not named all of it. */
  free(owner: string, underWay: readonly UnderWay[]): Promise<void>
}

/**
 * The shared truth about budgets: limits, what was spent in their windows, and what each process has been granted.
 * A request that fails may or may not have been applied; every one of them can be sent again.
 */
export interface BudgetStore {
  /** Whether every answer is there when the call returns: then no refusal is ever older than the question. */
  readonly answersAtOnce: boolean
  /** Applies a line per scope, each on its own, and answers them in order. */
  sync(owner: string, lines: readonly SyncLine[]): Soon<readonly SyncReply[]>
  /** Books a bill for a bid of a gone owner against what it forfeited, once; a higher one again by what it is more. */
  bill(bills: readonly Bill[]): Soon<readonly BillReply[]>
  /** The owner uses its purses no more: what it still holds is forfeited now. */
  leave(owner: string): Soon<void>
  /** Creates a scope or replaces its limits; spend stays. Answers with what holds now. */
  define(definition: ScopeDefinition): Soon<ScopeDefinition>
  /**
   * Nothing will be bid on the scope any more. What it has spent, and owes, counts until nothing of it does; until then a
   * scope that is defined again under the name goes on with it. Its pause ends.
   */
  remove(scope: string): Soon<void>
  /** Of scopes that exist. */
  setPause(scope: string, pause: PauseState): Soon<void>
  setKillSwitch(killSwitch: KillSwitch): Soon<void>
  /** Everything operators have decided; of scopes only these, where some are named. */
  control(scopes?: readonly string[]): Soon<Control>
  /**
   * An operator vouches for what the store remembers: nothing was spent that it has not counted. Ends the waiting of a
   * store that cannot know whether it has forgotten something.
   */
  trust(): Soon<void>
  /**
   * Tells of every change of control, by whomever, within a second: of the scopes that have changed since it told last, or
   * of more. Where others may have made changes before, of those too.
   */
  watch(onChange: (control: Control) => void): Cancel
  /** Whether {@link SyncLine.atRisk} bounds what is forfeited. */
  readonly boundsForfeits?: boolean
  /** Where owners may have left records that tell more than their lines. */
  readonly forfeits?: ForfeitDesk
  /** Everything that ever moved it, where that is written down. */
  readonly journal?: JournalReader
  /** How its owners reach each other, where there can be several. */
  readonly mail?: OwnerMail
  close(): Promise<void>
}
