import { isoTime } from '../../clock.ts'
import {
  DirectoryLock,
  DiskError,
  makeDirectory,
  openError,
  type Use,
  writeFailure,
} from '../../disk/index.ts'
import { chainHash, type JournalEntry, type Opening, scopeOf, textOf } from './journal-entry.ts'
import { JournalLedger, type JournalState } from './journal-ledger.ts'
import { type Replayed, replay, unwritten } from './journal-replay.ts'
import { LedgerFile, type Row } from './sqlite-file.ts'
import type { LedgerAnswer, LedgerQuestion } from './sqlite-thread.ts'

/** How a ledger is opened, and when and where. */
export interface OpenLedger {
  readonly directory: string
  /** By the wall clock. */
  readonly atMs: number
  readonly bootId: string
  readonly uptimeMs: number
  /** Null for leases as long as the process. */
  readonly leaseMs: number | null
  readonly keep: Keep
}

/** How much of the past is kept. Whatever still counts in a window is in the snapshots and never goes. */
export interface Keep {
  readonly maxAgeMs: number
  readonly maxBytes: number
  /** A snapshot after so many entries: a start replays no more than those. */
  readonly snapshotEvery: number
}

export interface OpenedLedger {
  readonly number: number
  readonly state: JournalState
}

/** An uptime is read in hundredths of a second: a difference of two may be this much too long. */
const UPTIME_ERROR_MS = 20
/** The write-ahead log starts anew beyond these bytes. */
const CHECKPOINT_BYTES = 4 << 20
/** Old entries are deleted in portions, so that no commit waits long. */
const DROP_AT_ONCE = 2_000

/** The ledger on the disk: the file, its lock, and a copy of the state that proves each entry by replaying it. */
export class SqliteLedger {
  readonly #lock: DirectoryLock
  readonly #file: LedgerFile
  readonly #keep: Keep
  readonly #at: Replayed
  /** The entry that the last snapshot, or the last attempt at one, is of. */
  #snapshotAt: number
  #bytesSinceCheckpoint = 0
  #dropUpTo = 0

  private constructor(lock: DirectoryLock, file: LedgerFile, keep: Keep) {
    this.#lock = lock
    this.#file = file
    this.#keep = keep
    this.#at = startOf(file)
    this.#snapshotAt = this.#at.number
    for (const row of file.rows(this.#at.number)) {
      const wrong = replay(this.#at, row)
      if (wrong !== undefined)
        throw new DiskError('damaged', `the ledger is damaged at entry ${row.number}: ${wrong}`)
    }
  }

  /**
   * Opens the ledger for this process alone, replays what is not in the last snapshot, and forfeits what earlier
   * owners had left.
   *
   * @throws DiskError
   */
  static open(how: OpenLedger): { ledger: SqliteLedger; opened: OpenedLedger } {
    makeDirectory(how.directory)
    let lock: DirectoryLock | undefined
    let file: LedgerFile | undefined
    try {
      lock = new DirectoryLock(how.directory, 'ledger', isoTime(how.atMs))
      const { before } = lock
      file = LedgerFile.open(how.directory, {
        hasLog: before?.is === 'open',
        mustExist: before !== undefined && before.entries > 0,
      })
      const ledger = new SqliteLedger(lock, file, how.keep)
      return { ledger, opened: ledger.#begin(how, before) }
    } catch (error) {
      file?.close()
      lock?.release()
      throw openError(error, how.directory, 'ledger')
    }
  }

  /** Writes entries, all or none. They are on the disk when this returns. Whatever it throws, see {@link writeFailure}. */
  append(entries: readonly JournalEntry[]): void {
    let { hash } = this.#at
    const rows: Row[] = entries.map((entry) => {
      const text = textOf(entry)
      hash = chainHash(hash, text)
      this.#bytesSinceCheckpoint += text.length
      return { number: entry.number, atMs: entry.atMs, scope: scopeOf(entry.command), text, hash }
    })
    this.#file.append(rows)
    for (const row of rows) {
      const wrong = replay(this.#at, row)
      if (wrong !== undefined)
        throw new DiskError('damaged', `entry ${row.number} cannot be replayed: ${wrong}`)
    }
  }

  /**
   * Housekeeping between two commits; what it cannot do for lack of space it does another time.
   *
   * @returns whether more is to be done at once
   */
  tidy(): boolean {
    try {
      if (this.#at.number - this.#snapshotAt >= this.#keep.snapshotEvery) this.#snapshot()
      if (this.#bytesSinceCheckpoint > CHECKPOINT_BYTES) {
        this.#bytesSinceCheckpoint = 0
        this.#file.checkpoint()
      }
      if (this.#dropUpTo === 0) return false
      if (this.#file.drop(this.#dropUpTo, DROP_AT_ONCE) <= 0) this.#dropUpTo = 0
      return this.#dropUpTo > 0
    } catch (error) {
      if (writeFailure(error).is === 'broken') throw error
      return false
    }
  }

  read(question: LedgerQuestion): LedgerAnswer {
    if (question.ask === 'range') return { is: 'range', ...this.#file.range }
    return { is: 'slice', rows: this.#file.slice(question.after, question.upTo) }
  }

  /** Lets the ledger go. Whether all was written or not: what is on the disk is whole. */
  close(): void {
    try {
      this.#file.checkpoint()
      this.#file.close()
      this.#lock.set('closed', this.#at.number)
    } finally {
      this.#lock.release()
    }
  }

  #begin(how: OpenLedger, before: Use | undefined): OpenedLedger {
    const { number } = this.#at
    if (before && number < before.entries) {
      const missing = `it ends at entry ${number}, but had ${before.entries}`
      throw new DiskError('damaged', `the ledger in ${how.directory} is an older copy: ${missing}`)
    }
    this.append([openingOf(this.#at, how)])
    this.#lock.set('open', this.#at.number)
    return { number: this.#at.number, state: this.#at.journal.state() }
  }

  #snapshot(): void {
    const { journal, number, hash } = this.#at
    // Counted from here also when it fails, so that a full disk is not tried with every commit.
    this.#snapshotAt = number
    this.#file.addSnapshot(number, hash, journal.state())
    this.#lock.set('open', number)
    this.#dropUpTo = this.#cut()
  }

  /** The latest snapshot before which everything is too old or too much; 0 for none. */
  #cut(): number {
    const { maxAgeMs, maxBytes } = this.#keep
    const { first, last } = this.#file.range
    const numbers = this.#file.snapshotNumbers().filter((number) => number < last && number >= first)
    const nowMs = this.#file.atMs(last) ?? 0
    const tooMuch = Math.max(0, 1 - maxBytes / this.#file.bytes) * (last - first)
    const old = numbers.findLast(
      (number) => nowMs - (this.#file.atMs(number) ?? nowMs) > maxAgeMs || number - first <= tooMuch,
    )
    return old ?? 0
  }
}

/** The newest snapshot that is whole, or the beginning. */
function startOf(file: LedgerFile): Replayed {
  for (const { number, hash, state } of file.snapshots()) {
    if (state) return { journal: new JournalLedger(state), number, hash }
  }
  if (file.range.first <= 1) return unwritten()
  throw new DiskError('damaged', 'the ledger is damaged: no snapshot of it is whole')
}

/**
 * The store's clock goes on by the time that has passed on this machine since the last entry, as far as that is known: on
 * another boot nothing has passed, so that no wall clock can free money early.
 */
function openingOf(at: Replayed, how: OpenLedger): JournalEntry {
  const { bootId, uptimeMs, leaseMs, atMs } = how
  const { opened, elapsedMs: lastMs } = at.journal
  const timeIsKnown = opened?.opening.bootId === bootId
  const lastUptimeMs = opened ? opened.opening.uptimeMs + (lastMs - opened.elapsedMs) : 0
  const passedMs = timeIsKnown ? Math.max(0, uptimeMs - lastUptimeMs - UPTIME_ERROR_MS) : 0
  const elapsedMs = lastMs + passedMs
  const command: Opening = { do: 'open', leaseMs, bootId, uptimeMs, timeIsKnown }
  const copy = new JournalLedger(at.journal.state())
  const { effect } = copy.apply(command, { elapsedMs, wallMs: atMs })
  return { number: at.number + 1, atMs, elapsedMs, command, effect }
}
