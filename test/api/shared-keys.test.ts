import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { startRedis } from '../support/redis-server.ts'
import { startOn, TRIES, temporaryDirectory } from '../support/restarts.ts'
import { startProxy } from '../support/tcp-proxy.ts'

async function redis() {
  const server = await startRedis()
  onTestFinished(() => server.close())
  return server
}

/** Two processes with disks of their own and one Redis, ready to bid. */
async function twoOn(url: string) {
  const one = await startOn(temporaryDirectory(), { REDIS_URL: url })
  await one.send('POST', '/v1/store/trust', {})
  const other = await startOn(temporaryDirectory(), { REDIS_URL: url })
  for (const { bid } of [one, other]) await expect.poll(async () => (await bid()).status, TRIES).toBe(200)
  return { one, other }
}

describe('an Idempotency-Key that several processes share', () => {
  it('gets the same answer from each of them, and one call of the platform', async () => {
    const { one, other } = await twoOn((await redis()).url)
    const calls = other.calls()
    const placed = await one.bid({}, 'order-1')
    expect(placed.status).toBe(200)
    expect(await other.bid({}, 'order-1')).toEqual(placed)
    expect(other.calls()).toBe(calls)
    expect(await other.bid({ bidAmount: 11 }, 'order-1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  it('is waited for while it is under way elsewhere, and then refused with 409', async () => {
    const { one, other } = await twoOn((await redis()).url)
    const calls = other.calls()
    const underWay = (key: string) => {
      one.sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
      return one.bid({}, key)
    }
    const held = underWay('order-1')
    await one.sandbox.faults.whenHeld(1)
    expect(await other.bid({}, 'order-1')).toMatchObject({
      status: 409,
      body: { code: 'idempotency_key_in_use', retryAfterMs: 1_000 },
    })
    one.sandbox.faults.release()
    expect((await held).status).toBe(200)
    // A machine that stands still for as long as a key is waited for is tried once more.
    let order = 2
    const isWaitedFor = async () => {
      const key = `order-${order++}`
      const first = underWay(key)
      await one.sandbox.faults.whenHeld(1)
      const waiting = other.bid({}, key)
      one.sandbox.faults.release()
      const placed = await first
      expect(placed.status).toBe(200)
      expect(await waiting).toEqual(placed)
    }
    await vi.waitFor(isWaitedFor, { timeout: 45_000 })
    expect(other.calls()).toBe(calls)
  })

  it('whose process has ended meanwhile answers outcome_unknown', async () => {
    const { url } = await redis()
    const { one, other } = await twoOn(url)
    one.sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const first = one.bid({}, 'order-1')
    await one.sandbox.faults.whenHeld(1)
    // As if the claim had been made two minutes ago.
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    const [name = ''] = await client.keys('bidwarden:key:*')
    await client.pexpire(name, 24 * 3_600_000 - 121_000)
    const calls = other.calls()
    expect(await other.bid({}, 'order-1')).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    expect(other.calls()).toBe(calls)
    one.sandbox.faults.release()
    expect((await first).status).toBe(200)
  })

  it('can be tried at another process after a refusal that did nothing', async () => {
    const { one, other } = await twoOn((await redis()).url)
    await one.send('POST', '/v1/kill-switch', { engaged: true, reason: 'fire' })
    expect((await one.bid({}, 'order-1')).status).toBe(409)
    await one.send('POST', '/v1/kill-switch', { engaged: false })
    await expect.poll(async () => (await other.get('/v1/kill-switch')).body.engaged, TRIES).toBe(false)
    expect((await other.bid({}, 'order-1')).status).toBe(200)
  })

  it('is refused while Redis is away; bids without one go on from what was granted', async () => {
    const { port } = await redis()
    const proxy = await startProxy(port)
    onTestFinished(() => proxy.close())
    const behind = await startOn(temporaryDirectory(), { REDIS_URL: `redis://127.0.0.1:${proxy.port}` })
    await behind.send('POST', '/v1/store/trust', {})
    await expect.poll(async () => (await behind.bid()).status, TRIES).toBe(200)
    const order = () => behind.bid({ bidAmount: 1 }, 'order-1')
    await expect.poll(async () => (await order()).status, TRIES).toBe(200)
    const known = await order()
    proxy.cut('all')
    expect(await behind.bid({ bidAmount: 1 }, 'order-2')).toMatchObject({
      status: 503,
      body: { code: 'records_unavailable' },
    })
    expect(await order()).toEqual(known)
    proxy.heal()
    await expect.poll(async () => (await behind.bid({ bidAmount: 1 }, 'order-2')).status, TRIES).toBe(200)
  })
})
