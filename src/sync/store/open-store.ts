import { randomUUID } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { DiskError, makeDirectory, makeOwn } from '../../storage/index.ts'
import { Availability, type StoreState } from './availability.ts'
import { migrations } from './migrations.ts'
import { openSqlite, sqliteReason } from './node-sqlite.ts'
import { openPostgres, postgresReason } from './postgres.ts'
import type { Engine, SyncDatabase } from './tables.ts'

/** The database of the read stack. */
export interface Store {
  readonly engine: Engine
  readonly db: Kysely<SyncDatabase>
  /**
   * Runs a write, or a transaction, that may be lost with the machine's power, but not with the process: counts of calls, leases,
   * and what became of a delivery. On SQLite it does not wait for the disk.
   */
  loosely<T>(write: (db: Kysely<SyncDatabase>) => Promise<T>): Promise<T>
  /** While it is away, statements are still tried and reject with {@link StoreAway}. */
  readonly state: StoreState
  /** Size of the database, in bytes. */
  bytes(): Promise<number>
  /** Tests whether a database that was away works again. Never rejects. */
  probe(): Promise<void>
  close(): Promise<void>
}

export type StoreAddress =
  | { readonly is: 'sqlite'; readonly dataDir: string }
  | { readonly is: 'postgres'; readonly url: string }

/**
 * Opens the database, creates its folder, and migrates its tables.
 * @param onChange called when the database becomes unavailable and when it works again
 */
export async function openStore(
  address: StoreAddress,
  onChange: (state: StoreState, cause?: unknown) => void = () => {},
): Promise<Store> {
  const reasonOf = address.is === 'postgres' ? postgresReason : sqliteReason
  const availability = new Availability({ reasonOf, onChange })
  const { db, loose, patient, heal } =
    address.is === 'postgres'
      ? sharedBy(address.url, availability)
      : await openFile(address.dataDir, availability)
  const engine = address.is
  // Kysely closes a driver only if it was used, and the migration may have been the only use.
  const close = async () => {
    await db.destroy()
    if (patient !== db) await patient.destroy()
  }
  try {
    await migrate(patient, engine)
    if (address.is === 'sqlite') noteUse(address.dataDir)
  } catch (error) {
    await close()
    throw error
  }
  return {
    engine,
    db,
    get state() {
      return availability.state
    },
    loosely: (write) => write(loose),
    bytes: () => bytesOf(db, engine),
    async probe() {
      if (availability.state.is === 'open') return
      try {
        await heal()
        await writeSomething(db)
        availability.wrote()
      } catch (error) {
        // This statement is always valid, so its failure is the database's; it has been noted.
        availability.failed(error)
      }
    },
    close,
  }
}

function sharedBy(url: string, availability: Availability) {
  const { db, patient } = openPostgres(url, availability)
  return { db, loose: db, patient, heal: async () => {} }
}

async function openFile(dataDir: string, availability: Availability) {
  makeDirectory(dataDir)
  const path = join(dataDir, 'bidwarden.db')
  assertNotLost(dataDir, path)
  const sqlite = await openSqlite(path, availability)
  return { ...sqlite, patient: sqlite.db }
}

/**
 * File that says a database existed. From a key alone, a lost database could not be told from one that never existed.
 */
const IN_USE = 'bidwarden.use'
const KEY = 'encryption.key'

/**
 * Throws if a database existed and its file is missing: an empty one in its place would silently lose every connection.
 */
function assertNotLost(dataDir: string, path: string): void {
  if (sizeOf(path) > 0) return
  const left = [IN_USE, KEY].filter((name) => sizeOf(join(dataDir, name)) > 0)
  if (left.length === 0) return
  throw new DiskError(
    'damaged',
    `${path} is missing or empty; restore it, or delete ${left.join(' and ')} beside it to accept that the connections are forgotten`,
  )
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

function noteUse(dataDir: string): void {
  const path = join(dataDir, IN_USE)
  makeOwn(path)
  if (sizeOf(path) === 0) writeFileSync(path, 'bidwarden.db\n', { flush: true })
}

async function bytesOf(db: Kysely<SyncDatabase>, engine: Engine): Promise<number> {
  const size =
    engine === 'postgres'
      ? sql<{ bytes: number | string }>`SELECT pg_database_size(current_database()) AS bytes`
      : sql<{
          bytes: number
        }>`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`
  const { rows } = await size.execute(db)
  return Number(rows[0]?.bytes)
}

/** Writes a row, since a full disk or a read-only server still answers reads. */
async function writeSomething(db: Kysely<SyncDatabase>): Promise<void> {
  const written = { name: 'probe', value: randomUUID() }
  await db
    .insertInto('notes')
    .values(written)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(written))
    .execute()
}

async function migrate(db: Kysely<SyncDatabase>, engine: Engine): Promise<void> {
  const { error } = await new Migrator({ db, provider: migrations(engine) }).migrateToLatest()
  if (error) throw error
}
