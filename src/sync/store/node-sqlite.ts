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
import { DiskThread, writeFailure } from '../../disk/index.ts'
import { messageOf } from '../../errors.ts'
import { type Availability, type DriverOf, watched } from './availability.ts'
import type { Tables } from './tables.ts'

/** What is said to the thread that has the database. */
export interface DatabaseTraffic {
  readonly opened: undefined
  /** Every write is a question: it has an answer. */
  readonly batch: never
  readonly question: Statement
  readonly answer: StatementAnswer
}

interface Statement {
  /** Where it is in a transaction. Alone, it may be one that is not waited for at the disk: `loosely`. */
  readonly place: 'alone' | 'loosely' | 'first' | 'within' | 'commit' | 'rollback'
  readonly sql: string
  readonly values: readonly SQLInputValue[]
}

export interface StatementAnswer {
  readonly rows: readonly Record<string, SQLOutputValue>[]
  /** Absent where rows are what a statement answers. */
  readonly changes?: number | bigint
  readonly lastInsertRowid?: number | bigint
}

export interface Sqlite {
  readonly db: Kysely<Tables>
  /** The same; what it commits outside a transaction reaches the disk with the next commit that waits for it. */
  readonly loose: Kysely<Tables>
  /** Where the thread has ended, or the disk failed: reads what is on the disk again, in a new thread. */
  heal(): Promise<void>
}

/**
 * An embedded database in a thread of its own, so that neither a statement nor the disk keeps the event loop: what is
 * committed survives a power cut. Ends with `db`. Rejects when the file cannot be had, or when the engine does not confirm
 * full synchronisation; so does every statement once the thread has ended, until it is healed.
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
    return new Kysely<Tables>({ dialect })
  }
  return { db: over('alone'), loose: over('loosely'), heal: () => database.heal() }
}

/** SQLite's codes by which the disk, and not the statement, is at fault; the low byte. */
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
  /** It can take back a change of tables, so a process that ends half-way through a migration leaves nothing of it. */
  override get supportsTransactionalDdl(): true {
    return true
  }

  /** There is one; the driver says itself whose it is, and Kysely would give it on later than may be. */
  override get supportsMultipleConnections(): true {
    return true
  }
}

/** One database for many connections, each of which has it for a transaction or a statement. */
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

/** The file, and the thread that has it now. */
class Database {
  readonly turns = new Turns()
  readonly #path: string
  #thread: DiskThread<DatabaseTraffic> | undefined
  /** After an error of the disk what is in memory and what is on the disk may differ. */
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
      // What SQLite says has a code; a thread that has ended says no more than that.
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
    // Between two transactions: whoever is within one still has the old thread.
    const giveOn = await this.turns.take()
    try {
      await this.#thread?.close()
      this.#thread = undefined
      if (!this.#isClosed) await this.open()
    } catch (error) {
      throw new ThreadLost(messageOf(error))
    } finally {
      giveOn()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#thread?.close()
  }
}

/** Whose the database is, in the order it was asked for. */
class Turns {
  #last = Promise.resolve()

  /** Resolves when it is ours, until what it resolves to is called. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }
}

/**
 * The database belongs to a connection until its statement, or the last one of its transaction, is on its way: the thread
 * does what comes in order, so the next one's need not wait for the answer.
 */
class Connection implements DatabaseConnection {
  readonly #database: Database
  readonly #alone: 'alone' | 'loosely'
  /** Ends our turn. Set during a transaction. */
  #giveOn: (() => void) | undefined
  /** A transaction begins in one message with its first statement. */
  #isEmpty = false

  constructor(database: Database, alone: 'alone' | 'loosely') {
    this.#database = database
    this.#alone = alone
  }

  async begin(): Promise<void> {
    this.#giveOn = await this.#database.turns.take()
    this.#isEmpty = true
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    const giveOn = this.#giveOn
    // After a commit that failed: the thread has taken everything back.
    if (!giveOn) return
    this.#giveOn = undefined
    const ended = this.#isEmpty ? undefined : this.#ask(how, how, [])
    giveOn()
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
    if (this.#giveOn) {
      const place = this.#isEmpty ? 'first' : 'within'
      this.#isEmpty = false
      return this.#ask(place, sql, values)
    }
    const giveOn = await this.#database.turns.take()
    const answer = this.#ask(this.#alone, sql, values)
    giveOn()
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
