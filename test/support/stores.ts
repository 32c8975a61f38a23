import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { openStore, type Store } from '../../src/sync/store/index.ts'
import { copyMigratedFile } from './migrated-file.ts'
import { type PrivatePostgres, startPostgres } from './postgres.ts'

/** Opens an empty store, and again what it opened last (a second process, or a restart). */
export interface Stores {
  open(): Promise<Store>
  reopen(): Promise<Store>
}

/** Runs the same suite on both engines, each test on a store of its own. */
export function onBothEngines(suite: (stores: Stores) => void): void {
  describe('on SQLite', () => {
    const folders: string[] = []
    const reopen = () => openStore({ is: 'sqlite', dataDir: folders.at(-1) ?? '' })
    afterAll(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })
    suite({
      open: async () => {
        const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
        folders.push(folder)
        await copyMigratedFile(folder)
        return reopen()
      },
      reopen,
    })
  })

  describe('on PostgreSQL', () => {
    let server: PrivatePostgres
    let url = ''
    const reopen = () => openStore({ is: 'postgres', url })
    beforeAll(async () => {
      server = await startPostgres()
    })
    afterAll(() => server.stop())
    suite({
      open: async () => {
        url = await server.migratedDatabase()
        return reopen()
      },
      reopen,
    })
  })
}
