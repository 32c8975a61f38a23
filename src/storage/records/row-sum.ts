import type { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { parseJson } from '../../json/json.ts'

type Part = string | number | Uint8Array | null

/** A checksum of a row, stored with it: a disk may return wrong data without an error. */
export const sumOf = (...parts: readonly Part[]): number =>
  parts.reduce<number>((sum, part) => crc32(part instanceof Uint8Array ? part : `${part}\0`, sum), 0)

/** Whether a row is undamaged. Rows of earlier versions have no checksum; there the text must be valid JSON. */
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

/** Adds the checksum column to files of earlier versions. */
export function addSums(database: DatabaseSync, tables: readonly string[]): void {
  for (const table of tables) {
    const columns = database.prepare(`PRAGMA table_info(${table})`).all()
    if (!columns.some(({ name }) => name === 'sum'))
      database.exec(`ALTER TABLE ${table} ADD COLUMN sum INTEGER`)
  }
}
