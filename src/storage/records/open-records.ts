import type { Clock } from '../../time/clock.ts'
import type { KeepChanges } from './changes-table.ts'
import { DiskRecords } from './disk-records.ts'
import { createMemoryRecords } from './memory-records.ts'
import type { Records } from './records.ts'

/** Where records are kept. */
export type RecordsSettings =
  | { readonly is: 'memory' }
  | {
      readonly is: 'disk'
      readonly directory: string
      /** Records older than this are deleted. */
      readonly maxAgeMs: number
      /** The size of the file in bytes above which the oldest records are deleted, bids first. */
      readonly maxBytes: number
      readonly changes: KeepChanges
    }

interface Options {
  readonly clock: Clock
  /** The number of the latest bids that {@link Records.recover} returns. */
  readonly latest: number
  /** Called after each commit with its duration in milliseconds. */
  readonly onWritten: (tookMs: number) => void
}

/** Opens the records of this process. Rejects when they cannot be used, with a message for operators. */
export async function openRecords(settings: RecordsSettings, options: Options): Promise<Records> {
  if (settings.is === 'memory') return createMemoryRecords()
  const { directory, maxAgeMs, maxBytes, changes } = settings
  const { latest, clock, onWritten } = options
  return DiskRecords.open({ directory, keep: { maxAgeMs, maxBytes, latest, changes }, clock, onWritten })
}
