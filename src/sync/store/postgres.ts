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
import type { Tables } from './tables.ts'

/** Types whose text the driver would turn into something SQLite does not have. */
const READ_AS: Readonly<Record<number, (text: string) => string | number>> = {
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.NUMERIC]: Number,
  [pg.types.builtins.JSONB]: String,
  [pg.types.builtins.TIMESTAMPTZ]: (text) => new Date(text).toISOString(),
}

/** A server that does not answer a statement, or does not take a connection, for so long is taken for one that is away. */
const ANSWER_MS = 10_000
const CONNECT_MS = 5_000

export interface Postgres {
  readonly db: Kysely<Tables>
  /** The same without a limit on how long a statement takes: building an index may. */
  readonly patient: Kysely<Tables>
}

/**
 * A shared database. A server that restarts, fails over or stops answering ends the statements under way, each with an
 * error, and the connections it had; the next statement opens a new one.
 */
export function openPostgres(url: string, availability: Availability): Postgres {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    application_name: 'bidwarden',
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    // Times are compared as text nowhere, but are read as text: always in UTC. A process that stands still within a
    // transaction must not keep its locks for ever.
    options: '-c TimeZone=UTC -c idle_in_transaction_session_timeout=60000',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        READ_AS[oid] ?? pg.types.getTypeParser(oid, format),
    },
  })
  // An error of a connection nobody listens to would end the process. The pool listens only while a connection is idle; what
  // breaks while it is in use fails its statement as well, which is what counts.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const over = (answerMs: number | undefined) => {
    const dialect: Dialect = {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => watched(new PooledDriver(pool, answerMs), availability),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    }
    return new Kysely<Tables>({ dialect })
  }
  return { db: over(ANSWER_MS), patient: over(undefined) }
}

/** Classes of errors by which a server says that it cannot work now: SQLSTATE, the first two letters. */
const AWAY: Readonly<Record<string, string>> = {
  '08': 'the connection to it broke',
  '53': 'it lacks disk, memory or connections',
  '57': 'it is being shut down or started',
  '58': 'its disk has failed',
  XX: 'it has an internal fault',
}
const READ_ONLY = '25006'

/** Why the server could not be asked, without its address or user; undefined for an error of the statement. */
export function postgresReason(error: unknown): string | undefined {
  if (error instanceof ConnectionLost) return 'it cannot be reached, or does not answer in time'
  if (!(error instanceof pg.DatabaseError)) return undefined
  const { code = '' } = error
  // What a server says that has lost its primary role.
  if (code === READ_ONLY) return 'it is read-only'
  if (code.startsWith('28') || code === '3D000') return 'it does not let this service in'
  return AWAY[code.slice(0, 2)]
}

/** Whatever the server did not say itself: a connection was refused, it broke, or nothing came in time. */
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
    if (command === 'ROLLBACK') throw new Error('the transaction was taken back')
  }

  async rollbackTransaction(connection: PooledConnection): Promise<void> {
    // The server takes back what a lost connection has begun.
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
  /** Nothing more is asked on it: a late answer to what was given up would be taken for another's. */
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
