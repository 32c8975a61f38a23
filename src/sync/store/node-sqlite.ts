import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import type { Tables } from './tables.ts'

/** Prepared statements kept; SQL text is all there is to tell them apart. */
const MAX_STATEMENTS = 500

/**
 * An embedded database: what is committed survives a power cut. Throws when the file cannot be had, or when the engine
 * does not confirm full synchronisation.
 */
export function openSqlite(path: string): Kysely<Tables> {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 10_000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY')
  const { synchronous } = database.prepare('PRAGMA synchronous').get() ?? {}
  if (synchronous !== 2) throw new Error(`${path}: the database does not write through to the disk`)
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapted(database) }) })
}

/** What Kysely asks of a driver, on the engine that comes with Node. */
function adapted(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= MAX_STATEMENTS) statements.clear()
    // Taking the write lock at once: a transaction that reads first could lose it to another process half-way.
    const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql)
    statements.set(sql, statement)
    return statement
  }
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (values) => statement.all(...bound(values)),
        run: (values) => statement.run(...bound(values)),
        // A cursor of its own: a statement that is being stepped through cannot be used again meanwhile.
        iterate: (values) => database.prepare(sql).iterate(...bound(values)),
      }
    },
  }
}

const bound = (values: readonly unknown[]): SQLInputValue[] => values.map(boundOne)

function boundOne(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new TypeError(`a ${typeof value} cannot be stored`)
}
