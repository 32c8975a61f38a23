import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations.ts'
import { openSqlite } from './node-sqlite.ts'
import { openPostgres } from './postgres.ts'
import type { Tables } from './tables.ts'

export type Engine = 'sqlite' | 'postgres'

/** Where everything of the read stack is kept. */
export interface Store {
  readonly engine: Engine
  readonly db: Kysely<Tables>
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
  const db = address.is === 'postgres' ? openPostgres(address.url, onError) : openFile(address.dataDir)
  const engine = address.is
  try {
    await migrate(db, engine)
  } catch (error) {
    await db.destroy()
    throw error
  }
  return { engine, db, close: () => db.destroy() }
}

function openFile(dataDir: string): Kysely<Tables> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  return openSqlite(join(dataDir, 'bidwarden.db'))
}

async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  const { error } = await new Migrator({ db, provider: migrations(engine) }).migrateToLatest()
  if (error) throw error
}
