import {
  DirectoryLock,
  DiskError,
  LogSize,
  makeDirectory,
  openError,
  type Use,
  writeFailure,
} from '../../../../storage/index.ts'
import { isoTime } from '../../../../time/clock.ts'
import type { JournalRow } from '../../protocol/journal.ts'
import { chainHash, type JournalEntry, type Opening, scopeOf, textOf } from './journal-entry.ts'
import { JournalLedger, type JournalState } from './journal-ledger.ts'
import { type Replayed, replay, unwritten } from './journal-replay.ts'
import { LedgerFile } from './sqlite-file.ts'

/** How, when and where a ledger is opened. */
export interface OpenLedger {
  readonly directory: string
  /** Now, on the wall clock: milliseconds since the epoch. */
  readonly atMs: number
  readonly bootId: string
  readonly uptimeMs: number
  /** Length of leases; null for leases that last as long as the process. */
  readonly leaseMs: number | null
  readonly keep: JournalRetention
  /** Set when this process reopens the ledger after a disk error. */
  readonly resume?: ResumeLedger
}

/** What a process knows about the ledger that it has written. */
export interface ResumeLedger {
  /** The last entry that is certainly on the disk. */
  readonly last: JournalEntry
  /** Later entries that were refused; they may be on the disk nevertheless. */
  readonly refused: readonly JournalEntry[]
}

/** How much of the journal is kept. What counts in a window is in the snapshots as well, so it is never lost. */
export interface JournalRetention {
  readonly maxAgeMs: number
  readonly maxBytes: number
  /** The number of entries between snapshots, and so the most that a start has to replay. */
  readonly snapshotEvery: number
}

export interface OpenedLedger {
  /** The opening entry of this use. */
  readonly last: JournalEntry
  readonly state: JournalState
}

/** Requests to the thread that writes the ledger. */
export type LedgerQuestion =
  | { readonly ask: 'slice'; readonly after: number; readonly upTo: number }
  | { readonly ask: 'range' }

export type LedgerAnswer =
  | { readonly is: 'slice'; readonly rows: readonly JournalRow[] }
  | { readonly is: 'range'; readonly first: number; readonly last: number }

/** The largest error of a difference of two uptimes, since an uptime is read in hundredths of a second. */
const UPTIME_ERROR_MS = 20
/** The most old entries that are deleted at once, so that no commit waits long. */
const DROP_AT_ONCE = 2_000

/** The ledger on the disk: its file, its lock, and a copy of the state that checks every entry by replaying it. */
export class SqliteLedger {
  readonly #lock: DirectoryLock
  readonly #file: LedgerFile
  readonly #keep: JournalRetention
  readonly #at: Replayed
  /** The number of the entry at which a snapshot was last written or tried. */
  #snapshotAt: number
  readonly #logSize = new LogSize()
  #dropUpTo = 0
  /** Whether the write-ahead log holds anything, and whether the lock's use record already says so. */
  #log: 'empty' | 'written' | 'on record' = 'empty'

  private constructor(lock: DirectoryLock, file: LedgerFile, keep: JournalRetention) {
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
   * Opens the ledger for this process alone, replays the entries after the last snapshot, and forfeits what owners of
   * earlier starts had left.
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

  /**
   * Reopens a ledger after a disk error. All of it is read again, and its last acknowledged entry must be the expected one.
   * Owners keep their leases. The caller passes entries that were not acknowledged to {@link append} again.
   *
   * @throws DiskError
   */
  static resume(how: OpenLedger, { last, refused }: ResumeLedger): SqliteLedger {
    let lock: DirectoryLock | undefined
    let file: LedgerFile | undefined
    try {
      lock = new DirectoryLock(how.directory, 'ledger', isoTime(how.atMs))
      // If the thread ended by itself, SQLite has removed the log. The last entry proves that nothing is missing.
      file = LedgerFile.open(how.directory, { hasLog: false, mustExist: true })
      file.emptyLog()
      const ledger = new SqliteLedger(lock, file, how.keep)
      ledger.#prove(last, refused)
      // A missing log is no damage until something was written to it.
      lock.set('opening', ledger.#at.number)
      return ledger
    } catch (error) {
      file?.close()
      lock?.release()
      throw openError(error, how.directory, 'ledger')
    }
  }

  /**
   * Writes entries, all or none. They are on the disk when this returns. {@link writeFailure} classifies what it throws.
   * Entries that are on the disk already, although they were refused, are skipped.
   */
  append(all: readonly JournalEntry[]): void {
    const entries = all.filter(({ number }) => number > this.#at.number)
    if (entries.length > 0) this.#write(entries)
    if (this.#log !== 'written') return
    this.#lock.set('open', this.#at.number)
    this.#log = 'on record'
  }

  #write(entries: readonly JournalEntry[]): void {
    let { hash } = this.#at
    const rows: JournalRow[] = entries.map((entry) => {
      const text = textOf(entry)
      hash = chainHash(hash, text)
      return { number: entry.number, atMs: entry.atMs, scope: scopeOf(entry.command), text, hash }
    })
    this.#file.append(rows)
    const length = rows.reduce((total, { text }) => total + text.length, 0)
    // Entries follow each other, so many share a page.
    this.#logSize.add(1, length)
    if (this.#log === 'empty') this.#log = 'written'
    for (const row of rows) {
      const wrong = replay(this.#at, row)
      if (wrong !== undefined)
        throw new DiskError('damaged', `entry ${row.number} cannot be replayed: ${wrong}`)
    }
  }

  #assertWritten(entry: JournalEntry): void {
    const [row] = this.#file.slice(entry.number - 1, entry.number)
    if (row?.text !== textOf(entry))
      throw new DiskError('damaged', `somebody else has written entry ${entry.number} of the ledger`)
  }

  #prove(last: JournalEntry, refused: readonly JournalEntry[]): void {
    const { number } = this.#at
    if (number < last.number) {
      const missing = `it ends at entry ${number}, but ${last.number} were acknowledged`
      throw new DiskError('damaged', `the ledger is an older copy: ${missing}`)
    }
    const known = [last, ...refused].filter((entry) => entry.number <= number)
    if (known.at(-1)?.number !== number)
      throw new DiskError('damaged', `somebody else has written the ledger: it ends at entry ${number}`)
    for (const entry of known) this.#assertWritten(entry)
  }

  /**
   * Housekeeping between commits: snapshots, deletion of old entries, checkpoints. Lack of space only postpones it.
   *
   * @returns whether more work is due at once
   */
  tidy(): boolean {
    try {
      if (this.#at.number - this.#snapshotAt >= this.#keep.snapshotEvery) this.#snapshot()
      if (this.#logSize.takeDue()) this.#file.checkpoint()
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

  /** Closes the ledger. The file is consistent even if some entries were not written. */
  close(): void {
    try {
      // Written first: closing removes the log, and a missing log of a file in use means damage. If the disk fails, the log
      // stays, and the number says how many entries there must be.
      this.#lock.set('closed', this.#at.number)
    } finally {
      try {
        this.#file.close()
      } finally {
        this.#lock.release()
      }
    }
  }

  #begin(how: OpenLedger, before: Use | undefined): OpenedLedger {
    const { number } = this.#at
    if (before && number < before.entries) {
      const missing = `it ends at entry ${number}, but had ${before.entries}`
      throw new DiskError('damaged', `the ledger in ${how.directory} is an older copy: ${missing}`)
    }
    const last = this.#open(how)
    return { last, state: this.#at.journal.state() }
  }

  /** Applies and writes the opening entry. Where it cannot be written, this ledger is not used. */
  #open(how: OpenLedger): JournalEntry {
    const { journal, number, hash } = this.#at
    const { command, elapsedMs } = openingOf(journal, how)
    const { effect } = journal.apply(command, { elapsedMs, wallMs: how.atMs })
    const entry: JournalEntry = { number: number + 1, atMs: how.atMs, elapsedMs, command, effect }
    const text = textOf(entry)
    const row = {
      number: entry.number,
      atMs: how.atMs,
      scope: scopeOf(command),
      text,
      hash: chainHash(hash, text),
    }
    this.#file.append([row])
    this.#at.number = row.number
    this.#at.hash = row.hash
    this.#lock.set('open', row.number)
    this.#log = 'on record'
    return entry
  }

  #snapshot(): void {
    const { journal, number, hash } = this.#at
    // Set even if the snapshot fails, so that a full disk is not tried again with every commit.
    this.#snapshotAt = number
    this.#file.addSnapshot(number, hash, journal.state())
    this.#lock.set('open', number)
    this.#dropUpTo = this.#cut()
  }

  /** The number of the latest snapshot before which all entries can be deleted; 0 for none. */
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

/** The newest undamaged snapshot, or the empty state. */
function startOf(file: LedgerFile): Replayed {
  for (const { number, hash, state } of file.snapshots()) {
    if (state) return { journal: new JournalLedger(state), number, hash }
  }
  if (file.range.first <= 1) return unwritten()
  throw new DiskError('damaged', 'the ledger is damaged: no snapshot of it is whole')
}

/**
 * How the ledger is opened, and when on the store's clock. That advances by the time since the last entry if the machine's
 * boot is the same. After a reboot it does not advance, so that no wall clock can free money early.
 */
function openingOf(
  { opened, elapsedMs: lastMs }: JournalLedger,
  { bootId, uptimeMs, leaseMs }: OpenLedger,
): { command: Opening; elapsedMs: number } {
  const timeIsKnown = opened?.opening.bootId === bootId
  const lastUptimeMs = opened ? opened.opening.uptimeMs + (lastMs - opened.elapsedMs) : 0
  const passedMs = timeIsKnown ? Math.max(0, uptimeMs - lastUptimeMs - UPTIME_ERROR_MS) : 0
  return { command: { do: 'open', leaseMs, bootId, uptimeMs, timeIsKnown }, elapsedMs: lastMs + passedMs }
}
