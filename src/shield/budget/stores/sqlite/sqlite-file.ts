import { hash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { deserialize, serialize } from 'node:v8'
import {
  checkpoint,
  databasePath,
  emptyLog,
  type FileKind,
  openDatabase,
  openDatabaseToRead,
  transaction,
  usedBytes,
} from '../../../../storage/index.ts'
import type { JournalRow } from '../../protocol/journal.ts'
import type { JournalState } from './journal-ledger.ts'

/** The complete state after an entry, so that earlier entries need not be replayed. */
export interface Snapshot {
  readonly number: number
  /** The chain hash of that entry. */
  readonly hash: string
  /** The state; undefined if the snapshot is damaged. */
  readonly state: JournalState | undefined
}

const LEDGER: FileKind = {
  name: 'ledger',
  applicationId: 0x62696477,
  version: 1,
  schema: `
    CREATE TABLE entries (
      number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, scope TEXT, text TEXT NOT NULL, hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE snapshots (
      number INTEGER PRIMARY KEY, hash TEXT NOT NULL, digest TEXT NOT NULL, state BLOB NOT NULL
    ) STRICT;`,
}

export const ledgerPath = (directory: string): string => databasePath(directory, LEDGER)

/** The file of the journal. Every write is one transaction and is on the disk when the call returns. */
export class LedgerFile {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO entries (number, at_ms, scope, text, hash) VALUES (?, ?, ?, ?, ?)',
    )
  }

  /** Opens the file; parameters as in {@link openDatabase}. */
  static open(directory: string, was: { hasLog: boolean; mustExist: boolean }): LedgerFile {
    return new LedgerFile(openDatabase(directory, LEDGER, was))
  }

  /** Opens the file read-only, beside the process that uses it. */
  static openToRead(directory: string): LedgerFile {
    return new LedgerFile(openDatabaseToRead(directory, LEDGER))
  }

  /** Writes all rows or none. */
  append(rows: readonly JournalRow[]): void {
    transaction(this.#database, () => {
      for (const { number, atMs, scope, text, hash } of rows)
        this.#insert.run(number, atMs, scope, text, hash)
    })
  }

  /** All rows after a number, in order. */
  *rows(after: number): Generator<JournalRow> {
    const statement = this.#database.prepare(
      'SELECT number, at_ms AS atMs, scope, text, hash FROM entries WHERE number > ? ORDER BY number',
    )
    for (const row of statement.iterate(after)) yield rowOf(row)
  }

  /** The rows from number `after + 1` to `upTo`. */
  slice(after: number, upTo: number): JournalRow[] {
    const statement = this.#database.prepare(
      'SELECT number, at_ms AS atMs, scope, text, hash FROM entries WHERE number > ? AND number <= ? ORDER BY number',
    )
    return statement.all(after, upTo).map(rowOf)
  }

  /** The numbers of the first and the last entry; zeros if there is none. */
  get range(): { first: number; last: number } {
    const row = this.#database.prepare('SELECT min(number) AS first, max(number) AS last FROM entries').get()
    return { first: Number(row?.['first'] ?? 0), last: Number(row?.['last'] ?? 0) }
  }

  /** All snapshots, newest first. */
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

  /** The entry numbers of all snapshots, ascending. */
  snapshotNumbers(): number[] {
    const rows = this.#database.prepare('SELECT number FROM snapshots ORDER BY number').all()
    return rows.map(({ number }) => Number(number))
  }

  addSnapshot(number: number, chain: string, state: JournalState): void {
    const blob = serialize(state)
    transaction(this.#database, () => {
      this.#database
        .prepare('INSERT OR REPLACE INTO snapshots (number, hash, digest, state) VALUES (?, ?, ?, ?)')
        .run(number, chain, digestOf(chain, blob), blob)
    })
  }

  /** Wall-clock time of an entry in milliseconds since the epoch; undefined if there is no such entry. */
  atMs(number: number): number | undefined {
    const row = this.#database.prepare('SELECT at_ms FROM entries WHERE number = ?').get(number)
    return row && Number(row['at_ms'])
  }

  /** Deletes at most `max` entries up to a number, and the snapshots before it. Returns how many of those entries are left. */
  drop(upTo: number, max: number): number {
    const { first } = this.range
    const until = Math.min(upTo, first + max - 1)
    transaction(this.#database, () => {
      this.#database.prepare('DELETE FROM entries WHERE number <= ?').run(until)
      this.#database.prepare('DELETE FROM snapshots WHERE number < ?').run(upTo)
    })
    return upTo - until
  }

  /** Bytes of the pages in use. */
  get bytes(): number {
    return usedBytes(this.#database)
  }

  /** See {@link emptyLog}. */
  emptyLog(): void {
    emptyLog(this.#database)
  }

  /** Copies the log into the file, so that the log restarts. */
  checkpoint(): void {
    checkpoint(this.#database)
  }

  close(): void {
    this.#database.close()
  }
}

const digestOf = (chain: string, blob: Uint8Array): string =>
  hash('sha256', Buffer.concat([Buffer.from(chain), blob]), 'hex')

function rowOf({ number, atMs, scope, text, hash }: Record<string, unknown>): JournalRow {
  return {
    number: Number(number),
    atMs: Number(atMs),
    scope: scope === null ? null : String(scope),
    text: String(text),
    hash: String(hash),
  }
}
