import type { Boot, Cancel, Clock } from '../../clock.ts'
import type { JournalCommand, JournalEntry } from './journal-entry.ts'
import { JournalLedger, type Moment, type Reply } from './journal-ledger.ts'
import type { WriteFailure } from './sqlite-error.ts'
import type { Row } from './sqlite-file.ts'
import type { Keep, OpenedLedger } from './sqlite-ledger.ts'
import { LedgerThread } from './sqlite-thread.ts'
import {
  type Bill,
  type BillReply,
  type BudgetStore,
  type Control,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from './store.ts'

export interface SqliteStoreOptions {
  /** Made where it is missing. */
  readonly directory: string
  readonly clock: Clock
  readonly boot: Boot
  /** How long leases last; Infinity, the default, where only this process holds any. */
  readonly leaseMs?: number
  readonly keep?: Partial<Keep>
}

const KEEP: Keep = { maxAgeMs: 30 * 86_400_000, maxBytes: 1 << 30, snapshotEvery: 50_000 }

/** A full disk is tried again this often. */
const RETRY_MS = 1_000

/** Whether answers are given. */
export type StoreState =
  | { readonly is: 'open' }
  /** Nothing is applied; what was applied already is written as soon as there is space. */
  | { readonly is: 'full'; readonly detail: string }
  /** For good: what is on the disk is read again by the next start. */
  | { readonly is: 'broken'; readonly detail: string }
  | { readonly is: 'closed' }

/** Entries that go to the disk together, and the answers that wait for it. */
interface Batch {
  readonly entries: JournalEntry[]
  readonly written: PromiseWithResolvers<void>
}

/**
 * The truth of one machine: a ledger in the memory of this process, and a journal of everything that moved it. A command
 * is applied at once, and answered when it is on the disk. Commands that come meanwhile share the next write.
 */
export class SqliteStore implements BudgetStore {
  readonly answersAtOnce = false
  readonly journal = this
  readonly #clock: Clock
  readonly #thread: LedgerThread
  readonly #journal: JournalLedger
  /** The store's clock is this much ahead of the process's. */
  readonly #aheadMs: number
  readonly #watchers = new Set<(control: Control) => void>()
  #number: number
  #state: StoreState = { is: 'open' }
  /** Being filled, and being written. */
  #next: Batch | undefined
  #writing: Batch | undefined
  /** Applied and answered with an error, since it could not be written; goes first. */
  #kept: JournalEntry[] = []
  #told: number

  /**
   * Opens the ledger of a directory for this process alone. Owners of earlier uses are forfeited.
   *
   * @throws LedgerError when it is in use, damaged or not writable; it is never begun anew in place of one that was there
   */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const { directory, clock, boot, leaseMs = Number.POSITIVE_INFINITY, keep } = options
    const beganMs = clock.elapsedMs()
    let failed: (failure: WriteFailure) => void = () => {}
    const how = {
      directory,
      atMs: Math.floor(clock.nowMs()),
      bootId: boot.id,
      uptimeMs: boot.uptimeMs(),
      leaseMs: Number.isFinite(leaseMs) ? leaseMs : null,
      keep: { ...KEEP, ...keep },
    }
    const thread = new LedgerThread(how, (failure) => failed(failure))
    const store = new SqliteStore(clock, thread, await thread.opened, beganMs)
    failed = (failure) => store.#fail(failure)
    return store
  }

  private constructor(clock: Clock, thread: LedgerThread, { number, state }: OpenedLedger, beganMs: number) {
    this.#clock = clock
    this.#thread = thread
    this.#journal = new JournalLedger(state)
    this.#number = number
    this.#aheadMs = state.elapsedMs - beganMs
    this.#told = this.#journal.ledger.version
  }

  get state(): StoreState {
    return this.#state
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<SyncReply[]> {
    const replies = await this.#commit(lines.map((line) => ({ do: 'sync', owner, line })))
    return replies.map((one) => (one.to === 'sync' ? one.reply : { is: 'stale' }))
  }

  async bill(bills: readonly Bill[]): Promise<BillReply[]> {
    const replies = await this.#commit(bills.map((bill) => ({ do: 'bill', bill })))
    return replies.map((one) => (one.to === 'bill' ? one.reply : { is: 'unknown_scope' }))
  }

  async leave(owner: string): Promise<void> {
    await this.#commit([{ do: 'leave', owner }])
  }

  async define(definition: ScopeDefinition): Promise<ScopeDefinition> {
    const [one] = await this.#commit([{ do: 'define', definition }])
    return one?.to === 'define' ? one.reply : definition
  }

  async setPause(scope: string, pause: PauseState): Promise<void> {
    await this.#commit([{ do: 'pause', scope, pause }])
  }

  async setKillSwitch(killSwitch: KillSwitch): Promise<void> {
    await this.#commit([{ do: 'kill_switch', killSwitch }])
  }

  /** What is on the disk, or will be before this is answered. */
  async control(): Promise<Control> {
    const control = this.#journal.ledger.control()
    await this.#flushed()
    return control
  }

  /** Nothing that was acknowledged is ever missing: a damaged ledger is not opened at all. */
  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** Rows of the journal numbered `after + 1` to `upTo`, as they are on the disk. */
  slice(after: number, upTo: number): Promise<readonly Row[]> {
    return this.#thread.slice(after, upTo)
  }

  /** Numbers of the first entry that is kept, and of the last. */
  range(): Promise<{ first: number; last: number }> {
    return this.#thread.range()
  }

  /** Writes what is under way, and lets the directory go. */
  async close(): Promise<void> {
    if (this.#state.is === 'closed') return
    await this.#flushed().catch(() => {})
    this.#state = { is: 'closed' }
    this.#watchers.clear()
    await this.#thread.close()
  }

  /** Applies commands now and answers when they are on the disk. */
  async #commit(commands: readonly JournalCommand[]): Promise<Reply[]> {
    this.#assertOpen()
    if (commands.length === 0) return []
    const at = this.#moment()
    const replies: Reply[] = []
    const batch = this.#batch()
    for (const command of commands) {
      const { reply, effect } = this.#journal.apply(command, at)
      this.#number += 1
      const { elapsedMs, wallMs: atMs } = at
      batch.entries.push({ number: this.#number, atMs, elapsedMs, command, effect })
      replies.push(reply)
    }
    await batch.written.promise
    return replies
  }

  #assertOpen(): void {
    if (this.#state.is === 'closed') throw new StoreUnavailable('the ledger is closed')
    if (this.#state.is !== 'open') throw new StoreUnavailable(this.#state.detail)
  }

  #moment(): Moment {
    const elapsedMs = Math.max(this.#journal.elapsedMs, this.#aheadMs + this.#clock.elapsedMs())
    return { elapsedMs, wallMs: Math.floor(this.#clock.nowMs()) }
  }

  /** The batch that is written next; everything of one turn of the event loop is in one. */
  #batch(): Batch {
    if (this.#next) return this.#next
    const batch: Batch = { entries: [], written: Promise.withResolvers() }
    // Each of those who wait is told; nobody may be waiting.
    batch.written.promise.catch(() => {})
    this.#next = batch
    if (!this.#writing) queueMicrotask(() => this.#write())
    return batch
  }

  async #flushed(): Promise<void> {
    if (this.#next ?? this.#writing) await (this.#next ?? this.#writing)?.written.promise
  }

  async #write(): Promise<void> {
    const batch = this.#next
    if (!batch || this.#writing) return
    this.#next = undefined
    this.#writing = batch
    const written = await this.#thread.write(batch.entries)
    this.#writing = undefined
    if (written.is === 'written') {
      batch.written.resolve()
      this.#tell()
      this.#write()
    } else {
      this.#kept.push(...batch.entries)
      batch.written.reject(new StoreUnavailable(written.detail))
      this.#fail(written)
    }
  }

  #fail(failure: WriteFailure): void {
    if (this.#state.is === 'closed' || this.#state.is === 'broken') return
    const { detail } = failure
    this.#state = failure
    const waiting = this.#next
    this.#next = undefined
    if (waiting) {
      this.#kept.push(...waiting.entries)
      waiting.written.reject(new StoreUnavailable(detail))
    }
    if (failure.is === 'full') this.#clock.after(RETRY_MS, () => this.#retry())
  }

  /** Writes what was kept, in the order it was applied; then answers are given again. */
  async #retry(): Promise<void> {
    if (this.#state.is !== 'full') return
    const written = await this.#thread.write(this.#kept)
    if (written.is !== 'written') {
      this.#fail(written)
      return
    }
    this.#kept = []
    if (this.#state.is === 'full') this.#state = { is: 'open' }
    this.#tell()
  }

  /** Tells of what operators changed. */
  #tell(): void {
    const { version } = this.#journal.ledger
    if (version === this.#told) return
    this.#told = version
    const control = this.#journal.ledger.control()
    for (const onChange of this.#watchers) onChange(control)
  }
}
