import type { OpenFile } from '../../../../storage/index.ts'
import { type OpenLedger, SqliteLedger } from './sqlite-ledger.ts'
import type { LedgerTraffic } from './sqlite-thread.ts'

export const open: OpenFile<LedgerTraffic, OpenLedger> = (how) => {
  if (how.resume) return { file: SqliteLedger.resume(how, how.resume), opened: undefined }
  const { ledger, opened } = SqliteLedger.open(how)
  return { file: ledger, opened }
}
