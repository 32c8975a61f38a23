import { type Clock, sleep, systemBoot } from '../../clock.ts'
import { MemoryStore } from './memory-store.ts'
import { RedisStore } from './redis-store.ts'
import { SqliteStore } from './sqlite-store.ts'
import { type BudgetStore, StoreUnavailable } from './store.ts'

/** Where budgets are kept. */
export type StoreSettings =
  | { readonly is: 'memory' }
  | { readonly is: 'sqlite'; readonly directory: string }
  | { readonly is: 'redis'; readonly url: string; readonly minReplicas: number }

/** How long grants last without a word, where processes of this machine share the store of one of them. */
const LEASE_MS = 10_000

export interface OpenOptions {
  readonly clock: Clock
  /** Other processes of this machine will use it as well. */
  readonly isShared?: boolean
  /** Told once when it cannot be reached and is asked again. */
  readonly onAway?: (detail: string) => void
}

/** Redis may be starting as well: it is asked again for so long, so often. */
const PATIENCE_MS = 10_000
const AGAIN_MS = 250

/** Opens the store; rejects with a clear message when it cannot be reached. */
export async function openStore(settings: StoreSettings, options: OpenOptions): Promise<BudgetStore> {
  const { clock, isShared = false } = options
  const leaseMs = isShared ? LEASE_MS : Number.POSITIVE_INFINITY
  switch (settings.is) {
    case 'memory':
      return new MemoryStore(clock, leaseMs)
    case 'sqlite':
      return SqliteStore.open({ directory: settings.directory, clock, boot: systemBoot, leaseMs })
    case 'redis': {
      const { url, minReplicas } = settings
      return openPatiently(() => RedisStore.open({ clock, url, minReplicas }), options)
    }
  }
}

async function openPatiently(
  open: () => Promise<BudgetStore>,
  { clock, onAway }: OpenOptions,
): Promise<BudgetStore> {
  const beganMs = clock.elapsedMs()
  for (let tries = 1; ; tries++) {
    try {
      return await open()
    } catch (error) {
      const isOver = clock.elapsedMs() - beganMs >= PATIENCE_MS
      if (!(error instanceof StoreUnavailable) || isOver) throw error
      if (tries === 1) onAway?.(error.message)
      await sleep(clock, AGAIN_MS)
    }
  }
}
