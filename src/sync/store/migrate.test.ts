import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it, onTestFinished } from 'vitest'
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
