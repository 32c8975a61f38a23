import { strict as assert } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../../../errors.ts'
import { DiskError, type DiskState, GroupCommit, type WriteFailure } from '../../../../storage/index.ts'
import type { Boot, Cancel, Clock } from '../../../../time/clock.ts'
import type { JournalRow } from '../../protocol/journal.ts'
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
} from '../../protocol/store.ts'
import type { JournalCommand, JournalEntry } from './journal-entry.ts'
import { type CommandReply, JournalLedger, type Moment } from './journal-ledger.ts'
import type {
  JournalRetention,
  LedgerAnswer,
  LedgerQuestion,
  OpenedLedger,
  OpenLedger,
  ResumeLedger,
} from './sqlite-ledger.ts'
import { type LedgerThread, ledgerThread } from './sqlite-thread.ts'

type OnFailure = (failure: WriteFailure) => void

export interface SqliteStoreOptions {
  /** The directory of the ledger; created if missing. */
  readonly directory: string
  readonly clock: Clock
  readonly boot: Boot
  /** Length of leases. Infinity, the default, if only this process uses the store. */
  readonly leaseMs?: number
  readonly keep?: Partial<JournalRetention>
}

/** How long to wait before a damaged ledger is read again. */
const DAMAGED_MS = 30_000
const KEEP: JournalRetention = { maxAgeMs: 30 * 86_400_000, maxBytes: 1 << 30, snapshotEvery: 50_000 }

/**
 * The budget store of one machine: a ledger in memory, and a journal of all commands on the disk. A command is applied at
 * once and answered when it is on the disk; commands that arrive meanwhile share the next write. After a disk error
 * the whole journal is read again, and the store goes on if nothing is missing.
 */
export class SqliteStore implements BudgetStore, ForfeitDesk {
  readonly answersAtOnce = false
  readonly boundsForfeits = true
  readonly forfeits = this
  readonly journal = this
  readonly #clock: Clock
  readonly #how: Omit<OpenLedger, 'resume'>
  #thread: LedgerThread
  /** Set while a new thread replaces one whose file cannot be used. */
  #reopening: Promise<void> | undefined
  /** Set while the ledger is damaged. Only an operator can repair it; it is read again seldom, since that takes long. */
  #damage: { readonly error: DiskError; readonly lookAgainMs: number } | undefined
  /** The last entry that is certainly on the disk. */
  #last: JournalEntry
  readonly #journal: JournalLedger
  /** How far the store's clock is ahead of the process's elapsed time. */
  readonly #aheadMs: number
  readonly #watchers = new Set<(control: Control) => void>()
  readonly #commits: GroupCommit<JournalEntry>
  #number: number
  #told: number

  /**
   * Opens the ledger of a directory for this process alone, and forfeits the owners of earlier starts.
   *
   * @throws DiskError if the ledger is in use, damaged or not writable; an existing ledger is never replaced by an empty one
   */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const { directory, clock, boot, leaseMs = Number.POSITIVE_INFINITY, keep } = options
    const beganMs = clock.elapsedMs()
    let failed: OnFailure = () => {}
    const how = {
      directory,
      atMs: Math.floor(clock.nowMs()),
      bootId: boot.id,
      uptimeMs: boot.uptimeMs(),
      leaseMs: Number.isFinite(leaseMs) ? leaseMs : null,
      keep: { ...KEEP, ...keep },
    }
    const thread = ledgerThread(how, (failure) => failed(failure))
    const opened = await thread.opened
    assert(opened)
    const store = new SqliteStore(clock, how, thread, opened, beganMs)
    failed = (failure) => store.#failed(thread, failure)
    return store
  }

  private constructor(
    clock: Clock,
    how: OpenLedger,
    thread: LedgerThread,
    { last, state }: OpenedLedger,
    beganMs: number,
  ) {
    this.#clock = clock
    this.#how = how
    this.#thread = thread
    this.#journal = new JournalLedger(state)
    this.#last = last
    this.#number = last.number
    this.#aheadMs = state.elapsedMs - beganMs
    this.#told = this.#journal.ledger.version
    const writer = {
      write: async (entries: readonly JournalEntry[]) => {
        const outcome = await this.#thread.write(entries)
        if (outcome.is === 'written') this.#last = entries.at(-1) ?? this.#last
        return outcome
      },
      close: async () => {
        await this.#reopening?.catch(() => undefined)
        await this.#thread.close()
      },
    }
    this.#commits = new GroupCommit(writer, {
      clock,
      refusal: (detail) => new StoreUnavailable(detail),
      onWritten: () => this.#tell(),
      reopen: (refused) => (this.#reopening = this.#reopen(refused)),
    })
  }

  /** The number of scopes, including removed ones that still count. */
  get scopeCount(): number {
    return this.#journal.ledger.accounts.size
  }

  get state(): DiskState {
    return this.#commits.state
  }

  async sync(owner: string, lines: readonly SyncLine[]): Promise<SyncReply[]> {
    // A line of an unknown scope changes nothing, so it is not written to the journal.
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
    // Every start defines all budgets again. A definition that changes nothing needs no entry, but the one that it repeats
    // must be on the disk before the answer.
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

  /** See {@link BudgetStore.control}; everything in the answer is on the disk. */
  async control(scopes?: readonly string[]): Promise<Control> {
    const control = this.#journal.ledger.control(scopes)
    await this.#commits.flushed()
    return control
  }

  /** Does nothing: this store never has a fence, since a ledger that lost acknowledged entries is not opened. */
  trust(): void {}

  watch(onChange: (control: Control) => void): Cancel {
    this.#watchers.add(onChange)
    return () => this.#watchers.delete(onChange)
  }

  /** The rows of the journal from number `after + 1` to `upTo`, read from the disk. */
  async slice(after: number, upTo: number): Promise<readonly JournalRow[]> {
    const answer = await this.#ask({ ask: 'slice', after, upTo })
    return answer.is === 'slice' ? answer.rows : []
  }

  /** The numbers of the first entry that still exists and of the last entry. */
  async range(): Promise<{ first: number; last: number }> {
    const answer = await this.#ask({ ask: 'range' })
    return answer.is === 'range' ? answer : { first: 0, last: 0 }
  }

  /** Finishes the writes under way and releases the directory. */
  async close(): Promise<void> {
    if (this.state.is === 'closed') return
    this.#watchers.clear()
    await this.#commits.close()
  }

  async #ask(question: LedgerQuestion): Promise<LedgerAnswer> {
    try {
      return await this.#thread.ask(question)
    } catch (error) {
      throw new StoreUnavailable(messageOf(error))
    }
  }

  #failed(thread: LedgerThread, failure: WriteFailure): void {
    if (this.#thread === thread) this.#commits.fail(failure)
  }

  /** Replaces the thread after a failure. No command was applied since, so only the refused entries can be missing. */
  async #reopen(refused: readonly JournalEntry[]): Promise<void> {
    const nowMs = this.#clock.elapsedMs()
    if (this.#damage && nowMs < this.#damage.lookAgainMs) throw this.#damage.error
    await this.#thread.close()
    const resume: ResumeLedger = { last: this.#last, refused }
    const how = { ...this.#how, atMs: Math.floor(this.#clock.nowMs()), resume }
    const thread: LedgerThread = ledgerThread(how, (failure) => this.#failed(thread, failure))
    try {
      await thread.opened
    } catch (error) {
      if (error instanceof DiskError && error.fault === 'damaged')
        this.#damage = { error, lookAgainMs: nowMs + DAMAGED_MS }
      throw error
    }
    this.#thread = thread
  }

  /** Applies commands at once; resolves with their answers when they are on the disk. */
  async #commit(commands: readonly JournalCommand[]): Promise<CommandReply[]> {
    this.#commits.assertOpen()
    if (commands.length === 0) return []
    const at = this.#moment()
    const replies: CommandReply[] = []
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

  /** Reports changes of control to the watchers. */
  #tell(): void {
    const { version } = this.#journal.ledger
    if (version === this.#told) return
    this.#told = version
    const control = this.#journal.ledger.takeChanged()
    for (const onChange of this.#watchers) onChange(control)
  }
}
