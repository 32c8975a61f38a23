import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/sync/store/index.ts'

const DATABASE = 'bidwarden.db'
let migrated: Promise<Buffer> | undefined

/** Puts a database into a folder that the read stack has made and closed: to make its tables anew takes longer than most tests. */
export async function copyMigratedFile(folder: string): Promise<void> {
  migrated ??= migratedDatabase()
  writeFileSync(join(folder, DATABASE), await migrated, { mode: 0o600 })
}

async function migratedDatabase(): Promise<Buffer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  try {
    await (await openStore({ is: 'sqlite', dataDir })).close()
    return readFileSync(join(dataDir, DATABASE))
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}
