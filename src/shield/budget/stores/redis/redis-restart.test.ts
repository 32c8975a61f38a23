import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { startRedis } from '../../../../../test/support/redis-server.ts'
import { micros } from '../../../../money.ts'
import { systemClock } from '../../../../time/clock.ts'
import type { ScopeDefinition } from '../../protocol/store.ts'
import { line } from '../store-contract.test-support.ts'
import { RedisStore } from './redis-store.ts'

const COUNT = 60

const definition = (i: number, max = 100): ScopeDefinition => ({
  ...{ scope: `campaign:openrtb:${i}`, currency: 'USD', by: 'configuration' },
  limits: [{ kind: 'sliding', windowMs: 600_000, max: micros(max) }],
})
const all = Array.from({ length: COUNT }, (_, i) => definition(i))

/** A Redis in which all scopes were defined by a process that is gone, and a store that has just been opened on it. */
async function restarted() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  const client = new Redis(server.url)
  onTestFinished(() => client.disconnect())
  const open = async () => {
    const store = await RedisStore.open({ clock: systemClock, url: server.url })
    onTestFinished(() => store.close())
    return store
  }
  const before = await open()
  await before.trust()
  for (const one of all) await before.define(one)
  await before.close()
  return { client, store: await open() }
}

it('a start whose definitions change nothing sends none of them to Redis', async () => {
  const { client, store } = await restarted()
  await client.config('RESETSTAT')
  expect(await Promise.all(all.map((one) => store.define(one)))).toEqual(all)
  const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? '0'
  // It reads what operators decided twice a second, whatever else it does.
  expect(Number(calls)).toBeLessThan(COUNT)

  expect(await store.define(definition(0, 50))).toEqual(definition(0, 50))
  expect(store.control([definition(0).scope])).toMatchObject({ scopes: [definition(0, 50)] })
})

it('an account that Redis has lost is created again by its first bill or line, and grants nothing', async () => {
  const { client, store } = await restarted()
  for (const one of all) await store.define(one)
  const [first, second] = all.map(({ scope }) => scope)
  if (first === undefined || second === undefined) throw new Error('no scopes')
  for (const scope of [first, second]) {
    const keys = await client.keys(`bidwarden:{${encodeURIComponent(scope)}}:*`)
    expect(await client.del(...keys)).toBeGreaterThan(0)
  }
  expect(await store.bill([{ scope: first, owner: 'gone', id: 'a bill', amount: 7 }])).toEqual([
    { is: 'booked', amount: 7, overdraft: 0 },
  ])
  const [reply] = await store.sync('a', [{ ...line(1, { need: 10 }), scope: second }])
  expect(reply).toMatchObject({ is: 'granted', granted: 0 })
})
