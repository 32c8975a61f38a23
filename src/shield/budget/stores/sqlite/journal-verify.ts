import { isDeepStrictEqual } from 'node:util'
import { messageOf } from '../../../../errors.ts'
import { checkLog, lastUse } from '../../../../storage/index.ts'
import { JournalLedger } from './journal-ledger.ts'
import { type Replayed, replay, unwritten } from './journal-replay.ts'
import { LedgerFile, ledgerPath } from './sqlite-file.ts'

/** The result of {@link verifyLedger}. */
export type LedgerCheck =
  | {
      readonly is: 'right'
      /** The numbers of the first and last entry that were recomputed; older ones were deleted for their age. */
      readonly first: number
      readonly last: number
      /** Hash over all entries up to the last. Keep it elsewhere, so that a later change of those entries shows. */
      readonly hash: string
      readonly scopes: readonly {
        readonly scope: string
        readonly spent: number
        readonly overdraft: number
      }[]
    }
  /** The first fault found. */
  | { readonly is: 'wrong'; readonly detail: string }

/**
 * Recomputes the hash chain and all balances of the ledger in a directory and compares them with what is written. Changes
 * nothing, and can run beside the service.
 */
export function verifyLedger(directory: string): LedgerCheck {
  let file: LedgerFile | undefined
  try {
    const use = lastUse(directory, 'ledger')
    const hasLog = checkedLog(directory)
    if (use?.is === 'open' && !hasLog)
      return wrong('the write-ahead log of a use that was not ended is missing')
    file = LedgerFile.openToRead(directory)
    const { last } = file.range
    if (use && last < use.entries) return wrong(`it ends at entry ${last}, but had ${use.entries}`)
    return verifyFile(file)
  } catch (error) {
    return wrong(messageOf(error))
  } finally {
    file?.close()
  }
}

function verifyFile(file: LedgerFile): LedgerCheck {
  const { first } = file.range
  const snapshots = file.snapshotNumbers()
  const at = startOf(file, first, snapshots)
  if (!at) return wrong(`the ledger begins with entry ${first}, and no snapshot is there to begin from`)
  const begin = at.number + 1
  for (const row of file.rows(at.number)) {
    const found = replay(at, row)
    if (found !== undefined) return wrong(`entry ${row.number}: ${found}`)
    if (!snapshots.includes(at.number)) continue
    const snapshot = file.snapshot(at.number)
    const isSame = snapshot.hash === at.hash && isDeepStrictEqual(snapshot.state, at.journal.state())
    if (!isSame) return wrong(`the snapshot after entry ${at.number} is not what the entries come to`)
  }
  const scopes = [...at.journal.ledger.accounts.values()].map(({ name, spent, overdraft }) => ({
    scope: name,
    spent,
    overdraft,
  }))
  return { is: 'right', first: begin, last: at.number, hash: at.hash, scopes }
}

/** The state to start from: empty, or the oldest snapshot that the kept entries follow. */
function startOf(file: LedgerFile, first: number, snapshots: readonly number[]): Replayed | undefined {
  if (first <= 1) return unwritten()
  const number = snapshots.find((one) => one >= first - 1)
  if (number === undefined) return undefined
  const { hash, state } = file.snapshot(number)
  return state && { journal: new JournalLedger(state), number, hash }
}

/** Checks the write-ahead log. A running service may restart its log meanwhile, so a fault is checked again. */
function checkedLog(directory: string): boolean {
  const path = `${ledgerPath(directory)}-wal`
  for (let again = 2; again > 0; again--) {
    try {
      return checkLog(path)
    } catch {}
  }
  return checkLog(path)
}

const wrong = (detail: string): LedgerCheck => ({ is: 'wrong', detail })
