import { type Clock, sleep, systemBoot } from '../../../time/clock.ts'
import { type BudgetStore, StoreUnavailable } from '../protocol/store.ts'
import { MemoryStore } from './memory-store.ts'
import { RedisStore } from './redis/redis-store.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'

/** Where budgets are kept. */
export type StoreSettings =
  | { readonly is: 'memory' }
  | {
      readonly is: 'sqlite'
      readonly directory: string
      /** Size of the ledger above which its oldest entries are deleted, as far as a snapshot has them. */
      readonly maxBytes: number
    }
  | { readonly is: 'redis'; readonly url: string; readonly minReplicas: number }

/** The lease when worker processes of this machine share the store of their primary. */
const LEASE_MS = 10_000

export interface OpenOptions {
  readonly clock: Clock
  /** Whether other processes of this machine will use the store too. */
  readonly isShared?: boolean
  /** Called once, with the reason, when the store cannot be reached at first and is tried again. */
  readonly onAway?: (detail: string) => void
}

/** Redis may still be starting: how long connecting is tried, and the time between attempts. */
const PATIENCE_MS = 10_000
const AGAIN_MS = 250

/** Opens the budget store. Rejects when it cannot be reached or used, with a message for operators. */
export async function openStore(settings: StoreSettings, options: OpenOptions): Promise<BudgetStore> {
  const { clock, isShared = false } = options
  const leaseMs = isShared ? LEASE_MS : Number.POSITIVE_INFINITY
  switch (settings.is) {
    case 'memory':
      return new MemoryStore(clock, leaseMs)
    case 'sqlite':
      return SqliteStore.open({
        ...{ directory: settings.directory, keep: { maxBytes: settings.maxBytes } },
        ...{ clock, boot: systemBoot, leaseMs },
      })
    case 'redis': {
      const { url, minReplicas } = settings
      return patiently(() => RedisStore.open({ clock, url, minReplicas }), options)
    }
  }
}

/**
 * Does `work` again while the store cannot be reached. Rejects with the last {@link StoreUnavailable} when it has failed
 * for too long.
 *
 * @param onAway called once, with the reason of the first failure
 */
export async function patiently<T>(
  work: () => Promise<T>,
  { clock, onAway }: Pick<OpenOptions, 'clock' | 'onAway'>,
): Promise<T> {
  const beganMs = clock.elapsedMs()
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      const isOver = clock.elapsedMs() - beganMs >= PATIENCE_MS
      if (!(error instanceof StoreUnavailable) || isOver) throw error
      if (tries === 1) onAway?.(error.message)
      await sleep(clock, AGAIN_MS)
    }
  }
}
