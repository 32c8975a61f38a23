import { isDeepStrictEqual } from 'node:util'
import { checkLog, lastUse } from '../../disk/index.ts'
import { messageOf } from '../../errors.ts'
import { JournalLedger } from './journal-ledger.ts'
import { type Replayed, replay, unwritten } from './journal-replay.ts'
import { LedgerFile, ledgerPath } from './sqlite-file.ts'

/** What a ledger's entries come to. */
export type Verdict =
  | {
      readonly is: 'right'
      /** Numbers of the entries that were recomputed; what is before them was deleted for its age. */
      readonly first: number
      readonly last: number
      /** Stands for every entry up to the last: note it elsewhere, and nothing can be changed unseen. */
      readonly hash: string
      readonly scopes: readonly {
        readonly scope: string
        readonly spent: number
        readonly overdraft: number
      }[]
    }
  /** The first thing that is wrong. */
  | { readonly is: 'wrong'; readonly detail: string }

/**
 * Recomputes the hash chain and every balance from the entries of a directory's ledger, and compares them with what is
 * written. Reads beside a running service; changes nothing.
 */
export function verifyLedger(directory: string): Verdict {
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

function verifyFile(file: LedgerFile): Verdict {
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

/** The beginning, or the oldest snapshot that the entries go on from. */
function startOf(file: LedgerFile, first: number, snapshots: readonly number[]): Replayed | undefined {
  if (first <= 1) return unwritten()
  const number = snapshots.find((one) => one >= first - 1)
  if (number === undefined) return undefined
  const { hash, state } = file.snapshot(number)
  return state && { journal: new JournalLedger(state), number, hash }
}

/** A running service may begin its log anew while it is read, so what seems wrong is looked at again. */
function checkedLog(directory: string): boolean {
  const path = `${ledgerPath(directory)}-wal`
  for (let again = 2; again > 0; again--) {
    try {
      return checkLog(path)
    } catch {}
  }
  return checkLog(path)
}

const wrong = (detail: string): Verdict => ({ is: 'wrong', detail })
