import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { parseJson } from '../json.ts'

type Part = string | number | Uint8Array | null

/** A check of what a row says, kept beside it: a disk may give back something else without saying so. */
export const sumOf = (...parts: readonly Part[]): number =>
  parts.reduce<number>((sum, part) => crc32(part instanceof Uint8Array ? part : `${part}\0`, sum), 0)

/** Whether a row is what was written. Rows of earlier versions have no sum; what is no JSON is damaged there. */
export function isSound(
  row: { readonly sum?: unknown; readonly text?: unknown },
  ...parts: readonly Part[]
): boolean {
  if (row.sum !== null) return row.sum === sumOf(...parts)
  try {
    if (row.text !== undefined) parseJson(String(row.text))
    return true
  } catch {
    return false
  }
}

/** Adds the column to files that were made without it. */
export function addSums(database: DatabaseSync, tables: readonly string[]): void {
  for (const table of tables) {
    const columns = database.prepare(`PRAGMA table_info(${table})`).all()
    if (!columns.some(({ name }) => name === 'sum'))
      database.exec(`ALTER TABLE ${table} ADD COLUMN sum INTEGER`)
  }
}
