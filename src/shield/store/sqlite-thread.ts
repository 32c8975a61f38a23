import { DiskThread, type WriteFailure } from '../../disk/index.ts'
import type { JournalEntry } from './journal-entry.ts'
import type { Row } from './sqlite-file.ts'
import type { OpenedLedger, OpenLedger } from './sqlite-ledger.ts'

/** What is asked of the thread that writes the ledger. */
export type LedgerQuestion =
  | { readonly ask: 'slice'; readonly after: number; readonly upTo: number }
  | { readonly ask: 'range' }

export type LedgerAnswer =
  | { readonly is: 'slice'; readonly rows: readonly Row[] }
  | { readonly is: 'range'; readonly first: number; readonly last: number }

export interface LedgerTraffic {
  readonly opened: OpenedLedger
  readonly batch: readonly JournalEntry[]
  readonly question: LedgerQuestion
  readonly answer: LedgerAnswer
}

export type LedgerThread = DiskThread<LedgerTraffic>

/** @param onFailure told of a failure that no write was waiting for */
export const ledgerThread = (how: OpenLedger, onFailure: (failure: WriteFailure) => void): LedgerThread =>
  new DiskThread('ledger', new URL('./sqlite-worker.ts', import.meta.url), how, onFailure)
