import { expect, it } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { closingAfterEach } from '../../../../../test/support/opened.ts'
import { patientClient, redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import { startProxy } from '../../../../../test/support/tcp-proxy.ts'
import { micros } from '../../../../money.ts'
import { type Clock, systemClock } from '../../../../time/clock.ts'
import { BudgetManager, type Scope } from '../../../index.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisStore } from './redis-store.ts'

const PRICE = micros(5_000)
const BIDS = 100
const LEASE_MS = 60_000
/** How long an answer is awaited where the line to Redis is cut. */
const GIVE_UP_MS = 5_000
const TERMS = { ttlMs: 3_600_000, onExpiry: 'settle' } as const

const own = closingAfterEach()

interface Replica {
  readonly budgets: BudgetManager
  readonly scope: Scope
}

interface Kind {
  readonly clock?: Clock
  readonly connect?: (url: string) => RedisClient
}

/** A process of its own as far as budgets go. */
async function startReplica(
  port: number,
  owner: string,
  { clock = systemClock, connect = patientClient }: Kind = {},
): Promise<Replica> {
  const url = `redis://127.0.0.1:${port}`
  const store = own(await RedisStore.open({ clock, url, leaseMs: LEASE_MS, connect }))
  await store.trust()
  const budgets = new BudgetManager({ clock, store, owner })
  own({ close: () => budgets.close() })
  const scope = budgets.define('global', 'USD', [
    { kind: 'sliding', windowMs: 600_000, max: micros(PRICE * BIDS) },
  ])
  await budgets.settled()
  return { budgets, scope }
}

const redis = async (...options: string[]): Promise<RedisServer> => own(await startRedis(...options))

it('places all but one bid of a budget that four processes share, and never one too many', async () => {
  const { port } = await redis()
  const replicas = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => startReplica(port, owner)))
  let placed = 0
  let round = 0
  const bid = async ({ budgets, scope }: Replica, id: string) => {
    const hold = await budgets.holdSoon(id, [scope], PRICE, TERMS)
    if (hold.is !== 'held') return
    budgets.settle(hold, PRICE)
    placed += 1
  }
  // More than there is money for, with very different shares of it, until nobody gets any more.
  const shares = [90, 30, 10, 5]
  await Promise.all(
    replicas.map(async (replica, i) => {
      for (let n = 0; n < (shares[i] ?? 0); n++) await bid(replica, `bid ${i}.${n}`)
    }),
  )
  await expect
    .poll(
      async () => {
        await Promise.all(replicas.map((replica, i) => bid(replica, `later ${i}.${round++}`)))
        return placed
      },
      { interval: 100 },
    )
    .toBeGreaterThanOrEqual(BIDS - 1)
  expect(placed).toBeLessThanOrEqual(BIDS)
})

it('refuses when the line to Redis is cut and the lease is over, and goes on by itself when it is healed', async () => {
  const server = await redis()
  const proxy = own(await startProxy(server.port))
  const clock = new FakeClock()
  const connect = redisOnClock(clock, GIVE_UP_MS)
  const { budgets, scope } = await startReplica(proxy.port, 'a', { clock, connect })
  const hold = (id: string) => budgets.holdSoon(id, [scope], PRICE, TERMS)
  expect(await hold('first')).toMatchObject({ is: 'held' })
  proxy.cut('all')
  expect(await hold('from the purse')).toMatchObject({ is: 'held' })
  expect(scope.purse.balance).toBeGreaterThan(0)
  clock.advance(LEASE_MS)
  expect(await hold('too late')).toMatchObject({ is: 'store_away' })
  proxy.heal()
  let round = 0
  await expect
    .poll(async () => {
      clock.advance(100)
      return (await hold(`healed ${round++}`)).is
    })
    .toBe('held')
  // Whether the store heard of it in time or not: all three bids count.
  await budgets.refresh()
  const { forfeited, held } = budgets.stats(scope)
  expect(forfeited.amount + held).toBeGreaterThanOrEqual(3 * PRICE)
})

it('reads only what has changed of the control state, and all of it from another Redis', async () => {
  const server = await redis('--appendonly', 'yes')
  const open = async () =>
    own(await RedisStore.open({ clock: systemClock, url: server.url, connect: patientClient }))
  const [one, other] = [await open(), await open()]
  await one.trust()
  const limits = [{ kind: 'lifetime', max: micros(10) }] as const
  const scopes = Array.from({ length: 20 }, (_, i) => `campaign:x:${i}`)
  for (const scope of scopes) await one.define({ scope, currency: 'USD', limits, by: 'operator' })
  const known = (scope: string) => other.control().scopes.find((each) => each.scope === scope)
  await expect.poll(() => scopes.every(known)).toBe(true)

  const before = known('campaign:x:1')
  await one.setPause('campaign:x:2', { is: 'paused', reason: 'review' })
  await one.setKillSwitch({ is: 'engaged', reason: 'fire', sinceMs: 1 })
  await expect.poll(() => known('campaign:x:2')?.pause.is).toBe('paused')
  await expect.poll(() => other.control().killSwitch.is).toBe('engaged')
  // Not read again.
  expect(known('campaign:x:1')).toBe(before)

  await server.kill()
  await server.start()
  await expect.poll(() => known('campaign:x:1')).not.toBe(before)
  expect(other.control()).toMatchObject({ killSwitch: { is: 'engaged' } })
  expect(other.control().scopes).toHaveLength(20)
  expect(known('campaign:x:2')?.pause).toEqual({ is: 'paused', reason: 'review' })
})
