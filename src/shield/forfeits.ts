import type { ForfeitDesk, PendingForfeit, UnderWay } from './store/store.ts'

/** A hold as it was written down before anything was done with it. Amounts are in micros. */
export interface RecordedHold {
  readonly number: number
  readonly scopes: readonly string[]
  readonly amount: number
  /** `settledBefore` of the hold once it became spend; undefined while that was not known. */
  readonly settledBefore: number | undefined
}

/** What is written of one owner: of its holds, those that may not have been told to the store yet. */
export interface RecordedOwner {
  readonly owner: string
  /** The highest number of a hold that was ever written; 0 for none. */
  readonly upTo: number
  /** The highest `settledBefore` of a hold that is not kept any more, since the store had counted it; 0 for none. */
  readonly counted: number
  readonly holds: readonly RecordedHold[]
}

/** Everything that a file of records has of its owners. */
export interface RecordedHolds {
  /** Names the file, and never another one. */
  readonly id: string
  readonly owners: readonly RecordedOwner[]
}

/** An owner of an earlier start, and whether its records proved what it had under way. */
export interface Reckoned {
  readonly owner: string
  readonly isProved: boolean
  /** By scope, in micros: what it had left, and what of it was under way; all of it where nothing is proved. */
  readonly scopes: readonly { readonly scope: string; readonly left: number; readonly underWay: number }[]
}

/**
 * Frees what owners of earlier starts were granted and never held. Where the records cannot prove what was under way, all
 * of it stays forfeited: in records of another directory, begun anew, restored from a copy, or older than the ledger; and
 * beside a ledger that is older than they are.
 */
export async function freeUnheld(desk: ForfeitDesk, recorded: RecordedHolds): Promise<Reckoned[]> {
  const reckoned: Reckoned[] = []
  for (const [owner, pending] of Map.groupBy(desk.pending(), (one) => one.owner)) {
    const underWay = underWayOf(pending, recorded)
    const scopes = pending.map(({ scope, amount: left }, i) => ({
      scope,
      left,
      underWay: underWay?.[i]?.amount ?? left,
    }))
    reckoned.push({ owner, isProved: underWay !== undefined, scopes })
    if (underWay) await desk.free(owner, underWay)
  }
  return reckoned
}

/** What one owner had under way in each scope; undefined where the records do not prove it. */
export function underWayOf(
  pending: readonly PendingForfeit[],
  { id, owners }: RecordedHolds,
): UnderWay[] | undefined {
  const written = owners.find(({ owner }) => owner === pending[0]?.owner)
  if (!written) return undefined
  const areTheRecords = pending.every(({ records }) => records.id === id && records.upTo <= written.upTo)
  // What the store had counted once, it has forgotten since: it is an older copy.
  const isTheLedger = Math.max(...pending.map(({ records }) => records.before)) > written.counted
  if (!areTheRecords || !isTheLedger) return undefined
  return pending.map(({ scope, records }) => ({
    scope,
    amount: written.holds
      .filter(({ scopes }) => scopes.includes(scope))
      .filter(({ settledBefore }) => settledBefore === undefined || settledBefore >= records.before)
      .reduce((sum, { amount }) => sum + amount, 0),
  }))
}
