import { sql } from 'kysely'
import type { Store } from '../sync/index.ts'

/**
 * Deletes the oldest rows of organisations that have more than `most` of a table.
 * @param forget deletes the rows of an organisation that were created up to this time, in milliseconds since 1970
 * @returns the rows of the organisation that has the most, counted up to `most`
 */
export async function shortenTable(
  { db }: Pick<Store, 'db'>,
  table: 'conversion_events' | 'conversion_messages',
  most: number,
  forget: (orgId: number, untilMs: number) => Promise<void>,
): Promise<number> {
  const name = sql.table(table)
  // An organisation has at most as many rows as its row numbers span. Only if that is too many are they counted.
  const { rows: spans } = await sql<{ rows: number | string | null }>`
    SELECT max(seq) - min(seq) + 1 AS rows FROM ${name}`.execute(db)
  const span = Number(spans[0]?.rows ?? 0)
  if (span <= most) return span
  const { rows: counts } = await sql<{ org_id: number; rows: number | string }>`
    SELECT org_id, count(*) AS rows FROM ${name} GROUP BY org_id`.execute(db)
  for (const { org_id, rows } of counts) {
    if (Number(rows) <= most) continue
    const { rows: tooMany } = await sql<{ created_ms: number | string }>`SELECT created_ms FROM ${name}
      WHERE org_id = ${org_id} ORDER BY seq DESC LIMIT 1 OFFSET ${most}`.execute(db)
    for (const { created_ms } of tooMany) await forget(org_id, Number(created_ms))
  }
  return Math.min(most, Math.max(0, ...counts.map(({ rows }) => Number(rows))))
}
