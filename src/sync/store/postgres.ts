import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import pg from 'pg'
import { messageOf } from '../../errors.ts'
import { type Availability, type DriverOf, watched } from './availability.ts'
import type { SyncDatabase } from './tables.ts'

/** Type number of `uuid[]`, which the driver's list lacks. */
const UUID_ARRAY = 2951
/** Types that are read as text or numbers, as SQLite returns them. */
const READ_AS: Readonly<Record<number, (text: string) => string | number>> = {
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.NUMERIC]: Number,
  [pg.types.builtins.JSONB]: String,
  [UUID_ARRAY]: (text) =>
    JSON.stringify(
      text
        .slice(1, -1)
        .split(',')
        .filter((id) => id !== ''),
    ),
  [pg.types.builtins.TIMESTAMPTZ]: (text) => new Date(text).toISOString(),
}

/** Longest time for a statement and for a new connection, in milliseconds; then the server counts as unavailable. */
const ANSWER_MS = 10_000
const CONNECT_MS = 5_000

export interface Postgres {
  readonly db: Kysely<SyncDatabase>
  /** As `db`, without a limit on the time of a statement, for building indexes. */
  readonly patient: Kysely<SyncDatabase>
}

/**
 * Opens a shared database. A server that restarts, fails over or stops answering ends its statements with an error and
 * its connections; the next statement opens a new connection.
 */
export function openPostgres(url: string, availability: Availability): Postgres {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    application_name: 'bidwarden',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // Times are read as text, always in UTC. A process that hangs in a transaction must not keep its locks for ever.
    options: '-c TimeZone=UTC -c idle_in_transaction_session_timeout=60000',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        READ_AS[oid] ?? pg.types.getTypeParser(oid, format),
    },
  })
  // An unhandled error of a connection would end the process. The pool handles errors of idle connections; one in use
  // also fails its statement, which is what counts.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const over = (answerMs: number | undefined) => {
    const dialect: Dialect = {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => watched(new PooledDriver(pool, answerMs), availability),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    }
    return new Kysely<SyncDatabase>({ dialect })
  }
  return { db: over(ANSWER_MS), patient: over(undefined) }
}

/** Classes of SQLSTATE (first two letters) by which a server says that it cannot work now. */
const AWAY: Readonly<Record<string, string>> = {
  '08': 'the connection to it broke',
  '53': 'it lacks disk, memory or connections',
  '57': 'it is being shut down or started',
  '58': 'its disk has failed',
  XX: 'it has an internal fault',
}
/** SQLSTATE of a write in a read-only transaction. */
const READ_ONLY = '25006'

/** Why the server could not be used, without its address or user; undefined for an error of the statement. */
export function postgresReason(error: unknown): string | undefined {
  if (error instanceof ConnectionLost) return 'it cannot be reached, or does not answer in time'
  if (!(error instanceof pg.DatabaseError)) return undefined
  const { code = '' } = error
  // Error of a server that has lost its primary role.
  if (code === READ_ONLY) return 'it is read-only'
  if (code.startsWith('28') || code === '3D000') return 'it does not let this service in'
  return AWAY[code.slice(0, 2)]
}

/** The connection was refused or broke, or no answer came in time. */
class ConnectionLost extends Error {}

const lost = (error: unknown): unknown =>
  error instanceof pg.DatabaseError ? error : new ConnectionLost(messageOf(error), { cause: error })

class PooledDriver implements DriverOf<PooledConnection> {
  readonly #pool: pg.Pool
  readonly #answerMs: number | undefined

  constructor(pool: pg.Pool, answerMs: number | undefined) {
    this.#pool = pool
    this.#answerMs = answerMs
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<PooledConnection> {
    try {
      return new PooledConnection(await this.#pool.connect(), this.#answerMs)
    } catch (error) {
      throw lost(error)
    }
  }

  async beginTransaction(connection: PooledConnection): Promise<void> {
    await connection.run('begin')
  }

  async commitTransaction(connection: PooledConnection): Promise<void> {
    const { command } = await connection.run('commit')
    if (command === 'ROLLBACK') throw new Error('the transaction was rolled back')
  }

  async rollbackTransaction(connection: PooledConnection): Promise<void> {
    // The server rolls back the transactions of a lost connection.
    if (!connection.isLost) await connection.run('rollback')
  }

  async releaseConnection(connection: PooledConnection): Promise<void> {
    connection.release()
  }

  async destroy(): Promise<void> {
    if (!this.#pool.ended && !this.#pool.ending) await this.#pool.end()
  }
}

class PooledConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient
  readonly #answerMs: number | undefined
  /** A lost connection is not used again: a late answer could be taken for that of a later statement. */
  isLost = false

  constructor(client: pg.PoolClient, answerMs: number | undefined) {
    this.#client = client
    this.#answerMs = answerMs
  }

  async run(text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> {
    const limit = this.#answerMs === undefined ? {} : { query_timeout: this.#answerMs }
    try {
      return await this.#client.query({ text, values: [...values], ...limit })
    } catch (error) {
      const failure = lost(error)
      if (postgresReason(failure) !== undefined) this.isLost = true
      throw failure
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.run(sql, parameters)
    const isWrite = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
    return { rows, ...(isWrite && { numAffectedRows: BigInt(rowCount ?? 0) }) }
  }

  release(): void {
    this.#client.release(this.isLost)
  }

  streamQuery(): never {
    throw new Error('a long result is read page by page')
  }
}
