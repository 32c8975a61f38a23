import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from './index.ts'

it('waits for the disk, but for what may be lost with the power, also after that has failed', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  const store = await openStore({ is: 'sqlite', dataDir })
  onTestFinished(async () => {
    await store.close()
    rmSync(dataDir, { recursive: true })
  })
  const synchronous = async (db = store.db) => {
    const { rows } = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(db)
    return rows[0]?.synchronous
  }
  const [full, normal] = [2, 1]
  // What comes meanwhile waits for its turn, and is written through.
  const [inside, beside] = await Promise.all([store.loosely(synchronous), synchronous()])
  expect([inside, beside]).toEqual([normal, full])
  const failing = store.loosely(async () => {
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await synchronous()).toBe(full)
})
