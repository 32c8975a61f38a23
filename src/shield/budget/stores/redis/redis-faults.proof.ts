import { afterEach, describe, expect, it, vi } from 'vitest'
import { aheadOf, FakeClock } from '../../../../../test/support/fake-clock.ts'
import { closingAfterEach } from '../../../../../test/support/opened.ts'
import { patientClient, redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import { startProxy, type TcpProxy } from '../../../../../test/support/tcp-proxy.ts'
import { micros } from '../../../../money.ts'
import { BudgetManager } from '../../client/budget-manager.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import { type Granted, StoreUnavailable, type SyncReply } from '../../protocol/store.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { RedisStore, type RedisStoreOptions } from './redis-store.ts'

const LEASE_MS = 600
const WINDOW_MS = 900
/** How much time passes between two checks of a test that waits. */
const STEP_MS = 100
/** How long an answer is awaited by a store whose line is cut; the other stores are more patient. */
const GIVE_UP_MS = 5_000
const limits: LimitSpec[] = [{ kind: 'sliding', windowMs: WINDOW_MS, max: micros(100) }]
const zero = { granted: 0, reported: 0, returned: 0, overdrawn: 0, forfeited: 0 }

let clock = new FakeClock()
afterEach(() => {
  clock = new FakeClock()
})
const own = closingAfterEach()

const redis = async (...options: string[]): Promise<RedisServer> => own(await startRedis(...options))
const proxyTo = async ({ port }: RedisServer): Promise<TcpProxy> => own(await startProxy(port))
const open = async (port: number, options: Partial<RedisStoreOptions> = {}) =>
  own(
    await RedisStore.open({
      clock,
      url: `redis://127.0.0.1:${port}`,
      leaseMs: LEASE_MS,
      connect: redisOnClock(clock),
      ...options,
    }),
  )
const whoGivesUp = () => ({ connect: redisOnClock(clock, GIVE_UP_MS) })

/** A store whose scope of 100 is new and trusted. */
async function trusted(port: number, options: Partial<RedisStoreOptions> = {}): Promise<RedisStore> {
  const store = await open(port, options)
  await store.trust()
  await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
  return store
}

type Line = Parameters<typeof line>[1]
const sync = async (store: RedisStore, owner: string, seq: number, say: Line = {}): Promise<SyncReply> => {
  const [reply] = await store.sync(owner, [line(seq, say)])
  if (!reply) throw new Error('no answer')
  return reply
}
const granted = async (...args: Parameters<typeof sync>): Promise<Granted> => {
  const reply = await sync(...args)
  if (reply.is !== 'granted') throw new Error(`answered ${JSON.stringify(reply)}`)
  return reply
}
/** Repeats a request until Redis can be reached. */
const again = <T>(ask: () => Promise<T>): Promise<T> => vi.waitFor(ask, { timeout: 45_000 })
/** Repeats a check while time passes. */
const poll = <T>(read: () => T) =>
  expect.poll(async () => {
    const found = await read()
    clock.advance(STEP_MS)
    return found
  })

describe('a redis store on a bad line', () => {
  it('applies a line once though its answer was lost and it is sent again', async () => {
    const server = await redis()
    const proxy = await proxyTo(server)
    const store = await trusted(proxy.port, whoGivesUp())
    await granted(store, 'a', 1, { need: 40 })
    proxy.cut('replies')
    await expect(sync(store, 'a', 2, { spent: 30, need: 20 })).rejects.toThrow(StoreUnavailable)
    proxy.heal()
    const reply = await again(() => granted(store, 'a', 2, { spent: 30, need: 20 }))
    expect(reply).toMatchObject({ granted: 20, standing: { spentEver: 30, available: 40 } })
  })

  it('fails quickly while it is cut off, keeps what operators decided, and recovers by itself', async () => {
    const server = await redis()
    const proxy = await proxyTo(server)
    const store = await trusted(proxy.port, whoGivesUp())
    await store.setKillSwitch({ is: 'engaged', reason: 'stop', sinceMs: 1 })
    proxy.cut('all')
    await expect(sync(store, 'a', 1, { need: 1 })).rejects.toThrow(StoreUnavailable)
    expect(store.control().killSwitch).toMatchObject({ is: 'engaged' })
    proxy.heal()
    expect(await again(() => granted(store, 'a', 1, { need: 1 }))).toMatchObject({ granted: 1 })
  })

  it('tells every process of a kill switch within a second', async () => {
    const server = await redis()
    const here = await trusted(server.port)
    const there = await open(server.port)
    await here.setKillSwitch({ is: 'engaged', reason: 'stop', sinceMs: 1 })
    await poll(() => there.control().killSwitch).toMatchObject({ is: 'engaged' })
  })
})

describe('a redis store with a clock that is wrong', () => {
  it('is refused, and moves no money and no time', async () => {
    const server = await redis()
    const store = await trusted(server.port)
    const wrong = await open(server.port, { clock: aheadOf(clock, 60_000) })
    expect(await sync(wrong, 'b', 1, { need: 10 })).toMatchObject({ is: 'fenced' })
    expect(await granted(store, 'a', 1, { need: 100 })).toMatchObject({ granted: 100 })
  })
})

describe('a redis that may throw budgets away', () => {
  it('is not used', async () => {
    const server = await redis('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru')
    await expect(open(server.port)).rejects.toThrow(/set maxmemory-policy noeviction/)
  })

  it('is used where it refuses writes instead', async () => {
    const server = await redis('--maxmemory', '100mb', '--maxmemory-policy', 'noeviction')
    await trusted(server.port)
  })
})

describe('a redis that has forgotten', () => {
  it('is not taken for a new one: nothing is granted until lost spend would have left its window', async () => {
    const server = await redis()
    const store = await trusted(server.port, { toleranceMs: 5_000 })
    await granted(store, 'a', 1, { need: 60 })
    await server.kill()
    await server.start()
    const first = await again(() => granted(store, 'a', 2, { need: 10, totals: { ...zero, granted: 60 } }))
    expect(first.granted).toBe(0)
    expect(first.withheld?.detail).toMatch(/does not know what was spent/)
    expect(first.standing.available).toBe(40)
    expect(first.withheld?.retryAfterMs).toBeGreaterThan(LEASE_MS + WINDOW_MS)
  })

  it('grants to a new process only after an operator has vouched for it', async () => {
    const server = await redis()
    const store = await open(server.port)
    await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
    expect(await granted(store, 'a', 1, { need: 10 })).toMatchObject({ granted: 0 })
    await store.trust()
    expect(await granted(store, 'a', 2, { need: 10 })).toMatchObject({ granted: 10 })
  })

  it('gets back from the processes what operators had decided', async () => {
    const server = await redis()
    const store = await trusted(server.port)
    await store.setPause(SCOPE, { is: 'paused', reason: 'a check' })
    await store.setKillSwitch({ is: 'engaged', reason: 'stop', sinceMs: 1 })
    await server.kill()
    await server.start()
    const other = await again(() => open(server.port))
    await poll(() => other.control()).toMatchObject({
      killSwitch: { is: 'engaged' },
      scopes: [{ pause: { is: 'paused' } }],
    })
  })
})

describe('a redis that was restarted with its data', () => {
  it('grants again when every process has told it where it stands, and a lease has passed', async () => {
    const server = await redis('--appendonly', 'yes', '--appendfsync', 'always')
    const store = await trusted(server.port)
    await granted(store, 'a', 1, { need: 60, longestHoldMs: 30_000 })
    await server.kill()
    await server.start()
    const totals = { ...zero, granted: 60 }
    const fenced = await again(() => granted(store, 'a', 2, { need: 10, totals, longestHoldMs: 30_000 }))
    expect(fenced.granted).toBe(0)
    expect(fenced.withheld?.detail).toMatch(/restarted or failed over/)
    let seq = 3
    await poll(() => granted(store, 'a', seq++, { need: 10, totals })).toMatchObject({
      granted: 10,
      standing: { available: 30 },
    })
  })
})

describe('an account that was fenced alone, as by the failover of one shard of a cluster', () => {
  it('asks idle owners as well where they stand, and grants again', async () => {
    const server = await redis()
    const far: LimitSpec[] = [{ kind: 'sliding', windowMs: 600_000, max: micros(100) }]
    const start = async (owner: string) => {
      const store = await open(server.port)
      if (owner === 'a') await store.trust()
      const budget = new BudgetManager({ clock, store, owner })
      own(budget)
      const scope = budget.define(SCOPE, 'USD', far)
      await budget.refresh()
      return { budget, scope }
    }
    const [one] = [await start('a'), await start('b')]
    const terms = { ttlMs: 60_000, onExpiry: 'release' } as const
    const hold = async (id: string) => (await one.budget.holdSoon(id, [one.scope], micros(10), terms)).is
    await poll(() => hold('1')).toMatch(/held|repeated/)

    const client = patientClient(server.url)
    own({ close: async () => client.disconnect() })
    await client.connect()
    // As if all that is known of the account had been told to another server.
    const moved = `redis.call('HSET', KEYS[1], 'replid', 'another')
      for _, owner in ipairs(redis.call('HKEYS', KEYS[2])) do
        local lease = cmsgpack.unpack(redis.call('HGET', KEYS[2], owner))
        lease.told = 'another'
        redis.call('HSET', KEYS[2], owner, cmsgpack.pack(lease))
      end`
    const key = (part: string) => `bidwarden:{${encodeURIComponent(SCOPE)}}:${part}`
    await client.eval(moved, 2, key('account'), key('owners'))
    // More than the purse has, so that the store is asked.
    const large = async () => (await one.budget.holdSoon('2', [one.scope], micros(60), terms)).is
    expect(await large()).toBe('store_away')
    await poll(large).toBe('held')
  })
})

describe('a failover to a replica that lacks the last writes', () => {
  it('gets lost writes back from the owners that know them, and grants nothing before', async () => {
    const { primary, replica } = await replicated()
    const there = patientClient(replica.url)
    own({ close: async () => there.disconnect() })
    await there.connect()
    const safe = await again(() => trusted(primary.port, { minReplicas: 1 }))
    await granted(safe, 'a', 1, { need: 30, longestHoldMs: 30_000 })
    await granted(safe, 'b', 1, { need: 10, longestHoldMs: 30_000 })
    // From here on nothing reaches the replica.
    await there.call('REPLICAOF', 'NO', 'ONE')
    const store = await open(primary.port)
    await granted(store, 'a', 2, { spent: 20, overdrawn: 1, need: 50, longestHoldMs: 30_000 })
    await primary.kill()

    const after = await open(replica.port)
    const totals = { ...zero, granted: 80, reported: 20, overdrawn: 1 }
    const told = await granted(after, 'a', 3, { need: 10, totals, longestHoldMs: 30_000 })
    // 60 with a, 10 with b, 21 spent.
    expect(told).toMatchObject({ granted: 0, standing: { available: 9, elsewhere: 10, spentEver: 21 } })
    expect(told.withheld?.detail).toMatch(/restarted or failed over/)
    // b has not told: nothing is granted when only its lease is over.
    const later = () => granted(after, 'b', 2, { totals: { ...zero, granted: 10 } })
    expect(await later()).toMatchObject({ granted: 0, standing: { available: 9 } })
  })

  it('is kept from happening by waiting for replicas', async () => {
    const { primary, replica } = await replicated()
    const store = await again(() => trusted(primary.port, { minReplicas: 1 }))
    expect(await again(() => granted(store, 'a', 1, { need: 30 }))).toMatchObject({ granted: 30 })
    await replica.kill()
    await expect(sync(store, 'a', 2, { need: 30 })).rejects.toThrow(/0 of 1 replicas/)
    await replica.start()
    expect(await again(() => granted(store, 'a', 2, { need: 30 }))).toMatchObject({ granted: 30 })
  })
})

async function replicated() {
  const primary = await redis('--repl-diskless-sync-delay', '0')
  const replica = await redis('--replicaof', '127.0.0.1', String(primary.port))
  await expect.poll(() => infoOf(primary)).toMatch(/state=online/)
  return { primary, replica }
}

async function infoOf({ url }: RedisServer): Promise<string> {
  const client = patientClient(url)
  await client.connect()
  const info = await client.info('replication')
  client.disconnect()
  return info
}
