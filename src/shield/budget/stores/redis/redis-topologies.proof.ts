import { afterEach, expect, it } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { closingAfterEach } from '../../../../../test/support/opened.ts'
import { patientClient, redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { startSentinel } from '../../../../../test/support/redis-sentinel.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import { micros } from '../../../../money.ts'
import { BudgetManager } from '../../../index.ts'
import { StoreUnavailable } from '../../protocol/store.ts'
import { line } from '../store-contract.test-support.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisStore } from './redis-store.ts'

const clock = new FakeClock()
afterEach(() => {
  clients.length = 0
})
const own = closingAfterEach()

/** How much time passes between two checks of a test that waits. */
const STEP_MS = 500
const clients: RedisClient[] = []
const connect = (url: string): RedisClient => {
  const client = redisOnClock(clock)(url)
  clients.push(client)
  return client
}
const openStore = async (url: string) => own(await RedisStore.open({ clock, url, connect }))
const SOON = { timeout: 120_000, interval: 50 }
const SLOTS = 16_384

async function tell({ url }: { url: string }, ...command: [string, ...string[]]): Promise<string> {
  const client = patientClient(url)
  await client.connect()
  const answer = await client.call(...command)
  client.disconnect()
  return String(answer)
}

/** Whether a replica has everything its primary has, as the primary says. */
function hasAll(info: string): boolean {
  const [, told] = /slave0:.*state=online,offset=(\d+)/.exec(info) ?? []
  return told !== undefined && told === /master_repl_offset:(\d+)/.exec(info)?.[1]
}

/** Starts a cluster of `size` primaries, each with its share of the slots. */
async function startCluster(size: number): Promise<RedisServer[]> {
  const options = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  // 15 s, the default of Redis, so that a node which pauses for a while is not taken for dead.
  const timing = ['--cluster-node-timeout', '15000', '--cluster-require-full-coverage', 'no']
  const nodes: RedisServer[] = []
  for (let i = 0; i < size; i++)
    nodes.push(own(await startRedis(...options, ...timing, '--appendonly', 'yes')))
  const [first] = nodes
  for (const [i, node] of nodes.entries()) {
    const [from, to] = [(i * SLOTS) / size, ((i + 1) * SLOTS) / size].map(Math.floor)
    await tell(node, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? 0) - 1))
    if (first && node !== first) await tell(node, 'CLUSTER', 'MEET', '127.0.0.1', String(first.port))
  }
  const isWhole = (info: string) =>
    info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`)
  for (const node of nodes)
    await expect.poll(async () => isWhole(await tell(node, 'CLUSTER', 'INFO')), SOON).toBe(true)
  return nodes
}

it('spreads scopes over a Redis Cluster, each in one slot whatever its name is, and a dead node stops only its own', async () => {
  const nodes = await startCluster(3)
  const url = `redis-cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  const [store, other] = [await openStore(url), await openStore(url)]
  await store.trust()
  const odd = ['global', 'campaign:meta:{1}', '}odd{', 'ünï cödé']
  const scopes = [...odd, ...Array.from({ length: 12 }, (_, i) => `campaign:openrtb:${i}`)]
  const limits = [{ kind: 'lifetime', max: micros(10) }] as const
  for (const scope of scopes) await store.define({ scope, currency: 'USD', limits, by: 'configuration' })
  const ask = (scope: string, seq: number) => store.sync('a', [line(seq, { scope, need: 5 })])
  const replies = await store.sync(
    'a',
    scopes.map((scope) => line(1, { scope, need: 5 })),
  )
  expect(replies.map((reply) => reply.is === 'granted' && reply.granted)).toEqual(scopes.map(() => 5))
  for (const node of nodes) expect(Number(await tell(node, 'DBSIZE'))).toBeGreaterThan(0)

  // What operators decide, and messages, go through every process's own connections.
  await store.setPause('global', { is: 'paused', reason: 'review' })
  await expect
    .poll(() => {
      clock.advance(STEP_MS)
      return other.control().scopes.find(({ scope }) => scope === 'global')?.pause.is
    }, SOON)
    .toBe('paused')
  const messages: string[] = []
  const stop = other.ownerMessages.receive('b', (message) => {
    messages.push(message)
  })
  await store.ownerMessages.send('b', 'a bill')
  await expect.poll(() => messages, SOON).toEqual(['a bill'])
  stop()

  // A dead node stops only its own scopes. When it comes back with its data, its scopes are answered again.
  const [dead] = nodes
  await dead?.kill()
  const isAway = async (scope: string) =>
    ask(scope, 2).then(
      () => false,
      (error) => error instanceof StoreUnavailable,
    )
  await expect
    .poll(async () => new Set(await Promise.all(scopes.map(isAway))), SOON)
    .toEqual(new Set([true, false]))
  await dead?.start()
  const answered = async (scope: string) => ask(scope, 2).catch(() => undefined)
  await expect.poll(async () => (await Promise.all(scopes.map(answered))).every(Boolean), SOON).toBe(true)
})

it('follows a Sentinel to the server that it promotes, which grants nothing until its owners have told it everything', async () => {
  const [primary, replica] = [own(await startRedis()), own(await startRedis())]
  await tell(replica, 'REPLICAOF', '127.0.0.1', String(primary.port))
  const sentinel = own(await startSentinel(primary.port))
  const asked = `redis://127.0.0.1:${sentinel.port}`
  const knows = async () => tell({ url: asked }, 'SENTINEL', 'CKQUORUM', 'mymaster')
  await expect.poll(() => tell({ url: asked }, 'INFO', 'sentinel'), SOON).toContain('slaves=1')
  expect(await knows()).toContain('OK')

  const store = await openStore(`redis-sentinel://127.0.0.1:${sentinel.port}/mymaster`)
  await store.trust()
  const budgets = own(new BudgetManager({ clock, store, owner: 'a' }))
  const scope = budgets.define('global', 'USD', [{ kind: 'lifetime', max: micros(100) }])
  await budgets.settled()
  const bid = (id: string) => budgets.holdSoon(id, [scope], micros(10), { ttlMs: 60_000, onExpiry: 'settle' })
  const spend = async (id: string) => {
    const hold = await bid(id)
    if (hold.is === 'held') budgets.settle(hold, micros(10))
    return hold.is
  }
  for (const id of ['1', '2', '3']) expect(await spend(id)).toBe('held')
  await budgets.refresh()
  // Replication lags behind; another test covers what a failover loses.
  await expect.poll(async () => hasAll(await tell(primary, 'INFO', 'replication')), SOON).toBe(true)

  await primary.kill()
  // No time passes for the owner until it has found the new server: it must keep its lease, and nobody knows how long that takes.
  await expect.poll(() => tell(replica, 'ROLE'), SOON).toMatch(/^master/)
  await expect.poll(() => clients.every(({ status }) => status === 'ready'), SOON).toBe(true)
  // The only owner tells the new server what the old one knew; after that the server grants again.
  let n = 0
  let placed = 3
  await expect
    .poll(async () => {
      if ((await spend(`later ${n++}`)) === 'held') placed += 1
      clock.advance(STEP_MS)
      return placed
    }, SOON)
    .toBe(10)
  for (let i = 0; i < 5; i++) expect(await spend(`more ${i}`)).not.toBe('held')
  await budgets.refresh()
  expect(budgets.stats(scope)).toMatchObject({ spent: 100, overdraft: 0 })
})
