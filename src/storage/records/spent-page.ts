import type { DatabaseSync } from 'node:sqlite'
import type { SpentPage } from './records.ts'

/** The most bids of one page. Reading them takes some ten milliseconds, for which writes wait. */
const BIDS_PER_PAGE = 20_000

/** Adds the columns that files of versions lack which did not record where a bid's value came from. */
export function addSpendColumns(database: DatabaseSync): void {
  const columns = database.prepare('PRAGMA table_info(bids)').all()
  if (columns.some(({ name }) => name === 'source')) return
  database.exec('ALTER TABLE bids ADD COLUMN source TEXT')
  database.exec('ALTER TABLE bids ADD COLUMN is_unknown INTEGER NOT NULL DEFAULT 0')
  // All that a page needs, so that no text of a bid is read for it.
  database.exec(`DROP INDEX IF EXISTS spent_bids;
    CREATE INDEX spent_bids ON bids (at_ms, payer, source, is_unknown, spent) WHERE payer IS NOT NULL`)
}

/** What the first bids of a time span spent. A page covers whole milliseconds, at least one. */
export function spentPage(
  database: DatabaseSync,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): SpentPage {
  const next = database
    .prepare(
      `SELECT at_ms FROM bids WHERE payer IS NOT NULL AND at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ${BIDS_PER_PAGE}`,
    )
    .get(fromMs, toMs)
  const cutMs = next && Number(next['at_ms'])
  // A millisecond with more bids than a page has is read whole.
  const nextMs = cutMs === undefined ? undefined : Math.max(cutMs, Math.floor(fromMs) + 1)
  const parts = database
    .prepare(
      `SELECT payer, source, sum(spent) AS amount, count(*) AS bids, sum(is_unknown) AS unknown FROM bids
       WHERE payer IS NOT NULL AND at_ms >= ? AND at_ms < ? GROUP BY payer, source`,
    )
    .all(fromMs, nextMs ?? toMs)
    .map(({ payer, source, amount, bids, unknown }) => ({
      payer: String(payer),
      source: typeof source === 'string' ? source : null,
      amount: Number(amount),
      bids: Number(bids),
      unknown: Number(unknown),
    }))
  return { parts, nextMs, keptFromMs: keptFromMs(database) }
}

/**
 * The time of the oldest bid that was not deleted; undefined if none was deleted. Row numbers begin with 1 and rise,
 * and the oldest rows are deleted first, so bids were deleted if the first row has another number.
 */
function keptFromMs(database: DatabaseSync): number | undefined {
  const first = database.prepare('SELECT number, at_ms FROM bids ORDER BY number LIMIT 1').get()
  if (first) return Number(first['number']) === 1 ? undefined : Number(first['at_ms'])
  const last = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'bids'").get()
  return last && Number(last['seq']) > 0 ? Number.MAX_SAFE_INTEGER : undefined
}
