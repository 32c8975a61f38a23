import { isDeepStrictEqual } from 'node:util'
import type { Boot, Cancel, Clock } from '../../clock.ts'
import { type DiskState, GroupCommit, type WriteFailure } from '../../disk/index.ts'
import type { JournalCommand, JournalEntry } from './journal-entry.ts'
import { JournalLedger, type Moment, type Reply } from './journal-ledger.ts'
import type { Row } from './sqlite-file.ts'
import type { Keep, OpenedLedger } from './sqlite-ledger.ts'
import { type LedgerThread, ledgerThread } from './sqlite-thread.ts'
import {
  type Bill,
  type BillReply,
  type BudgetStore,
  type Control,
  type ForfeitDesk,
  type KillSwitch,
  type PauseState,
  type PendingForfeit,
  type ScopeDefinition,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
  type UnderWay,
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

/**
 * The truth of one machine: a ledger in the memory of this process, and a journal of everything that moved it. A command
 * is applied at once, and answered when it is on the disk. Commands that come meanwhile share the next write.
 */
export class SqliteStore implements BudgetStore, ForfeitDesk {
  readonly answersAtOnce = false
  readonly boundsForfeits = true
  readonly forfeits = this
  readonly journal = this
  readonly #clock: Clock
  readonly #thread: LedgerThread
  readonly #journal: JournalLedger
  /** The store's clock is this much ahead of the process's. */
  readonly #aheadMs: number
  readonly #watchers = new Set<(control: Control) => void>()
  readonly #commits: GroupCommit<JournalEntry>
  #number: number
  #told: number

  /**
   * Opens the ledger of a directory for this process alone. Owners of earlier uses are forfeited.
   *
   * @throws DiskError when it is in use, damaged or not writable; it is never begun anew in place of one that was there
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
    const thread = ledgerThread(how, (failure) => failed(failure))
    const store = new SqliteStore(clock, thread, await thread.opened, beganMs)
    failed = (failure) => store.#commits.fail(failure)
    return store
  }

  private constructor(clock: Clock, thread: LedgerThread, { number, state }: OpenedLedger, beganMs: number) {
    this.#clock = clock
    this.#thread = thread
    this.#journal = new JournalLedger(state)
    this.#number = number
    this.#aheadMs = state.elapsedMs - beganMs
    this.#told = this.#journal.ledger.version
    this.#commits = new GroupCommit(thread, {
      clock,
      refusal: (detail) => new StoreUnavailable(detail),
      onWritten: () => this.#tell(),
    })
  }

  /** Scopes that are in use, or were removed and still count. */
  get scopeCount(): number {
    return this.#journal.ledger.accounts.size
  }

  get state(): DiskState {
    return this.#commits.state
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<SyncReply[]> {
    // A line of a scope that is not there moves nothing, so it is not written down either.
    const { accounts } = this.#journal.ledger
    const known = lines.filter(({ scope }) => accounts.has(scope))
    const replies = (await this.#commit(known.map((line) => ({ do: 'sync', owner, line })))).values()
    return lines.map((line): SyncReply => {
      if (!known.includes(line)) return { is: 'unknown_scope' }
      const reply = replies.next().value
      return reply?.to === 'sync' ? reply.reply : { is: 'stale' }
    })
  }

  async bill(bills: readonly Bill[]): Promise<BillReply[]> {
    const replies = await this.#commit(bills.map((bill) => ({ do: 'bill', bill })))
    return replies.map((one) => (one.to === 'bill' ? one.reply : { is: 'unknown_scope' }))
  }

  async leave(owner: string): Promise<void> {
    await this.#commit([{ do: 'leave', owner }])
  }

  pending(): readonly PendingForfeit[] {
    return this.#journal.ledger.pendingForfeits()
  }

  async free(owner: string, underWay: readonly UnderWay[]): Promise<void> {
    await this.#commit([{ do: 'free', owner, underWay }])
  }

  async define(definition: ScopeDefinition): Promise<ScopeDefinition> {
    const known = this.#journal.ledger.definition(definition.scope)
    // Every start defines all budgets again; what changes nothing needs no entry, but what it repeats must be on the disk.
    if (known && isDeepStrictEqual(known, definition)) {
      await this.#commits.flushed()
      return known
    }
    const [one] = await this.#commit([{ do: 'define', definition }])
    return one?.to === 'define' ? one.reply : definition
  }

  async remove(scope: string): Promise<void> {
    if (this.#journal.ledger.definition(scope)) await this.#commit([{ do: 'remove', scope }])
    else await this.#commits.flushed()
  }

  async setPause(scope: string, pause: PauseState): Promise<void> {
    await this.#commit([{ do: 'pause', scope, pause }])
  }

  async setKillSwitch(killSwitch: KillSwitch): Promise<void> {
    await this.#commit([{ do: 'kill_switch', killSwitch }])
  }

  /** What is on the disk, or will be before this is answered. */
  async control(scopes?: readonly string[]): Promise<Control> {
    const control = this.#journal.ledger.control(scopes)
    await this.#commits.flushed()
    return control
  }

  /** Nothing that was acknowledged is ever missing: a damaged ledger is not opened at all. */
  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** Rows of the journal numbered `after + 1` to `upTo`, as they are on the disk. */
  async slice(after: number, upTo: number): Promise<readonly Row[]> {
    const answer = await this.#thread.ask({ ask: 'slice', after, upTo })
    return answer.is === 'slice' ? answer.rows : []
  }

  /** Numbers of the first entry that is kept, and of the last. */
  async range(): Promise<{ first: number; last: number }> {
    const answer = await this.#thread.ask({ ask: 'range' })
    return answer.is === 'range' ? answer : { first: 0, last: 0 }
  }

  /** Writes what is under way, and lets the directory go. */
  async close(): Promise<void> {
    if (this.state.is === 'closed') return
    this.#watchers.clear()
    await this.#commits.close()
  }

  /** Applies commands now and answers when they are on the disk. */
  async #commit(commands: readonly JournalCommand[]): Promise<Reply[]> {
    this.#commits.assertOpen()
    if (commands.length === 0) return []
    const at = this.#moment()
    const replies: Reply[] = []
    const entries: JournalEntry[] = []
    for (const command of commands) {
      const { reply, effect } = this.#journal.apply(command, at)
      this.#number += 1
      const { elapsedMs, wallMs: atMs } = at
      entries.push({ number: this.#number, atMs, elapsedMs, command, effect })
      replies.push(reply)
    }
    await this.#commits.append(entries)
    return replies
  }

  #moment(): Moment {
    const elapsedMs = Math.max(this.#journal.elapsedMs, this.#aheadMs + this.#clock.elapsedMs())
    return { elapsedMs, wallMs: Math.floor(this.#clock.nowMs()) }
  }

  /** Tells of what operators changed. */
  #tell(): void {
    const { version } = this.#journal.ledger
    if (version === this.#told) return
    this.#told = version
    const control = this.#journal.ledger.takeChanged()
    for (const onChange of this.#watchers) onChange(control)
  }
}
