import { type Clock, systemBoot } from '../../clock.ts'
import { MemoryStore } from './memory-store.ts'
import { RedisStore } from './redis-store.ts'
import { SqliteStore } from './sqlite-store.ts'
import type { BudgetStore } from './store.ts'

/** Where budgets are kept. */
export type StoreSettings =
  | { readonly is: 'memory' }
  | { readonly is: 'sqlite'; readonly directory: string }
  | { readonly is: 'redis'; readonly url: string; readonly minReplicas: number }

/** Opens the store of this process; rejects with a clear message when it cannot be reached. */
export async function openStore(settings: StoreSettings, clock: Clock): Promise<BudgetStore> {
  switch (settings.is) {
    case 'memory':
      return new MemoryStore(clock)
    case 'sqlite':
      return SqliteStore.open({ directory: settings.directory, clock, boot: systemBoot })
    case 'redis':
      return RedisStore.open({ clock, url: settings.url, minReplicas: settings.minReplicas })
  }
}
