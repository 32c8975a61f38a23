import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type RedisServer, startRedis } from '../../../test/support/redis-server.ts'
import { systemClock } from '../../clock.ts'
import { micros } from '../../money.ts'
import { redisClient } from './redis-client.ts'
import { RedisStore } from './redis-store.ts'
import { line } from './store-contract.test-support.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await startRedis(
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
    '--cluster-node-timeout',
    '1000',
  )
  const client = redisClient(redis.url)
  await client.connect()
  await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await vi.waitUntil(async () => /cluster_state:ok/.test(String(await client.call('CLUSTER', 'INFO'))), {
    timeout: 10_000,
  })
  client.disconnect()
})
afterAll(() => redis.close())

it('keeps the keys of a scope in one slot of a Redis Cluster, whatever the scope is called', async () => {
  const url = `redis-cluster://127.0.0.1:${redis.port}`
  const store = await RedisStore.open({ clock: systemClock, url })
  try {
    await store.trust()
    const scopes = ['global', 'campaign:meta:{1}', '}odd{', 'ünï cödé']
    for (const scope of scopes) {
      const limits = [{ kind: 'lifetime', max: micros(10) }] as const
      await store.define({ scope, currency: 'USD', limits, by: 'configuration' })
    }
    const replies = await store.sync(
      'a',
      scopes.map((scope) => line(1, { scope, need: 10 })),
    )
    expect(replies.map((reply) => reply.is === 'granted' && reply.granted)).toEqual([10, 10, 10, 10])
    expect(store.control().scopes).toHaveLength(scopes.length)
  } finally {
    await store.close()
  }
})
