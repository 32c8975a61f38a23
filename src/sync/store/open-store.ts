import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { DiskError, makeOwn } from '../../disk/index.ts'
import { Availability, type StoreState } from './availability.ts'
import { migrations } from './migrations.ts'
import { openSqlite, sqliteReason } from './node-sqlite.ts'
import { openPostgres, postgresReason } from './postgres.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Where everything of the read stack is kept. */
export interface Store {
  readonly engine: Engine
  readonly db: Kysely<Tables>
  /**
   * Writes what may be lost with the machine's power, though not with the process: counts of calls, leases. On SQLite nobody
   * waits for the disk then; but a transaction always does.
   */
  loosely<T>(write: (db: Kysely<Tables>) => Promise<T>): Promise<T>
  /** While it is away every statement is tried all the same, and rejects with {@link StoreAway}. */
  readonly state: StoreState
  /** Looks whether a database that was away is back. Never rejects. */
  probe(): Promise<void>
  close(): Promise<void>
}

export type StoreAddress =
  | { readonly is: 'sqlite'; readonly dataDir: string }
  | { readonly is: 'postgres'; readonly url: string }

/**
 * Opens the database, making the folder where it is missing, and brings its tables up to date.
 *
 * @param onChange told when it goes away, and when it is back
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
  try {
    await migrate(patient, engine)
    if (address.is === 'sqlite') noteUse(address.dataDir)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return {
    engine,
    db,
    get state() {
      return availability.state
    },
    loosely: (write) => write(loose),
    async probe() {
      if (availability.state.is === 'open') return
      try {
        await heal()
        await writeSomething(db)
        availability.wrote()
      } catch (error) {
        // Not an error of this statement, which is always right: it has been taken note of.
        availability.failed(error)
      }
    },
    close: () => db.destroy(),
  }
}

function sharedBy(url: string, availability: Availability) {
  const { db, patient } = openPostgres(url, availability)
  return { db, loose: db, patient, heal: async () => {} }
}

async function openFile(dataDir: string, availability: Availability) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, 'bidwarden.db')
  assertNotLost(dataDir, path)
  const sqlite = await openSqlite(path, availability)
  return { ...sqlite, patient: sqlite.db }
}

/** Says that there was a database: beside a key alone nobody could tell a lost one from one that was never there. */
const IN_USE = 'bidwarden.use'
const KEY = 'encryption.key'

/** An empty database in place of one that was lost would forget every connection, and nobody would be told. */
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

/** A disk that is full, or a server that is read-only, still answers questions. */
async function writeSomething(db: Kysely<Tables>): Promise<void> {
  const written = { name: 'probe', value: randomUUID() }
  await db
    .insertInto('notes')
    .values(written)
    .onConflict((conflict) => conflict.column('name').doUpdateSet(written))
    .execute()
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const { error } = await new Migrator({ db, provider: migrations(engine) }).migrateToLatest()
  if (error) throw error
}
