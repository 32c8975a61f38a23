import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Tables } from '../metrics/tables.ts'
import { MAX_CHANGES, type Records } from '../storage/index.ts'
import type { RunningSync } from '../sync/index.ts'
import { type Clock, every } from '../time/clock.ts'

interface Watched {
  readonly clock: Clock
  readonly records: Records
  readonly reads: RunningSync | undefined
}

/** How often the sizes are read, in milliseconds. */
const LOOK_MS = 60_000

/**
 * Registers the sizes of files, and the lengths of tables that are only in files, for the metrics. Returns a function
 * that ends the watch.
 */
export function watchFiles(tables: Tables, config: Config, { clock, records, reads }: Watched): () => void {
  const { store, records: kept, sync } = config
  const sizes = new Map<string, number>()
  const paths = new Map<string, string>()
  if (store.is === 'sqlite') {
    paths.set('ledger', join(store.directory, 'ledger.db'))
    tables.watchFile('ledger', () => sizes.get('ledger'), store.maxBytes)
  }
  if (kept.is === 'disk') {
    paths.set('records', join(kept.directory, 'records.db'))
    tables.watchFile('records', () => sizes.get('records'), kept.maxBytes)
  }
  let changes = 0
  tables.watchOther('changes', kept.is === 'disk' ? kept.changes.maxRows : MAX_CHANGES, () => changes)
  if (reads && sync) {
    tables.watchFile('database', () => reads.databaseBytes)
    tables.watchFile('reports', () => reads.fileBytes?.all)
    tables.watchOther('report_file_bytes', sync.keep.fileBytes, () => reads.fileBytes?.ofOne ?? 0)
  }
  const look = async () => {
    for (const [file, path] of paths) sizes.set(file, await bytesOf(path))
    // While the records cannot be read, the last count is kept.
    changes = await records.changeCount().catch(() => changes)
  }
  void look()
  return every(clock, LOOK_MS, look)
}

/** Size of a database together with its write-ahead log, in bytes. */
async function bytesOf(path: string): Promise<number> {
  const sizes = await Promise.all([path, `${path}-wal`].map((one) => stat(one).catch(() => ({ size: 0 }))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}
