import { FakeClock } from '../../../../test/support/fake-clock.ts'
import { MemoryStore } from './memory-store.ts'
import { budgetStoreContract } from './store-contract.test-support.ts'

budgetStoreContract('memory', async () => {
  const clock = new FakeClock()
  const leaseMs = 500
  const store = new MemoryStore(clock, leaseMs)
  return { store, leaseMs, pass: async (ms) => clock.advance(ms), close: () => store.close() }
})
