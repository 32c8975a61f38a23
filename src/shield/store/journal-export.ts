import { entryOf } from './journal-entry.ts'
import type { Row } from './sqlite-file.ts'

/** Where the rows of a journal come from. */
export interface JournalReader {
  /** Numbers of the first entry that is kept, and of the last. */
  range(): Promise<{ readonly first: number; readonly last: number }>
  /** Rows numbered `after + 1` to `upTo`. */
  slice(after: number, upTo: number): Promise<readonly Row[]>
}

export interface ExportFilter {
  readonly scope?: string | undefined
  /** By the wall clock, in milliseconds since the epoch; from `fromMs` on and before `toMs`. */
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

const ROWS_AT_ONCE = 500

/**
 * The journal as lines of JSON, a portion at a time: each an entry and its `hash`. The hash of a line is that of the line before
 * it, a newline, and the line without its hash; so an export without a filter can be checked by anyone.
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

const lineOf = ({ text, hash }: Row): string => `${text.slice(0, -1)},"hash":"${hash}"}\n`

function isWanted(row: Row, { scope, fromMs, toMs }: ExportFilter): boolean {
  if (fromMs !== undefined && row.atMs < fromMs) return false
  if (toMs !== undefined && row.atMs >= toMs) return false
  if (scope === undefined || row.scope === scope) return true
  // What concerns every scope is of interest where it forfeited money of this one.
  return row.scope === null && (entryOf(row.text).effect.forfeits ?? []).some((one) => one.scope === scope)
}
