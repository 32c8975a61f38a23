import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
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
  const sqlite = await openSqlite(join(dataDir, 'bidwarden.db'), availability)
  return { ...sqlite, patient: sqlite.db }
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
