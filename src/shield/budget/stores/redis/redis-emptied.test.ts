import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { patientClient } from '../../../../../test/support/redis-on-clock.ts'
import { startRedis } from '../../../../../test/support/redis-server.ts'
import { micros } from '../../../../money.ts'
import { type Clock, systemClock } from '../../../../time/clock.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import { type Granted, StoreUnavailable } from '../../protocol/store.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { RedisStore } from './redis-store.ts'

const limits: LimitSpec[] = [{ kind: 'sliding', windowMs: 600_000, max: micros(100) }]
const STOP = { is: 'engaged', reason: 'stop', sinceMs: 1 } as const

/** A Redis that is emptied while it runs: the server goes on, and all of its data is gone. */
async function emptiable() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  const open = async (clock: Clock = systemClock, connect = patientClient) => {
    const store = await RedisStore.open({ clock, url: server.url, connect })
    onTestFinished(() => store.close())
    return store
  }
  return {
    open,
    /** A store that trusts this Redis as a new one, with a scope that is limited to 100. */
    async trusted() {
      const store = await open()
      await store.trust()
      await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
      return store
    },
    async empty() {
      const client = new Redis(server.url)
      await client.flushall()
      client.disconnect()
    },
  }
}

async function ask(store: RedisStore, seq: number): Promise<Granted> {
  const [reply] = await store.sync('a', [line(seq, { need: 10 })])
  if (reply?.is !== 'granted') throw new Error(`answered ${JSON.stringify(reply)}`)
  return reply
}

it('gets back what operators had decided, so that a process that starts then obeys it too', async () => {
  const { open, trusted, empty } = await emptiable()
  const store = await trusted()
  await store.setPause(SCOPE, { is: 'paused', reason: 'a check' })
  await store.setKillSwitch(STOP)
  await empty()
  const other = await open()
  await expect
    .poll(() => other.control())
    .toMatchObject({ killSwitch: { is: 'engaged' }, scopes: [{ pause: { is: 'paused' } }] })
})

it('tells every process what operators decide from then on', async () => {
  const { open, trusted, empty } = await emptiable()
  const here = await trusted()
  for (const reason of ['one', 'two', 'three']) await here.setPause(SCOPE, { is: 'paused', reason })
  const there = await open()
  await expect.poll(() => there.control().scopes).toMatchObject([{ pause: { reason: 'three' } }])
  await empty()
  await here.setKillSwitch(STOP)
  await expect.poll(() => there.control().killSwitch).toEqual(STOP)
})

it('grants also from scopes that nobody has drawn on since, once an operator vouches for it', async () => {
  const { trusted, empty } = await emptiable()
  const store = await trusted()
  await empty()
  await store.trust()
  expect(await ask(store, 1)).toMatchObject({ granted: 10 })
})

it('still counts what living processes were granted, though an operator vouches for what was spent', async () => {
  const { trusted, empty } = await emptiable()
  const store = await trusted()
  await empty()
  await store.trust()
  const totals = { granted: 60, reported: 10, returned: 0, overdrawn: 0, forfeited: 0 }
  // It was granted 60, had reported 10 of it as spent, and reports 40 more now.
  const [reply] = await store.sync('a', [line(7, { totals, spent: 40 })])
  expect(reply).toMatchObject({ is: 'granted', standing: { available: 40, spentEver: 50 } })
  expect((await store.sync('b', [line(1, { need: 41 })]))[0]).toMatchObject({ granted: 40 })
})

it('grants from scopes that were being created while an operator vouched for it', async () => {
  const { open } = await emptiable()
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  /** Waits before it announces the scope to other processes; the account is in Redis by then. */
  const slow = (url: string) => {
    const client = patientClient(url)
    const evalsha = client.evalsha.bind(client)
    const waiting = async (...args: Parameters<typeof evalsha>) => {
      if (String(args.at(-1)).includes('"op":"scope"')) {
        reached.resolve()
        await gate.promise
      }
      return evalsha(...args)
    }
    return Object.assign(client, { evalsha: waiting })
  }
  const store = await open(systemClock, slow)
  const defined = store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
  await reached.promise
  await (await open()).trust()
  gate.resolve()
  await defined
  expect(await ask(store, 1)).toMatchObject({ granted: 10 })
})

it('withholds what nobody vouches for', async () => {
  const { trusted, empty } = await emptiable()
  const store = await trusted()
  await empty()
  const reply = await ask(store, 1)
  expect(reply).toMatchObject({ granted: 0, withheld: { detail: expect.stringContaining('does not know') } })
  await store.trust()
  expect(await ask(store, 2)).toMatchObject({ granted: 10 })
})

it('rejects trust if the clocks of the process and of Redis differ too much', async () => {
  const { open, trusted } = await emptiable()
  await trusted()
  const store = await open({ ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 })
  await expect(store.trust()).rejects.toThrow(StoreUnavailable)
})
