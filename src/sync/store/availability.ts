import type { CompiledQuery, DatabaseConnection, TransactionSettings } from 'kysely'
import { AppError } from '../../errors.ts'

/** Whether the database can be written to. */
export type StoreState = { readonly is: 'open' } | { readonly is: 'away'; readonly detail: string }

/** A statement failed because of the database or its disk; the same statement may succeed later. */
export class StoreAway extends AppError {
  constructor(detail: string, cause: unknown) {
    super('connector_store_unavailable', `The database of connections cannot be used now: ${detail}`, {
      afterMs: RETRY_AFTER_MS,
    })
    this.cause = cause
  }
}

/** `Retry-After` while the database is away, in milliseconds: it is tried once a second. */
const RETRY_AFTER_MS = 1_000

interface Options {
  /** Why the database cannot be used, in words that may be shown; undefined for an error of the statement itself. */
  readonly reasonOf: (error: unknown) => string | undefined
  readonly onChange: (state: StoreState, cause?: unknown) => void
}

/** State of a database, found from the results of its statements. */
export class Availability {
  readonly #options: Options
  #state: StoreState = { is: 'open' }
  #returns = 0

  constructor(options: Options) {
    this.#options = options
  }

  get state(): StoreState {
    return this.#state
  }

  /** How often the database has come back. */
  get returns(): number {
    return this.#returns
  }

  /**
   * Notes a failure and returns the error to throw in its place.
   *
   * @param returnsBefore `returns` when the statement began. If the database has come back since, the failure belongs to an
   *   outage that is over, and the state stays.
   */
  failed(error: unknown, returnsBefore = this.#returns): unknown {
    if (error instanceof StoreAway) return error
    const detail = this.#options.reasonOf(error)
    if (detail === undefined) return error
    if (returnsBefore !== this.#returns) return new StoreAway(detail, error)
    const before = this.#state
    this.#state = { is: 'away', detail }
    if (before.is !== 'away' || before.detail !== detail) this.#options.onChange(this.#state, error)
    return new StoreAway(detail, error)
  }

  /** Notes a successful write. */
  wrote(): void {
    if (this.#state.is === 'open') return
    this.#state = { is: 'open' }
    this.#returns += 1
    this.#options.onChange(this.#state)
  }
}

/** Wraps a driver: failures of the database are noted and thrown as {@link StoreAway}. */
export function watched<C extends DatabaseConnection>(
  driver: DriverOf<C>,
  availability: Availability,
): DriverOf<WatchedConnection<C>> {
  const noting = async <T>(work: Promise<T>): Promise<T> => {
    const { returns } = availability
    try {
      return await work
    } catch (error) {
      throw availability.failed(error, returns)
    }
  }
  return {
    init: () => driver.init(),
    acquireConnection: async () => new WatchedConnection(await noting(driver.acquireConnection()), noting),
    beginTransaction: ({ inner }, settings) => noting(driver.beginTransaction(inner, settings)),
    commitTransaction: ({ inner }) => noting(driver.commitTransaction(inner)),
    rollbackTransaction: ({ inner }) => noting(driver.rollbackTransaction(inner)),
    releaseConnection: ({ inner }) => driver.releaseConnection(inner),
    destroy: () => driver.destroy(),
  }
}

/** A driver with the type of its connections. */
export interface DriverOf<C extends DatabaseConnection> {
  init(): Promise<void>
  acquireConnection(): Promise<C>
  beginTransaction(connection: C, settings: TransactionSettings): Promise<void>
  commitTransaction(connection: C): Promise<void>
  rollbackTransaction(connection: C): Promise<void>
  releaseConnection(connection: C): Promise<void>
  destroy(): Promise<void>
}

class WatchedConnection<C extends DatabaseConnection> implements DatabaseConnection {
  readonly inner: C
  readonly #noting: <T>(work: Promise<T>) => Promise<T>

  constructor(inner: C, noting: <T>(work: Promise<T>) => Promise<T>) {
    this.inner = inner
    this.#noting = noting
  }

  executeQuery<R>(query: CompiledQuery) {
    return this.#noting(this.inner.executeQuery<R>(query))
  }

  streamQuery(): never {
    throw new Error('a long result is read page by page')
  }
}
