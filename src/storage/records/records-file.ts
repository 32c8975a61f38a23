import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isoTime } from '../../time/clock.ts'
import {
  checkpoint,
  DirectoryLock,
  DiskError,
  LogSize,
  makeDirectory,
  openDatabase,
  openError,
  transaction,
  usedBytes,
  writeFailure,
} from '../disk/index.ts'
import { ChangesTable, type KeepChanges } from './changes-table.ts'
import { HoldsTable } from './holds-table.ts'
import {
  type ChangesPage,
  type ChangesQuery,
  type Entry,
  KEY_MS,
  type KeptText,
  type Payment,
  type Recovered,
  type SpentPage,
} from './records.ts'
import { API_KEYS, APPROVALS, CAMPAIGNS, FACTS, NOTIFICATIONS, RECORDS } from './records-schema.ts'
import { addSums, isSound, sumOf } from './row-sum.ts'
import { addSpendColumns, spentPage } from './spent-page.ts'

/** How the records of a directory are opened. */
export interface OpenRecords {
  readonly directory: string
  /** Now, on the wall clock: milliseconds since the epoch. */
  readonly atMs: number
  readonly keep: RecordsRetention
  /** Whether the same process reopens them after a disk error. */
  readonly isReopened?: boolean
}

/** How much of the records is kept. */
export interface RecordsRetention {
  readonly maxAgeMs: number
  /** Size in bytes above which the oldest bids are deleted; once only `latest` bids are left, the oldest rows of any table. */
  readonly maxBytes: number
  /** The number of the latest bids that a start returns. */
  readonly latest: number
  readonly changes: KeepChanges
}

export type RecordsQuestion =
  | { readonly ask: 'recover' }
  | { readonly ask: 'change_count' }
  | { readonly ask: 'bid' | 'key'; readonly name: string }
  | { readonly ask: 'changes'; readonly query: ChangesQuery }
  | { readonly ask: 'spent'; readonly fromMs: number; readonly toMs: number }
  | { readonly ask: 'spent_page'; readonly fromMs: number; readonly toMs: number }

export type RecordsAnswer =
  | { readonly is: 'recovered'; readonly recovered: Recovered }
  | { readonly is: 'found'; readonly text: string | undefined }
  | { readonly is: 'counted'; readonly count: number }
  | { readonly is: 'changes'; readonly page: ChangesPage }
  | { readonly is: 'spent'; readonly payments: readonly Payment[] }
  | { readonly is: 'spent_page'; readonly page: SpentPage }

/** Entries that are written by a single statement. */
type SimpleEntry = Extract<
  Entry,
  {
    put:
      | 'bid'
      | 'key'
      | 'no_key'
      | 'seen'
      | 'campaign'
      | 'no_campaign'
      | 'api_key'
      | 'no_api_key'
      | 'notification'
      | 'no_notification'
      | 'approval'
      | 'no_approval'
      | 'fact'
  }
>

/** Tables whose oldest rows are deleted for age or size. */
const PRUNED_TABLES = ['bids', 'keys', 'seen'] as const
type PrunedTable = (typeof PRUNED_TABLES)[number]

/**
 * The number of entries between two prunings, and the fewest rows that are deleted at once. Pruning deletes in
 * portions, so that no commit waits long.
 */
const PRUNE_EVERY = 1_000
const DROP_AT_LEAST = 200

/** The records on the disk: one file and its lock. Old rows are deleted between commits. */
export class RecordsFile {
  readonly #lock: DirectoryLock
  readonly #database: DatabaseSync
  readonly #keep: RecordsRetention
  readonly #put: Record<SimpleEntry['put'], StatementSync>
  readonly #holds: HoldsTable
  readonly #changes: ChangesTable
  readonly #uses: number
  #nowMs: number
  readonly #logSize = new LogSize()
  /** Length of the texts of the present commit, in bytes. */
  #length = 0
  #entriesSincePruning = PRUNE_EVERY
  /** The number of rows that are deleted at once; kept above the number written meanwhile. */
  #portion = DROP_AT_LEAST

  private constructor(lock: DirectoryLock, database: DatabaseSync, { keep, atMs }: OpenRecords) {
    this.#lock = lock
    this.#database = database
    this.#keep = keep
    this.#nowMs = atMs
    const before = numberOf(database, 'SELECT count(*) FROM uses')
    const had = lock.before?.entries ?? 0
    if (before < had) {
      const missing = `they were opened ${before} times, but had been ${had} times`
      throw new DiskError('damaged', `the records are an older copy: ${missing}`)
    }
    this.#uses = before + 1
    database.exec(CAMPAIGNS)
    database.exec(API_KEYS)
    database.exec(NOTIFICATIONS)
    database.exec(APPROVALS)
    database.exec(FACTS)
    addSums(database, [
      'bids',
      'keys',
      'seen',
      'campaigns',
      'api_keys',
      'notifications',
      'approvals',
      'facts',
    ])
    addSpendColumns(database)
    this.#holds = new HoldsTable(database)
    this.#changes = new ChangesTable(database, keep.changes)
    transaction(database, () => {
      this.#holds.name()
      database.prepare('INSERT INTO uses (at_ms) VALUES (?)').run(atMs)
    })
    this.#put = {
      bid: database.prepare(
        `INSERT INTO bids (bid_id, at_ms, is_open, text, payer, spent, source, is_unknown, sum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (bid_id) DO UPDATE SET is_open = excluded.is_open, text = excluded.text, payer = excluded.payer,
           spent = excluded.spent, source = excluded.source, is_unknown = excluded.is_unknown, sum = excluded.sum`,
      ),
      key: database.prepare(
        `INSERT INTO keys (key, at_ms, text, sum) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET at_ms = excluded.at_ms, text = excluded.text, sum = excluded.sum`,
      ),
      no_key: database.prepare('DELETE FROM keys WHERE key = ?'),
      seen: database.prepare(
        `INSERT INTO seen (owner, page, at_ms, bits, sum) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (owner, page) DO UPDATE SET bits = excluded.bits, sum = excluded.sum`,
      ),
      campaign: database.prepare('INSERT OR REPLACE INTO campaigns (id, text, sum) VALUES (?, ?, ?)'),
      no_campaign: database.prepare('DELETE FROM campaigns WHERE id = ?'),
      api_key: database.prepare('INSERT OR REPLACE INTO api_keys (id, text, sum) VALUES (?, ?, ?)'),
      no_api_key: database.prepare('DELETE FROM api_keys WHERE id = ?'),
      approval: database.prepare('INSERT OR REPLACE INTO approvals (id, text, sum) VALUES (?, ?, ?)'),
      no_approval: database.prepare('DELETE FROM approvals WHERE id = ?'),
      notification: database.prepare('INSERT OR REPLACE INTO notifications (id, text, sum) VALUES (?, ?, ?)'),
      fact: database.prepare('INSERT OR REPLACE INTO facts (id, text, sum) VALUES (?, ?, ?)'),
      no_notification: database.prepare('DELETE FROM notifications WHERE id = ?'),
    }
    // The log now holds something, so it must exist until this use is closed.
    lock.set('open', this.#uses)
  }

  /**
   * Opens the records of a directory for this process alone.
   *
   * @throws DiskError
   */
  static open(how: OpenRecords): RecordsFile {
    const { directory, atMs, isReopened = false } = how
    // When reopening, a missing directory is an error (its disk may be unmounted), so it is not created.
    if (!isReopened) makeDirectory(directory)
    let lock: DirectoryLock | undefined
    let database: DatabaseSync | undefined
    try {
      lock = new DirectoryLock(directory, RECORDS.name, isoTime(atMs))
      const { before } = lock
      database = openDatabase(directory, RECORDS, {
        // If the thread ended by itself, SQLite has removed the log.
        hasLog: before?.is === 'open' && !isReopened,
        mustExist: isReopened || (before !== undefined && before.entries > 0),
      })
      // After a failed fsync the log may read differently from what is on the disk, so nothing may be appended to it.
      if (isReopened) checkpoint(database)
      return new RecordsFile(lock, database, how)
    } catch (error) {
      database?.close()
      lock?.release()
      throw openError(error, directory, RECORDS.name)
    }
  }

  /** Writes the entries, all or none. They are on the disk when this returns. */
  append(entries: readonly Entry[]): void {
    this.#length = 0
    transaction(this.#database, () => {
      for (const entry of entries) this.#write(entry)
    })
    this.#logSize.add(entries.length, this.#length)
    this.#entriesSincePruning += entries.length
    this.#portion = Math.max(DROP_AT_LEAST, 2 * entries.length)
  }

  read(question: RecordsQuestion): RecordsAnswer {
    if (question.ask === 'recover') return { is: 'recovered', recovered: this.#recover() }
    if (question.ask === 'change_count') return { is: 'counted', count: this.#changes.count() }
    if (question.ask === 'spent') return { is: 'spent', payments: this.#spent(question) }
    if (question.ask === 'spent_page') return { is: 'spent_page', page: spentPage(this.#database, question) }
    if (question.ask === 'changes') return { is: 'changes', page: this.#changes.read(question.query) }
    const { ask, name } = question
    const from = ask === 'bid' ? 'bids WHERE bid_id' : 'keys WHERE key'
    const row = this.#database.prepare(`SELECT text, sum FROM ${from} = ?`).get(name)
    if (!row) return { is: 'found', text: undefined }
    const text = String(row['text'])
    // Must not be answered as "no such key": a bid of that key would be sent again.
    if (!isSound(row, name, text)) throw new Error(`the record of the ${ask} ${name} is damaged`)
    return { is: 'found', text }
  }

  /** Housekeeping between commits: pruning and checkpoints. Lack of space only postpones it. */
  tidy(): boolean {
    try {
      if (this.#logSize.takeDue()) checkpoint(this.#database)
      if (this.#entriesSincePruning < PRUNE_EVERY) return false
      const more = this.#prune()
      if (!more) this.#entriesSincePruning = 0
      return more
    } catch (error) {
      this.#entriesSincePruning = 0
      if (writeFailure(error).is === 'broken') throw error
      return false
    }
  }

  close(): void {
    try {
      checkpoint(this.#database)
      // Written first: closing removes the log, and a missing log of a file in use means damage.
      this.#lock.set('closed', this.#uses)
      this.#database.close()
    } finally {
      this.#lock.release()
    }
  }

  #write(entry: Entry): void {
    switch (entry.put) {
      case 'bid': {
        const { bidId, atMs, isOpen, text, spent } = entry
        const paid = spent ? [spent.payer, spent.amount, spent.source] : [null, 0, null]
        const isUnknown = spent?.isUnknown ? 1 : 0
        const sum = sumOf(bidId, text)
        this.#put.bid.run(bidId, Math.floor(atMs), isOpen ? 1 : 0, text, ...paid, isUnknown, sum)
        this.#wrote(text.length, atMs)
        break
      }
      case 'key':
        this.#put.key.run(entry.key, Math.floor(entry.atMs), entry.text, sumOf(entry.key, entry.text))
        this.#wrote(entry.text.length, entry.atMs)
        break
      case 'no_key':
        this.#put.no_key.run(entry.key)
        break
      case 'seen': {
        const { owner, page, atMs, bits } = entry
        this.#put.seen.run(owner, page, Math.floor(atMs), bits, sumOf(owner, page, bits))
        this.#wrote(bits.length, atMs)
        break
      }
      case 'campaign':
      case 'api_key':
      case 'notification':
      case 'approval':
      case 'fact':
        this.#put[entry.put].run(entry.id, entry.text, sumOf(entry.id, entry.text))
        this.#length += entry.text.length
        break
      case 'no_campaign':
      case 'no_api_key':
      case 'no_notification':
      case 'no_approval':
        this.#put[entry.put].run(entry.id)
        break
      case 'change':
        this.#changes.write(entry)
        this.#wrote(entry.text.length, entry.atMs)
        break
      default:
        this.#holds.write(entry)
    }
  }

  #wrote(bytes: number, atMs: number): void {
    this.#length += bytes
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  #spent({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): Payment[] {
    return this.#database
      .prepare(
        `SELECT payer, sum(spent) AS amount FROM bids
         WHERE payer IS NOT NULL AND at_ms >= ? AND at_ms < ? GROUP BY payer`,
      )
      .all(fromMs, toMs)
      .map(({ payer, amount }) => ({ payer: String(payer), amount: Number(amount) }))
  }

  #recover(): Recovered {
    const rows = (sql: string, ...values: number[]) => this.#database.prepare(sql).all(...values)
    const damaged: string[] = []
    /** The undamaged rows; damaged ones are added to `damaged` and stay in the file. */
    const sound = (what: string, sql: string, ...values: number[]): KeptText[] =>
      rows(sql, ...values).flatMap((row) => {
        const [id, text] = [String(row['id']), String(row['text'])]
        if (isSound(row, id, text)) return [{ id, text }]
        damaged.push(`${what} ${id}`)
        return []
      })
    const lastKeyMs = numberOf(this.#database, 'SELECT coalesce(max(at_ms), -1) FROM keys')
    return {
      latest: sound(
        'bid',
        'SELECT bid_id AS id, text, sum FROM bids ORDER BY number DESC LIMIT ?',
        this.#keep.latest,
      )
        .map(({ text }) => text)
        .reverse(),
      open: sound(
        'open bid',
        'SELECT bid_id AS id, text, sum FROM bids WHERE is_open = 1 ORDER BY number',
      ).map(({ text }) => text),
      lastKeyMs: lastKeyMs < 0 ? undefined : lastKeyMs,
      owners: this.#holds.read(),
      campaigns: sound('campaign', 'SELECT id, text, sum FROM campaigns ORDER BY id'),
      apiKeys: sound('API key', 'SELECT id, text, sum FROM api_keys ORDER BY id'),
      facts: sound('fact', 'SELECT id, text, sum FROM facts ORDER BY id'),
      approvals: sound('approval', 'SELECT id, text, sum FROM approvals ORDER BY id'),
      notifications: sound('notification', 'SELECT id, text, sum FROM notifications ORDER BY id'),
      seen: rows('SELECT owner, page, bits, sum FROM seen ORDER BY number').flatMap((row) => {
        const [owner, page] = [String(row['owner']), Number(row['page'])]
        const bits = row['bits'] instanceof Uint8Array ? row['bits'] : new Uint8Array()
        if (isSound({ sum: row['sum'] ?? null }, owner, page, bits)) return [{ owner, page, bits }]
        damaged.push(`notices of ${owner}, page ${page}`)
        return []
      }),
      damaged,
      forgotten: rows('SELECT owner, below FROM forgotten').map(({ owner, below }) => ({
        owner: String(owner),
        below: Number(below),
      })),
    }
  }

  /** Deletes a portion of what is too old or too much; returns whether there may be more. */
  #prune(): boolean {
    if (this.#changes.prune(this.#nowMs, this.#portion)) return true
    const { maxAgeMs, maxBytes } = this.#keep
    const oldest = (table: PrunedTable) =>
      numberOf(
        this.#database,
        `SELECT coalesce(min(at_ms), 9e15) FROM (SELECT at_ms FROM ${table} ORDER BY number LIMIT 1)`,
      )
    const ages = PRUNED_TABLES.map((table) => ({ table, atMs: oldest(table) })).toSorted(
      (a, b) => a.atMs - b.atMs,
    )
    for (const { table, atMs } of ages) {
      const untilMs = this.#nowMs - (table === 'keys' ? Math.min(KEY_MS, maxAgeMs) : maxAgeMs)
      if (atMs < untilMs) return this.#drop(table, untilMs)
    }
    const [first] = ages
    if (!first || usedBytes(this.#database) <= maxBytes) return false
    // A flood of refusals must not push out keys and notice marks, on which money depends.
    const { latest } = this.#keep
    const bids = numberOf(this.#database, `SELECT count(*) FROM (SELECT 1 FROM bids LIMIT ${latest + 1})`)
    return this.#drop(bids > latest ? 'bids' : first.table, Number.MAX_SAFE_INTEGER)
  }

  /** Deletes a portion of the rows of a table that are older than a time; true if there were any. */
  #drop(table: PrunedTable, beforeMs: number): boolean {
    // A portion could cover the whole table, including the newest row; so of few rows only the older half is deleted.
    const some = `SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT ${2 * this.#portion})`
    const portion = Math.ceil(numberOf(this.#database, some) / 2)
    const chosen = `(SELECT number FROM (SELECT number, at_ms FROM ${table} ORDER BY number LIMIT ${portion}) WHERE at_ms < ?)`
    let dropped = 0
    transaction(this.#database, () => {
      if (table === 'seen') {
        this.#database
          .prepare(
            `INSERT INTO forgotten (owner, below) SELECT owner, max(page) + 1 FROM seen WHERE number IN ${chosen} GROUP BY owner
             ON CONFLICT (owner) DO UPDATE SET below = max(below, excluded.below)`,
          )
          .run(beforeMs)
      }
      const { changes } = this.#database
        .prepare(`DELETE FROM ${table} WHERE number IN ${chosen}`)
        .run(beforeMs)
      dropped = Number(changes)
    })
    return dropped > 0
  }
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0])
}
