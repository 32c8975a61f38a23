import type { Logger } from '../../log.ts'
import { type BudgetStore, freeUnheld } from '../../shield/index.ts'
import { type Records, RecordsUnavailable, type Recovered } from '../../storage/index.ts'

interface Parts {
  readonly store: BudgetStore
  readonly records: Records
  readonly recovered: Recovered
  /** Owner id of this start. */
  readonly owner: string
  readonly log: Logger
}

/**
 * Frees money that earlier starts were granted and never held, as far as the records prove it. Money of bids that were
 * under way stays forfeited. Then prepares the records for this start.
 * @returns the owner under which holds are recorded from now on; undefined where a restart cannot find holds in the
 * records, so that everything up to the ledger's high-water mark counts as held
 */
export async function restoreHolds(parts: Parts): Promise<string | undefined> {
  const { store, records, recovered, owner, log } = parts
  const { owners: kept } = recovered
  if (!store.forfeits || !kept) return undefined
  for (const { owner: gone, isProved, scopes } of await freeUnheld(store.forfeits, kept)) {
    const left = scopes.filter((scope) => scope.left > 0)
    if (left.length === 0) continue
    if (isProved)
      log.info({ owner: gone, scopes: left }, 'money that an earlier start did not hold is free again')
    else
      log.warn(
        { owner: gone, scopes: left },
        'the records do not prove what an earlier start held: all of its money stays forfeited',
      )
  }
  try {
    // Written after the ledger: if the process ends in between, the next start finds the holds again.
    await records.append([
      ...kept.owners.map((one) => ({ put: 'no_owner', owner: one.owner }) as const),
      { put: 'owner', owner },
    ])
    return kept.id
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error
    log.warn({ detail: error.message }, 'the holds of this start cannot be recorded')
    return undefined
  }
}
