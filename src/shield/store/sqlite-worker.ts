import { serveThread } from '../../disk/index.ts'
import { type OpenLedger, SqliteLedger } from './sqlite-ledger.ts'
import type { LedgerTraffic } from './sqlite-thread.ts'

serveThread<LedgerTraffic, OpenLedger>((how) => {
  const { ledger, opened } = SqliteLedger.open(how)
  return { file: ledger, opened }
})
