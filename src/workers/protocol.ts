import type {
  AuctionCounts,
  BidderUpdate,
  PaceNow,
  ScopeHolds,
  SeenChunk,
  ShadeNews,
} from '../agent/index.ts'
import type { KeyChanges } from '../api/index.ts'
import type {
  Bill,
  BillReply,
  Control,
  KillSwitch,
  PauseState,
  ScopeDefinition,
  SyncLine,
  SyncReply,
} from '../shield/index.ts'

/** What a worker must know about the service. */
export interface Welcome {
  readonly noticeSecret: string
  /** Path of the Unix socket at which the primary answers requests that workers do not. */
  readonly socketPath: string
  /** Whether notices must be recorded before they are answered. */
  readonly recordsLast: boolean
  /** The worker's number, from 1; a replacement has the same number. */
  readonly number: number
  /** What the worker of this number has kept of how bids end; undefined where there is nothing. */
  readonly outcomes: string | undefined
}

/** What workers know of how bids end, by their number. */
export interface WorkerOutcomes {
  of(worker: number): string | undefined
  keep(worker: number, text: string): Promise<void>
}

/** The calls of a worker to its primary. All can be repeated. */
export interface PrimaryCalls {
  /** Announces the worker's owner id. */
  welcome(owner: string): Welcome
  /** Resolves when the worker has been told everything that auctions are decided by. */
  replayUpdates(): Promise<void>

  // The calls of {@link BudgetStore}, used if the primary keeps the budgets.
  sync(owner: string, lines: readonly SyncLine[]): Promise<readonly SyncReply[]>
  bill(bills: readonly Bill[]): Promise<readonly BillReply[]>
  leave(owner: string): Promise<void>
  define(definition: ScopeDefinition): Promise<ScopeDefinition>
  remove(scope: string): Promise<void>
  setPause(scope: string, pause: PauseState): Promise<void>
  setKillSwitch(killSwitch: KillSwitch): Promise<void>
  control(scopes?: readonly string[]): Promise<Control>
  trust(): Promise<void>

  /** Sends a notice of another owner's bid. Resolves when that owner, or the primary for a gone one, has recorded it. */
  send(owner: string, message: string): Promise<void>
  /** Records notice marks; resolves when they are recorded. */
  mark(chunks: readonly SeenChunk[]): Promise<void>
  /** Keeps what this worker knows of how bids end, for the next one of its number. */
  keepOutcomes(text: string): Promise<void>
}

/** The calls of the primary to a worker. */
export interface WorkerCalls {
  /** Applies updates in their order; resolves when auctions are decided with them. */
  applyUpdates(updates: readonly BidderUpdate[]): Promise<void>
  /** Takes what has changed of the API keys that were made at run time. */
  takeKeys(changes: KeyChanges): void | Promise<void>
  /** Applies changes of control. */
  applyControl(control: Control): void
  /** Handles a notice of a bid of this worker; resolves when it is recorded. */
  take(message: string): Promise<void>
  /** Returns what was counted since the last report. */
  report(): WorkerReport | Promise<WorkerReport>
  /** What the worker holds of each of these budgets. Budgets of which it holds nothing are left out. */
  holdsOf(scopes: readonly string[]): ScopeHolds[] | Promise<ScopeHolds[]>
  /** Stops the worker: it takes no new connections, answers open requests and returns its money. Returns the last report. */
  stop(): Promise<WorkerReport>
}

export interface WorkerReport {
  readonly counts: AuctionCounts
  /** Micros that are held for open bids, by seat. */
  readonly held: readonly (readonly [seat: string, micros: number])[]
  /** The paced campaigns whose share was set since the last report. */
  readonly paces: readonly (readonly [campaignId: string, now: PaceNow])[]
  /** What became of bids in first-price auctions since the last report. */
  readonly shades: readonly ShadeNews[]
  /** Processor seconds since the last report. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly lagSeconds: number
}
