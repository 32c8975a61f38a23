import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { startPostgres } from '../../../test/support/postgres.ts'
import { openStore } from './open-store.ts'

it('leaves nothing behind when the tables cannot all be made, so that the next start can', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const inTheWay = (statement: string) => {
    const database = new DatabaseSync(join(dataDir, 'bidwarden.db'))
    database.exec(statement)
    database.close()
  }
  // Where the first tables exist already when the next one fails, as they would after a kill.
  inTheWay('CREATE TABLE fetch_jobs (stray TEXT)')
  await expect(openStore({ is: 'sqlite', dataDir })).rejects.toThrow('fetch_jobs')

  inTheWay('DROP TABLE fetch_jobs')
  const store = await openStore({ is: 'sqlite', dataDir })
  expect(await store.db.selectFrom('connectors').selectAll().execute()).toEqual([])
  await store.close()
})

it('is left by its connections when it is closed before anything is asked of it', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  // Opens one and closes it, and copies it, which the server does only where nobody is connected to it. Meanwhile no timer
  // of this thread can end a connection that was left.
  expect(await postgres.migratedDatabase()).toMatch(/^postgres:/)
})

it('has requests with the types and defaults of PostgreSQL there, also with rows of before', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  const url = await postgres.createDatabase()
  const store = await openStore({ is: 'postgres', url })
  const columns = await sql<{ column_name: string; udt_name: string; column_default: string | null }>`
    SELECT column_name, udt_name, column_default FROM information_schema.columns WHERE table_name = 'connector_requests'`
    .execute(store.db)
    .finally(() => store.close())
  const byName = Object.fromEntries(
    columns.rows.map(({ column_name, udt_name, column_default }) => [
      column_name,
      [udt_name, column_default],
    ]),
  )
  expect(byName).toMatchObject({
    id: ['uuid', 'gen_random_uuid()'],
    params: ['jsonb', null],
    status: ['varchar', "'queued'::character varying"],
    priority: ['int4', '50'],
    queue_position: ['int4', null],
    batched_with: ['_uuid', "'{}'::uuid[]"],
    result: ['jsonb', null],
    cost: ['numeric', null],
    created_at: ['timestamptz', 'now()'],
  })
})
