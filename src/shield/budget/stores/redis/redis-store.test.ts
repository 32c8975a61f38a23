import { afterAll, beforeAll } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import { budgetStoreContract } from '../store-contract.test-support.ts'
import { RedisStore } from './redis-store.ts'

const LEASE_MS = 7_000
let redis: RedisServer
let database = 0

beforeAll(async () => {
  redis = await startRedis('--databases', '100')
})
afterAll(() => redis.close())

budgetStoreContract('redis', async () => {
  const clock = new FakeClock()
  const store = await RedisStore.open({
    clock,
    url: redis.database(database++),
    leaseMs: LEASE_MS,
    connect: redisOnClock(clock),
  })
  // An empty Redis might be one that has lost everything.
  await store.trust()
  const pass = async (ms: number) => clock.advance(ms)
  return { store, leaseMs: LEASE_MS, pass, close: () => store.close() }
})
