import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import { openSqlite, type Sqlite } from './node-sqlite.ts'
import { openPostgres } from './postgres.ts'
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
  close(): Promise<void>
}

export type StoreAddress =
  | { readonly is: 'sqlite'; readonly dataDir: string }
  | { readonly is: 'postgres'; readonly url: string }

/** Opens the database, making the folder where it is missing, and brings its tables up to date. */
export async function openStore(
  address: StoreAddress,
  onError: (error: Error) => void = () => {},
): Promise<Store> {
  const { db, loose } =
    address.is === 'postgres' ? sharedBy(address.url, onError) : await openFile(address.dataDir)
  const engine = address.is
  try {
    await migrate(db, engine)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { engine, db, loosely: (write) => write(loose), close: () => db.destroy() }
}

function sharedBy(url: string, onError: (error: Error) => void) {
  const db = openPostgres(url, onError)
  return { db, loose: db }
}

function openFile(dataDir: string): Promise<Sqlite> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return openSqlite(join(dataDir, 'bidwarden.db'))
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const { error } = await new Migrator({ db, provider: migrations(engine) }).migrateToLatest()
  if (error) throw error
}
