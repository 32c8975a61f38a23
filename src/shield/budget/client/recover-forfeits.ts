import type { ForfeitDesk, PendingForfeit, UnderWay } from '../protocol/store.ts'

/** A hold as it was written to the records before it was used. Amounts are in micros. */
export interface RecordedHold {
  readonly number: number
  readonly scopes: readonly string[]
  readonly amount: number
  /** `Hold.settledBefore` once the hold was settled; undefined before. */
  readonly settledBefore: number | undefined
}

/** The records of one owner; its holds are those that the store may not have counted yet. */
export interface RecordedOwner {
  readonly owner: string
  /** The highest number of a hold ever written; 0 for none. */
  readonly upTo: number
  /** The highest `settledBefore` of the holds that were deleted because the store had counted them; 0 for none. */
  readonly counted: number
  readonly holds: readonly RecordedHold[]
}

/** The recorded holds of all owners in one records file. */
export interface RecordedHolds {
  /** Id of the file, unique among all files. */
  readonly id: string
  readonly owners: readonly RecordedOwner[]
}

/** The result of {@link freeUnheld} for one owner of an earlier start. */
export interface Reckoned {
  readonly owner: string
  readonly isProved: boolean
  /** Per scope, in micros: `left` was granted and not returned; `underWay` of it stays forfeited (all if not proved). */
  readonly scopes: readonly { readonly scope: string; readonly left: number; readonly underWay: number }[]
}

/**
 * Frees the money that owners of earlier starts were granted but never held. Where the records do not prove what was
 * held, everything stays forfeited: the records are of another directory, were begun anew or restored from a copy, or
 * the ledger is older or newer than they are.
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

/** What one owner held in each scope, in micros; undefined if the records do not prove it. */
export function underWayOf(
  pending: readonly PendingForfeit[],
  { id, owners }: RecordedHolds,
): UnderWay[] | undefined {
  const written = owners.find(({ owner }) => owner === pending[0]?.owner)
  if (!written) return undefined
  const areTheRecords = pending.every(({ records }) => records.id === id && records.upTo <= written.upTo)
  // False when the records say that the store had counted more than it has: then the ledger is an older copy.
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
