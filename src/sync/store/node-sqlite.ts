import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import { messageOf } from '../../errors.ts'
import { DiskThread, writeFailure } from '../../storage/index.ts'
import { type Availability, type DriverOf, watched } from './availability.ts'
import type { SyncDatabase } from './tables.ts'

/** Messages to the thread that has the database. */
export interface DatabaseTraffic {
  readonly opened: undefined
  /** No batches: every message is a request with an answer. */
  readonly batch: never
  readonly question: Statement
  readonly answer: StatementAnswer
}

interface Statement {
  /**
   * Position of a statement in its transaction. `loosely`: the commit of the statement, or of the transaction, does not wait
   * for the disk.
   */
  readonly place: 'alone' | 'loosely' | 'first' | 'first_loosely' | 'within' | 'commit' | 'rollback'
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

export interface StatementAnswer {
  readonly rows: readonly Record<string, SQLOutputValue>[]
  /** Absent for a statement that returns rows. */
  readonly changes?: number | bigint
  readonly lastInsertRowid?: number | bigint
}

export interface Sqlite {
  readonly db: Kysely<SyncDatabase>
  /** As `db`, but a commit reaches the disk with the next one that waits for it. */
  readonly loose: Kysely<SyncDatabase>
  /** After the thread has ended or the disk failed: opens the file again in a new thread. */
  heal(): Promise<void>
}

/**
 * Opens an embedded database in a thread, so that neither statements nor the disk block the event loop. What is
 * committed survives a power cut. Closing `db` ends the thread. Rejects when the file cannot be opened or the engine
 * does not confirm full synchronisation. After the thread has ended, every statement rejects until `heal`.
 */
export async function openSqlite(path: string, availability: Availability): Promise<Sqlite> {
  const database = new Database(path)
  await database.open()
  const over = (alone: 'alone' | 'loosely') => {
    const dialect: Dialect = {
      createAdapter: () => new Adapter(),
      createDriver: () => watched(new ThreadDriver(database, alone), availability),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    }
    return new Kysely<SyncDatabase>({ dialect })
  }
  return { db: over('alone'), loose: over('loosely'), heal: () => database.heal() }
}

/** SQLite's error codes (low byte) that mean a fault of the disk, not of the statement. */
const DISK_CODES: Readonly<Record<number, string>> = {
  5: 'another process keeps it locked',
  7: 'there is not enough memory',
  8: 'it is read-only',
  10: 'its disk has failed',
  11: 'it is damaged',
  14: 'its file cannot be opened',
  26: 'it is damaged',
}

/** Why the file cannot be used; undefined for an error of the statement. */
export function sqliteReason(error: unknown): string | undefined {
  if (error instanceof ThreadLost) return error.message
  if (writeFailure(error).is === 'full') return 'the disk is full'
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return DISK_CODES[code & 0xff]
}

class ThreadLost extends Error {}

class Adapter extends SqliteAdapter {
  /** A migration runs in a transaction, so a process that ends during one leaves nothing of it. */
  override get supportsTransactionalDdl(): true {
    return true
  }

  /**
   * There is only one connection. The driver orders its users itself, because Kysely would pass it on later than
   * possible.
   */
  override get supportsMultipleConnections(): true {
    return true
  }
}

/** Shares one database among connections; each has it for a transaction or a statement. */
class ThreadDriver implements DriverOf<Connection> {
  readonly #database: Database
  readonly #alone: 'alone' | 'loosely'

  constructor(database: Database, alone: 'alone' | 'loosely') {
    this.#database = database
    this.#alone = alone
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    return new Connection(this.#database, this.#alone)
  }

  beginTransaction(connection: Connection): Promise<void> {
    return connection.begin()
  }

  commitTransaction(connection: Connection): Promise<void> {
    return connection.end('commit')
  }

  rollbackTransaction(connection: Connection): Promise<void> {
    return connection.end('rollback')
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#database.close()
  }
}

/** The file and the thread that has it open. */
class Database {
  readonly turns = new Turns()
  readonly #path: string
  #thread: DiskThread<DatabaseTraffic> | undefined
  /** After a disk error, memory and disk may differ. */
  #mustReopen = false
  #isClosed = false

  constructor(path: string) {
    this.#path = path
  }

  async open(): Promise<void> {
    const program = new URL('./sqlite-worker.ts', import.meta.url)
    const thread = new DiskThread<DatabaseTraffic>('database', program, this.#path, () => {})
    await thread.opened
    this.#thread = thread
    this.#mustReopen = false
  }

  async ask(statement: Statement): Promise<StatementAnswer> {
    const thread = this.#thread
    if (!thread) throw new ThreadLost('the thread that writes it has ended')
    try {
      return await thread.ask(statement)
    } catch (error) {
      // Errors of SQLite have a code; that of an ended thread has none.
      const hasCode = error instanceof Error && 'code' in error
      if (!hasCode && thread.isLost) {
        this.#mustReopen = true
        throw new ThreadLost(messageOf(error))
      }
      if (sqliteReason(error) !== undefined && writeFailure(error).is === 'broken') this.#mustReopen = true
      throw error
    }
  }

  async heal(): Promise<void> {
    if (!this.#mustReopen || this.#isClosed) return
    // Waits for the end of the present transaction, which still uses the old thread.
    const endTurn = await this.turns.take()
    try {
      await this.#thread?.close()
      this.#thread = undefined
      if (!this.#isClosed) await this.open()
    } catch (error) {
      throw new ThreadLost(messageOf(error))
    } finally {
      endTurn()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#thread?.close()
  }
}

/** Passes the database from one user to the next, in the order of their requests. */
class Turns {
  #last = Promise.resolve()

  /** Resolves when it is the caller's turn, with the function that ends the turn. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}

/**
 * A connection has the database until its statement, or the last one of its transaction, is sent. The thread works in
 * order, so the next user need not wait for the answer.
 */
class Connection implements DatabaseConnection {
  readonly #database: Database
  readonly #alone: 'alone' | 'loosely'
  /** Ends the turn; set during a transaction. */
  #endTurn: (() => void) | undefined
  /** Whether the transaction has no statement yet; it begins in one message with its first one. */
  #isEmpty = false

  constructor(database: Database, alone: 'alone' | 'loosely') {
    this.#database = database
    this.#alone = alone
  }

  async begin(): Promise<void> {
    this.#endTurn = await this.#database.turns.take()
    this.#isEmpty = true
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const endTurn = this.#endTurn
    // After a failed commit the thread has already rolled back.
    if (!endTurn) return
    this.#endTurn = undefined
    const ended = this.#isEmpty ? undefined : this.#ask(how, how, [])
    endTurn()
    await ended
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes, lastInsertRowid } = await this.#answer(sql, parameters.map(boundOne))
    return {
      rows: rows as R[],
      ...(changes !== undefined && { numAffectedRows: BigInt(changes) }),
      ...(lastInsertRowid !== undefined && { insertId: BigInt(lastInsertRowid) }),
    }
  }

  streamQuery(): never {
    throw new Error('a long result is read page by page')
  }

  async #answer(sql: string, values: readonly SQLInputValue[]): Promise<StatementAnswer> {
    if (this.#endTurn) {
      const first = this.#alone === 'loosely' ? 'first_loosely' : 'first'
      const place = this.#isEmpty ? first : 'within'
      this.#isEmpty = false
      return this.#ask(place, sql, values)
    }
    const endTurn = await this.#database.turns.take()
    const answer = this.#ask(this.#alone, sql, values)
    endTurn()
    return answer
  }

  #ask(place: Statement['place'], sql: string, values: readonly SQLInputValue[]): Promise<StatementAnswer> {
    return this.#database.ask({ place, sql, values })
  }
}

function boundOne(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} cannot be stored`)
}
