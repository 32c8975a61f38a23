import { benchExchangeStores } from './exchange.ts'
import { benchHoldSettle } from './hold-settle.ts'
import { benchManyScopes } from './many-scopes.ts'
import { benchNearExhaustion } from './near-exhaustion.ts'
import { benchRecovery } from './recovery.ts'
import { benchReplicas } from './replicas.ts'

/** Where budgets are kept, and what it costs. */
export async function benchStores(): Promise<void> {
  const sections = [
    benchHoldSettle,
    benchExchangeStores,
    benchReplicas,
    benchManyScopes,
    benchRecovery,
    benchNearExhaustion,
  ]
  for (const section of sections) {
    await section()
    process.stdout.write('\n')
  }
}
