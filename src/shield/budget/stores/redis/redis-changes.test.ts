import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { patientClient } from '../../../../../test/support/redis-on-clock.ts'
import { startRedis } from '../../../../../test/support/redis-server.ts'
import { systemClock } from '../../../../time/clock.ts'
import { CONTROL_KEY } from './redis-control.ts'
import { RedisStore } from './redis-store.ts'

const CHANGES_KEY = `${CONTROL_KEY}:changes`
/** More versions than Redis keeps the changes of. */
const MANY_VERSIONS = 10_000

it('names of removed scopes are forgotten in Redis, and a process that missed a removal still learns of it', async () => {
  const server = await startRedis()
  onTestFinished(() => server.close())
  const client = new Redis(server.url)
  onTestFinished(() => client.disconnect())
  const open = async () => {
    const store = await RedisStore.open({ clock: systemClock, url: server.url, connect: patientClient })
    onTestFinished(() => store.close())
    return store
  }
  const define = (store: RedisStore, scope: string) =>
    store.define({ scope, currency: 'USD', limits: [], by: 'configuration' })
  const [store, other] = [await open(), await open()]
  await store.trust()
  const names = Array.from({ length: 50 }, (_, i) => `campaign:openrtb:${i}`)
  for (const name of ['global', ...names]) await define(store, name)
  await expect.poll(() => other.control().scopes.length).toBe(51)

  for (const name of names) await store.remove(name)
  await client.hincrby(CONTROL_KEY, 'version', MANY_VERSIONS)
  await define(store, 'platform:openrtb')

  expect(await client.zrange(CHANGES_KEY, '0', '-1')).toEqual(['s:platform:openrtb'])
  for (const one of [store, other, await open()]) {
    await expect
      .poll(() =>
        one
          .control()
          .scopes.map(({ scope }) => scope)
          .sort(),
      )
      .toEqual(['global', 'platform:openrtb'])
  }
})
