import type { Clock } from '../clock.ts'
import { DiskRecords } from './disk-records.ts'
import { memoryRecords, type Records } from './records.ts'

/** Where records are kept. */
export type RecordsSettings =
  | { readonly is: 'memory' }
  | {
      readonly is: 'disk'
      readonly directory: string
      /** Older records are deleted. */
      readonly maxAgeMs: number
      /** Beyond these the oldest are deleted, bids first. */
      readonly maxBytes: number
    }

interface Options {
  readonly clock: Clock
  /** So many of the latest bids are named at a start. */
  readonly latest: number
  /** Told how long each commit took, in milliseconds. */
  readonly onWritten: (tookMs: number) => void
}

/** Opens the records of this process; rejects with a clear message when they cannot be used. */
export async function openRecords(settings: RecordsSettings, options: Options): Promise<Records> {
  if (settings.is === 'memory') return memoryRecords
  const { directory, maxAgeMs, maxBytes } = settings
  const { latest, clock, onWritten } = options
  return DiskRecords.open({ directory, keep: { maxAgeMs, maxBytes, latest }, clock, onWritten })
}
