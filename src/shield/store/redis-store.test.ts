import { afterAll, beforeAll } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { sleep, systemClock } from '../../clock.ts'
import { RedisStore } from './redis-store.ts'
import { budgetStoreContract } from './store-contract.test-support.ts'

const LEASE_MS = 500
let redis: RedisServer
let database = 0

beforeAll(async () => {
  redis = await startRedis('--databases', '100')
})
afterAll(() => redis.close())

budgetStoreContract('redis', async () => {
  const store = await RedisStore.open({
    clock: systemClock,
    url: `${redis.url}/${database++}`,
    leaseMs: LEASE_MS,
  })
  // An empty Redis might be one that has lost everything.
  await store.trust()
  return { store, leaseMs: LEASE_MS, pass: (ms) => sleep(systemClock, ms), close: () => store.close() }
})
