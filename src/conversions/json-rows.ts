import { type RawBuilder, sql } from 'kysely'
import type { Store } from '../sync/index.ts'

/** The most rows of one statement: encoding more as JSON would block the event loop. */
export const ROWS_AT_ONCE = 250
/** The most characters that are stored of an error code, and of an explanation. */
export const MAX_CODE = 100
export const MAX_DETAIL = 300

type ColumnKind = 'text' | 'bigint' | 'double precision'
export type JsonColumns = Readonly<Record<string, ColumnKind>>

/**
 * Rows as an SQL table, passed as one parameter. A thousand rows are then inserted by one statement with a constant
 * text, which the database has already prepared.
 */
export function jsonRows(
  engine: Store['engine'],
  columns: JsonColumns,
  rows: readonly object[],
): RawBuilder<unknown> {
  const json = JSON.stringify(rows)
  const names = Object.keys(columns)
  if (engine === 'postgres') {
    const typed = names.map((name) => sql`${sql.ref(name)} ${sql.raw(columns[name] ?? 'text')}`)
    return sql`json_to_recordset(CAST(${json} AS json)) AS given(${sql.join(typed)})`
  }
  const picked = names.map((name) => sql`json_extract(value, ${sql.lit(`$.${name}`)}) AS ${sql.ref(name)}`)
  return sql`(SELECT ${sql.join(picked)} FROM json_each(${json})) AS given`
}

/**
 * Text that both databases and JSON can store: without NUL characters and unpaired surrogates, cut to `most`
 * characters.
 */
export const storable = (text: string, most: number): string =>
  text.replaceAll('\0', '').toWellFormed().slice(0, most).toWellFormed()
