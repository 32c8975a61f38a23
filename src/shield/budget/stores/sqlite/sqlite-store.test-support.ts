import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'

/** A directory of its own, gone when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** What `kill -9` would leave behind now: the files as other processes see them. */
export function copyOf(directory: string): string {
  const copy = temporaryDirectory()
  // The database first: what is copied into it from the log meanwhile is in the log still.
  for (const name of ['ledger.use', 'ledger.db', 'ledger.db-wal']) {
    cpSync(join(directory, name), join(copy, name), { force: true })
  }
  return copy
}

/** A machine whose uptime goes with a clock. */
export const bootOf = (clock: FakeClock, id = 'boot 1', upMs = 0) => ({
  id,
  uptimeMs: () => upMs + clock.elapsedMs(),
})

export interface OpenedStore {
  readonly store: SqliteStore
  readonly clock: FakeClock
}

/** Opens a store that is closed when the test ends, unless it was closed before. */
export async function openStore(options: Partial<SqliteStoreOptions> & { clock?: FakeClock } = {}) {
  const clock = options.clock ?? new FakeClock()
  const boot = options.boot ?? bootOf(clock)
  const directory = options.directory ?? temporaryDirectory()
  const store = await SqliteStore.open({ ...options, clock, boot, directory })
  onTestFinished(() => store.close())
  return { store, clock, directory }
}
