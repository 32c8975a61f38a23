import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { FakeClock } from '../../../../../test/support/fake-clock.ts'
import { patientClient, redisOnClock } from '../../../../../test/support/redis-on-clock.ts'
import { type RedisServer, startRedis } from '../../../../../test/support/redis-server.ts'
import { micros } from '../../../../money.ts'
import type { LimitSpec } from '../../protocol/limit-spec.ts'
import { line, SCOPE } from '../store-contract.test-support.ts'
import { RedisStore } from './redis-store.ts'

const LEASE_MS = 7_000
/** How much time passes between two lines of the living owner. */
const STEP_MS = 500
/** With a lifetime limit, only an operator can end the wait for an owner that does not report. */
const limits: LimitSpec[] = [{ kind: 'lifetime', max: micros(100) }]
const REGISTRY = 'bidwarden:{control}:owners'
const KEEPS = ['--appendonly', 'yes', '--appendfsync', 'always']

let clock: FakeClock
let server: RedisServer
let store: RedisStore
/** The last line of the owner that lives, what it was ever granted, and what it has of that. */
let [seq, granted, has] = [0, 0, 0]
beforeEach(async () => {
  clock = new FakeClock()
  server = await startRedis(...KEEPS)
  store = await open()
  await store.trust()
  await store.define({ scope: SCOPE, currency: 'USD', limits, by: 'configuration' })
  seq = granted = has = 0
  expect(await drawn()).toBe(1)
})
afterEach(async () => {
  await store.close()
  await server.close()
})

const open = () =>
  RedisStore.open({ clock, url: server.url, leaseMs: LEASE_MS, connect: redisOnClock(clock) })

/**
 * Asks for 1 as the living owner and returns what it is granted; rejects while Redis cannot be reached. Time passes
 * only after an answer, so that the owner keeps its lease however long Redis is away.
 */
async function drawn(): Promise<number> {
  const totals = { granted, reported: 0, returned: granted - has, overdrawn: 0, forfeited: 0 }
  const asked = line(seq + 1, { need: 1, giveBack: has, longestHoldMs: 100, totals })
  const [reply] = await store.sync('living', [asked])
  if (reply?.is !== 'granted') throw new Error(`answered ${JSON.stringify(reply)}`)
  seq += 1
  has = reply.granted
  granted += has
  clock.advance(STEP_MS)
  return has
}
/** All that the living owner is granted in that time. */
async function drawnFor(ms: number): Promise<number> {
  let sum = 0
  for (const untilMs = clock.elapsedMs() + ms; clock.elapsedMs() < untilMs; )
    sum += await vi.waitFor(drawn, { timeout: 45_000 })
  return sum
}
const isGrantedSoon = () => expect.poll(drawn).toBe(1)

/** An owner that draws and dies. */
async function dies(): Promise<void> {
  const other = await open()
  await other.sync('dead', [line(1, { need: 60, longestHoldMs: 100 })])
  await other.close()
}

async function connected() {
  const client = patientClient(server.url)
  await client.connect()
  onTestFinished(() => client.disconnect())
  return client
}

async function restart(): Promise<void> {
  await server.kill()
  await server.start()
}

it('waits for no owner that was gone before the newest write that Redis still has', async () => {
  await dies()
  expect(await drawnFor(2 * LEASE_MS)).toBeGreaterThan(1)
  await restart()
  await isGrantedSoon()
})

it('waits for an owner that lived shortly before, also over another restart, until an operator vouches', async () => {
  await dies()
  await restart()
  await expect.poll(drawn).toBe(0)
  expect(await drawnFor(3 * LEASE_MS)).toBe(0)
  await restart()
  await expect.poll(drawn).toBe(0)
  expect(await drawnFor(3 * LEASE_MS)).toBe(0)

  await store.trust()
  await isGrantedSoon()
  await restart()
  await isGrantedSoon()
})

it('waits for no owner that reported everything after the last loss and is gone before the next', async () => {
  const other = await open()
  const totals = { granted: 0, reported: 0, returned: 0, overdrawn: 0, forfeited: 0 }
  const tell = (seq: number) => other.sync('other', [line(seq, { longestHoldMs: 100, totals })])
  let told = 1
  await tell(told)
  await restart()
  const client = await connected()
  const entry = async (say: () => Promise<unknown>) => {
    await say()
    return client.hget(REGISTRY, 'other')
  }
  await expect.poll(() => entry(drawn)).toMatch(/!$/)
  await expect.poll(() => entry(() => tell(++told).then(drawn))).toMatch(/^\d+$/)
  await other.close()
  expect(await drawnFor(2 * LEASE_MS)).toBeGreaterThan(1)
  await restart()
  await isGrantedSoon()
})

it('hears of an owner before it grants it anything', async () => {
  await dies()
  const client = await connected()
  expect(await client.hkeys(REGISTRY)).toContain('dead')
})

it('still waits for the report of an owner that it has lost from its registry', async () => {
  const other = await open()
  await other.sync('other', [line(1, { longestHoldMs: 100 })])
  await restart()
  const client = await connected()
  const entry = () => {
    clock.advance(STEP_MS)
    return client.hget(REGISTRY, 'other')
  }
  await expect.poll(entry).toMatch(/!$/)
  await client.hdel(REGISTRY, 'other')
  await expect.poll(entry).toMatch(/^\d+!$/)
  await other.close()
})
