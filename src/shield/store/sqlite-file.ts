import { hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { deserialize, serialize } from 'node:v8'
import { messageOf } from '../../errors.ts'
import type { JournalState } from './journal-ledger.ts'
import { LedgerError } from './sqlite-error.ts'
import { checkLog } from './sqlite-wal.ts'

/** A row of the journal. */
export interface Row {
  readonly number: number
  readonly atMs: number
  /** Null for entries that concern every scope. */
  readonly scope: string | null
  readonly text: string
  readonly hash: string
}

/** The whole state after an entry, so that what is before it need not be replayed. */
export interface Snapshot {
  readonly number: number
  /** The chain at that entry. */
  readonly hash: string
  /** Undefined where the snapshot is not what was written. */
  readonly state: JournalState | undefined
}

const APPLICATION_ID = 0x62696477
const VERSION = 1
const SCHEMA = `
  CREATE TABLE entries (
    number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, scope TEXT, text TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE snapshots (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL, digest TEXT NOT NULL, state BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};`

export const ledgerPath = (directory: string): string => join(directory, 'ledger.db')

/**
 * The journal's file. Every write is one transaction, and on the disk when the call returns: write-ahead log with
 * `synchronous = FULL`, which is asserted, since a build may default to less.
 */
export class LedgerFile {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO entries (number, at_ms, scope, text, hash) VALUES (?, ?, ?, ?, ?)',
    )
  }

  /**
   * @param hasLog whether a write-ahead log must be there, because the last use was not ended
   * @param mustExist whether there was a ledger before
   * @throws LedgerError when the files are not there, damaged, or not a ledger
   */
  static open(directory: string, { hasLog, mustExist }: { hasLog: boolean; mustExist: boolean }): LedgerFile {
    const path = ledgerPath(directory)
    if (!checkLog(`${path}-wal`) && hasLog) {
      throw new LedgerError('damaged', `${path}-wal is missing, and with it the end of the ledger; ${ACCEPT}`)
    }
    const database = new DatabaseSync(path, { timeout: 1_000 })
    try {
      const isNew = pragma(database, 'page_count') === 0
      if (isNew && mustExist) throw new LedgerError('damaged', `${path} is missing or empty; ${ACCEPT}`)
      // A file that is no ledger is left as it is.
      if (!isNew) checkVersion(database, path)
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
      if (pragma(database, 'journal_mode') !== 'wal' || pragma(database, 'synchronous') !== 2) {
        throw new LedgerError(
          'unwritable',
          `${path} cannot be written safely: no write-ahead log with full fsync`,
        )
      }
      if (isNew) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`)
      return new LedgerFile(database)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** For reading beside the process that uses it. */
  static openToRead(directory: string): LedgerFile {
    const database = new DatabaseSync(ledgerPath(directory), { readOnly: true, timeout: 1_000 })
    checkVersion(database, ledgerPath(directory))
    // One view of it, however much is added meanwhile.
    database.exec('BEGIN')
    return new LedgerFile(database)
  }

  /** All of them or none. */
  append(rows: readonly Row[]): void {
    this.#transaction(() => {
      for (const { number, atMs, scope, text, hash } of rows)
        this.#insert.run(number, atMs, scope, text, hash)
    })
  }

  /** Rows after a number, in order. */
  *rows(after: number): Generator<Row> {
    const statement = this.#database.prepare(
      'SELECT number, at_ms AS atMs, scope, text, hash FROM entries WHERE number > ? ORDER BY number',
    )
    for (const row of statement.iterate(after)) yield rowOf(row)
  }

  /** Rows numbered `after + 1` to `upTo`. */
  slice(after: number, upTo: number): Row[] {
    const statement = this.#database.prepare(
      'SELECT number, at_ms AS atMs, scope, text, hash FROM entries WHERE number > ? AND number <= ? ORDER BY number',
    )
    return statement.all(after, upTo).map(rowOf)
  }

  /** Numbers of the first and the last entry; zeros when there is none. */
  get range(): { first: number; last: number } {
    const row = this.#database.prepare('SELECT min(number) AS first, max(number) AS last FROM entries').get()
    return { first: Number(row?.['first'] ?? 0), last: Number(row?.['last'] ?? 0) }
  }

  /** Newest first. */
  *snapshots(): Generator<Snapshot> {
    for (const number of this.snapshotNumbers().reverse()) yield this.snapshot(number)
  }

  snapshot(number: number): Snapshot {
    const row = this.#database
      .prepare('SELECT hash, digest, state FROM snapshots WHERE number = ?')
      .get(number)
    const state = row?.['state']
    const chain = String(row?.['hash'])
    const isWhole = state instanceof Uint8Array && row?.['digest'] === digestOf(chain, state)
    return { number, hash: chain, state: isWhole ? deserialize(state) : undefined }
  }

  /** In order. */
  snapshotNumbers(): number[] {
    const rows = this.#database.prepare('SELECT number FROM snapshots ORDER BY number').all()
    return rows.map(({ number }) => Number(number))
  }

  addSnapshot(number: number, chain: string, state: JournalState): void {
    const blob = serialize(state)
    this.#transaction(() => {
      this.#database
        .prepare('INSERT OR REPLACE INTO snapshots (number, hash, digest, state) VALUES (?, ?, ?, ?)')
        .run(number, chain, digestOf(chain, blob), blob)
    })
  }

  /** The wall-clock time of an entry. */
  atMs(number: number): number | undefined {
    const row = this.#database.prepare('SELECT at_ms FROM entries WHERE number = ?').get(number)
    return row && Number(row['at_ms'])
  }

  /** Deletes at most `max` of the entries up to a number, and the snapshots before it. Returns how many are left of them. */
  drop(upTo: number, max: number): number {
    const { first } = this.range
    const until = Math.min(upTo, first + max - 1)
    this.#transaction(() => {
      this.#database.prepare('DELETE FROM entries WHERE number <= ?').run(until)
      this.#database.prepare('DELETE FROM snapshots WHERE number < ?').run(upTo)
    })
    return upTo - until
  }

  /** Of pages that hold something. */
  get bytes(): number {
    const pages =
      Number(pragma(this.#database, 'page_count')) - Number(pragma(this.#database, 'freelist_count'))
    return pages * Number(pragma(this.#database, 'page_size'))
  }

  /** Copies the log into the file, so that the log starts anew. */
  checkpoint(): void {
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  close(): void {
    this.#database.close()
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

/** What an operator can do who knows why it is so. */
const ACCEPT = 'restore it, or delete ledger.use beside it to accept that what it held is forgotten'

function checkVersion(database: DatabaseSync, path: string): void {
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new LedgerError('foreign', `${path} is not a ledger of Bidwarden`)
  }
  const version = pragma(database, 'user_version')
  if (version !== VERSION) {
    throw new LedgerError(
      'foreign',
      `${path} is a ledger of version ${version}; this program knows version ${VERSION}`,
    )
  }
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]
}

const digestOf = (chain: string, blob: Uint8Array): string =>
  hash('sha256', Buffer.concat([Buffer.from(chain), blob]), 'hex')

function rowOf({ number, atMs, scope, text, hash }: Record<string, unknown>): Row {
  return {
    number: Number(number),
    atMs: Number(atMs),
    scope: scope === null ? null : String(scope),
    text: String(text),
    hash: String(hash),
  }
}

/** Makes the directory where it is missing. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const detail = messageOf(error)
    throw new LedgerError('unwritable', `${directory} cannot be made: ${detail}`)
  }
}
