import { DiskThread, type WriteFailure } from '../../../../storage/index.ts'
import type { JournalEntry } from './journal-entry.ts'
import type { LedgerAnswer, LedgerQuestion, OpenedLedger, OpenLedger } from './sqlite-ledger.ts'

export interface LedgerTraffic {
  /** Undefined if the ledger was resumed after a disk error. */
  readonly opened: OpenedLedger | undefined
  readonly batch: readonly JournalEntry[]
  readonly question: LedgerQuestion
  readonly answer: LedgerAnswer
}

export type LedgerThread = DiskThread<LedgerTraffic>

/**
 * Starts the thread that writes the ledger.
 *
 * @param onFailure called on a failure outside a write
 */
export const ledgerThread = (how: OpenLedger, onFailure: (failure: WriteFailure) => void): LedgerThread =>
  new DiskThread('ledger', new URL('./sqlite-worker.ts', import.meta.url), how, onFailure)
