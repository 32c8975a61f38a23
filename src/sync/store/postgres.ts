import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Tables } from './tables.ts'

/** Types whose text the driver would turn into something SQLite does not have. */
const READ_AS: Readonly<Record<number, (text: string) => string | number>> = {
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.NUMERIC]: Number,
  [pg.types.builtins.JSONB]: String,
  [pg.types.builtins.TIMESTAMPTZ]: (text) => new Date(text).toISOString(),
}

/** A shared database; `onError` hears of connections that break while they are idle. */
export function openPostgres(url: string, onError: (error: Error) => void): Kysely<Tables> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    application_name: 'bidwarden',
    connectionTimeoutMillis: 10_000,
    // Times are compared as text nowhere, but are read as text: always in UTC.
    options: '-c TimeZone=UTC',
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        READ_AS[oid] ?? pg.types.getTypeParser(oid, format),
    },
  })
  pool.on('error', onError)
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
