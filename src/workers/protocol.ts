import type { AuctionCounts, News, SeenChunk } from '../agent/index.ts'
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

/** What a worker has to know of the service. */
export interface Welcome {
  readonly noticeSecret: string
  /** Where the primary answers what workers do not. */
  readonly socketPath: string
  /** Whether notices have to be recorded before they are answered. */
  readonly recordsLast: boolean
  /** Counts the workers from 1; a new one takes the number of the one that it replaces. */
  readonly number: number
}

/** What the primary does for its workers. All of it can be asked again. */
export interface PrimaryCalls {
  /** The worker will bid under this name. */
  welcome(owner: string): Welcome
  /** Resolves when the worker has been told everything that auctions are decided by. */
  teach(): Promise<void>

  // The budget store, where the primary has it.
  sync(owner: string, lines: readonly SyncLine[]): Promise<readonly SyncReply[]>
  bill(bills: readonly Bill[]): Promise<readonly BillReply[]>
  leave(owner: string): Promise<void>
  define(definition: ScopeDefinition): Promise<ScopeDefinition>
  remove(scope: string): Promise<void>
  setPause(scope: string, pause: PauseState): Promise<void>
  setKillSwitch(killSwitch: KillSwitch): Promise<void>
  control(scopes?: readonly string[]): Promise<Control>
  trust(): Promise<void>

  /** A notice of another owner's bid; resolves when that owner, or the primary in its place, has recorded it. */
  send(owner: string, letter: string): Promise<void>
  /** Resolves when the marks are recorded. */
  mark(chunks: readonly SeenChunk[]): Promise<void>
}

/** What a worker does for the primary. */
export interface WorkerCalls {
  /** Resolves when auctions are decided by it. */
  learn(news: News): Promise<void>
  /** What operators have decided. */
  obey(control: Control): void
  /** A notice of a bid of this worker; resolves when it is recorded. */
  take(letter: string): Promise<void>
  /** What was counted since this was asked last. */
  report(): WorkerReport | Promise<WorkerReport>
  /** Takes no new connections, answers what is under way, and gives its money back; with what was counted meanwhile. */
  stop(): Promise<WorkerReport>
}

export interface WorkerReport {
  readonly counts: AuctionCounts
  /** Micros held for open bids, by seat. */
  readonly held: readonly (readonly [seat: string, micros: number])[]
  /** Since the last report. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly lagSeconds: number
}
