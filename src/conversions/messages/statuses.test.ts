import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../../test/support/postgres.ts'
import { openStore, type Store } from '../../sync/index.ts'
import { statusStatement } from './statuses.ts'

const row = {
  org_id: 1,
  account: '1',
  callback_id: 'c1',
  platform_id: 'p1',
  state: 'read',
  state_rank: 7,
  status_ms: null,
  code: null,
  detail: null,
  sent_before_ms: null,
}
const BY = ['idx_conversion_messages_callback', 'idx_conversion_messages_platform']

async function planOf(store: Store): Promise<string> {
  const explain = sql.raw(store.engine === 'postgres' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN')
  const { rows } = await sql<object>`${explain} ${statusStatement(store.engine, [row, row])}`.execute(
    store.db,
  )
  return rows.map((line) => Object.values(line).join(' ')).join('\n')
}

it('looks messages up by an index for each status, with SQLite', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const store = await openStore({ is: 'sqlite', dataDir })
  const plan = await planOf(store).finally(() => store.close())
  for (const index of BY) expect(plan).toContain(index)
  expect(plan).not.toMatch(/SCAN (m|conversion_messages)\b/)
  expect(plan).not.toContain('idx_conversion_messages_org')
})

it('looks messages up by an index for each status, with PostgreSQL', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const store = await openStore({ is: 'postgres', url: await postgres.createDatabase() })
  try {
    // With a few rows, reading them all is quicker.
    await sql`INSERT INTO conversion_messages (org_id, message_id, body_digest, template, language, callback_id, state,
        expires_ms, account, platform_id, created_ms)
      SELECT 1, n, n, 't', 'en', 'c' || n, 'accepted', 0, '1', 'p' || n, 0 FROM generate_series(1, 50000) n`.execute(
      store.db,
    )
    await sql`ANALYZE conversion_messages`.execute(store.db)
    const plan = await planOf(store)
    for (const index of BY) expect(plan).toContain(index)
    expect(plan).not.toContain('Seq Scan on conversion_messages')
    await statusStatement(store.engine, [row]).execute(store.db)
    const { rows } = await sql`SELECT callback_id FROM conversion_messages WHERE state = 'read'`.execute(
      store.db,
    )
    expect(rows).toEqual([{ callback_id: 'c1' }])
  } finally {
    await store.close()
  }
})
