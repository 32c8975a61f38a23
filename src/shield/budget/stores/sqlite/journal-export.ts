import type { JournalReader, JournalRow } from '../../protocol/journal.ts'
import { entryOf } from './journal-entry.ts'

export interface ExportFilter {
  readonly scope?: string | undefined
  /** By the wall clock, in milliseconds since the epoch; from `fromMs` on and before `toMs`. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

const ROWS_AT_ONCE = 500

/**
 * Exports the journal as lines of JSON, in portions. Each line is an entry and its `hash`: the hash of (the hash of the
 * line before, a newline, and the line without its hash). So anyone can check an export that has no filter.
 */
export async function* exportJournal(
  reader: JournalReader,
  filter: ExportFilter = {},
): AsyncGenerator<string> {
  const { first, last } = await reader.range()
  for (let after = first - 1; after < last; after += ROWS_AT_ONCE) {
    const rows = await reader.slice(after, Math.min(last, after + ROWS_AT_ONCE))
    const lines = rows.filter((row) => isWanted(row, filter)).map(lineOf)
    if (lines.length > 0) yield lines.join('')
  }
}

const lineOf = ({ text, hash }: JournalRow): string => `${text.slice(0, -1)},"hash":"${hash}"}\n`

function isWanted(row: JournalRow, { scope, fromMs, toMs }: ExportFilter): boolean {
  if (fromMs !== undefined && row.atMs < fromMs) return false
  if (toMs !== undefined && row.atMs >= toMs) return false
  if (scope === undefined || row.scope === scope) return true
  // An entry about all scopes belongs to the export of a scope if it forfeited money of that scope.
  return row.scope === null && (entryOf(row.text).effect.forfeits ?? []).some((one) => one.scope === scope)
}
