import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { freePort } from './support/free-port.ts'
import { startRedis } from './support/redis-server.ts'
import { folder, listening, start, startAs } from './support/service.ts'
import { smallDisk } from './support/small-disk.ts'

const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 150,
}

describe('the service as a process', () => {
  it('says where it listens, in what mode, its budgets and one thing to try, which works', async () => {
    const service = start({ PORT: '0' })
    await listening(service)
    expect(service.output()).toMatch(/mock mode/)
    expect(service.output()).toMatch(/google_ads {2}500 USD in any 10 minutes/)
    const [, url = '', body = ''] = /curl -s (\S+)[\s\S]*-d '([^']+)'/.exec(service.output()) ?? []
    const reply = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect(await reply.json()).toMatchObject({ status: 'placed', budget: { spent: 150 } })
  })

  it('stops on SIGTERM within two seconds though a client keeps its connection open', async () => {
    const service = start({ PORT: '0' })
    const url = await listening(service)
    await (await fetch(`${url}/livez`)).text()
    const asked = performance.now()
    service.child.kill('SIGTERM')
    const [code] = await once(service.child, 'exit')
    expect(code).toBe(0)
    expect(performance.now() - asked).toBeLessThan(2_000)
  })

  it('names what is missing and exits when live mode has no credentials', async () => {
    const service = start({ PORT: '0', MOCK_MODE: 'false' })
    const [code] = await once(service.child, 'exit')
    expect(code).toBe(1)
    expect(service.output()).toContain('META_ACCESS_TOKEN')
    expect(service.output()).toContain('API_KEYS')
  })

  it('says so when the port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    const port = typeof address === 'object' ? address?.port : 0
    const service = start({ PORT: String(port) })
    const [code] = await once(service.child, 'exit')
    blocker.close()
    expect(code).toBe(1)
    expect(service.output()).toContain('EADDRINUSE')
    expect(service.output()).not.toContain('at async')
  })

  it('says in a line that it is on a disk that is read-only', async () => {
    const { directory } = smallDisk()
    try {
      execFileSync('mount', ['-o', 'remount,ro', directory], { stdio: 'ignore' })
    } catch {
      chmodSync(directory, 0o555)
    }
    const service = start({ PORT: '0', DATA_DIR: join(directory, 'data') })
    const [code] = await once(service.child, 'exit')
    expect(code).toBe(1)
    expect(service.output()).toMatch(/^Cannot start: .*data cannot be made: E(ROFS|ACCES).*\n$/)
  })
})

describe('a ledger on the disk', () => {
  const post = async (url: string, path: string, body: unknown) => {
    const reply = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: reply.status, body: await reply.json() }
  }
  interface Budget {
    readonly limits: readonly { readonly spent: number; readonly remaining: number }[]
    readonly forfeited?: { readonly amount: number }
  }
  const budget = async (url: string): Promise<Budget> =>
    (await (await fetch(`${url}/v1/budgets/platform:google_ads`)).json()) as Budget
  it('remembers after a kill what was spent, limits, pauses and the kill switch; what was in the purse stays counted', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    const url = await listening(first)
    for (let i = 0; i < 3; i++)
      expect((await post(url, '/v1/bids', BID)).body).toMatchObject({ status: 'placed' })
    await post(url, '/v1/budgets/platform:meta/pause', { reason: 'review' })
    await post(url, '/v1/kill-switch', { engaged: true, reason: 'fire' })
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    const again = await listening(start(environment))
    expect(await (await fetch(`${again}/v1/kill-switch`)).json()).toMatchObject({
      engaged: true,
      reason: 'fire',
    })
    expect(await (await fetch(`${again}/v1/budgets/platform:meta`)).json()).toMatchObject({
      pauseReason: 'review',
    })
    const { limits, forfeited } = await budget(again)
    expect((limits[0]?.spent ?? 0) + (forfeited?.amount ?? 0)).toBeGreaterThanOrEqual(450)
    await post(again, '/v1/kill-switch', { engaged: false })
    const refused = await post(again, '/v1/bids', BID)
    expect(refused).toMatchObject({ status: 429, body: { code: 'budget_exceeded' } })
    // What was spent before the kill leaves the window about ten minutes after it.
    expect(refused.body).toMatchObject({ retryAfterMs: expect.closeTo(598_000, -4) })
  })

  it('takes a bill for a bid from before a kill, which it recognises by a secret of its own, out of what was in the purse, once', async () => {
    const directory = folder()
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: directory, OPENRTB_SHED_ABOVE_MS: '10000' }
    const first = start(environment)
    const imp = [{ id: '1', banner: { w: 300, h: 250 } }]
    const auction = `${await listening(first)}/openrtb2/example/bid`
    const request = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: '1', tmax: 1000, imp }),
    }
    let burl: string | undefined
    while (burl === undefined)
      burl = /"burl":"([^"]+)"/.exec(await (await fetch(auction, request)).text())?.[1]
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    const again = await listening(start(environment))
    const exchanges = async (): Promise<Budget> =>
      (await (await fetch(`${again}/v1/budgets/platform:openrtb`)).json()) as Budget
    const before = await exchanges()
    expect(before).toMatchObject({ limits: [{ spent: 0 }] })
    const left = before.forfeited?.amount ?? 0
    expect(left).toBeGreaterThanOrEqual(0.005)
    for (let i = 0; i < 2; i++)
      expect((await fetch(`${again}${new URL(burl).pathname}?price=3`)).status).toBe(200)
    const after = await exchanges()
    expect(after.limits[0]?.spent).toBe(0.003)
    expect(after.forfeited?.amount).toBeCloseTo(left - 0.003, 9)
    expect(statSync(join(directory, 'notices.key')).mode & 0o777).toBe(0o600)
  })

  it('can be read as lines, and recomputed beside the running service', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const url = await listening(start(environment))
    await post(url, '/v1/bids', BID)
    await (await fetch(`${url}/v1/budgets`)).text()
    const text = await (await fetch(`${url}/v1/ledger?scope=platform:google_ads`)).text()
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries.length).toBeGreaterThan(1)
    expect(entries.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash))).toBe(true)
    expect((await fetch(`${url}/v1/ledger?from=yesterday`)).status).toBe(400)

    const verify = start(environment, 'ledger', 'verify')
    expect(await once(verify.child, 'exit')).toEqual([0, null])
    expect(verify.output()).toMatch(/^platform:google_ads +150 +0$/m)
  })

  it('gives everything back that is not spent when it is stopped in peace', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    expect((await post(await listening(first), '/v1/bids', BID)).status).toBe(200)
    first.child.kill('SIGTERM')
    await once(first.child, 'exit')

    const again = await listening(start(environment))
    const { limits, forfeited } = await budget(again)
    expect(limits[0]).toMatchObject({ spent: 150, remaining: 350 })
    expect(forfeited).toBeUndefined()
  })

  it('is not opened by a second process, which names the first', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    await listening(first)
    const second = start(environment)
    const [code] = await once(second.child, 'exit')
    expect(code).toBe(1)
    expect(second.output()).toContain(String(first.child.pid))
  })
})

describe('records on the disk', () => {
  const bid = async (url: string, key: string) => {
    const reply = await fetch(`${url}/v1/bids`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ ...BID, bidAmount: 1 }),
    })
    return { status: reply.status, body: await reply.json() }
  }

  it('know after kill -9 every bid that was answered; one that was under way is never placed again', async () => {
    const sandboxPort = String(await freePort())
    const directory = folder()
    const environment = { PORT: '0', DATA_DIR: directory, PLATFORM_TIMEOUT_SECONDS: '60' }
    const first = start({ ...environment, SANDBOX_PORT: sandboxPort })
    const url = await listening(first)
    const answered = await bid(url, 'answered')
    expect(answered.status).toBe(200)
    const sandbox = `http://127.0.0.1:${sandboxPort}/_sandbox`
    const hold = { platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } }
    await fetch(`${sandbox}/faults`, { method: 'POST', body: JSON.stringify(hold) })
    const cutOff = bid(url, 'under way').catch(() => 'cut off')
    await expect
      .poll(async () => ((await (await fetch(`${sandbox}/state`)).json()) as { held: number }).held, {
        timeout: 10_000,
      })
      .toBe(1)
    first.child.kill('SIGKILL')
    expect(await cutOff).toBe('cut off')

    const again = await listening(start(environment))
    expect(await bid(again, 'answered')).toEqual(answered)
    expect(await bid(again, 'under way')).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    const { bids } = (await (await fetch(`${again}/v1/bids`)).json()) as { bids: { status: string }[] }
    expect(bids.map(({ status }) => status)).toEqual(['outcome_unknown', 'placed'])
  })

  it('belong to one process also where budgets are in Redis, and name a directory that cannot be written', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const environment = { PORT: '0', DATA_DIR: folder(), REDIS_URL: redis.url, NOTICE_SECRET }
    const first = start(environment)
    await listening(first)
    const second = start(environment)
    expect(await once(second.child, 'exit')).toEqual([1, null])
    expect(second.output()).toContain(`records.lock is held by process ${first.child.pid} on `)

    const readOnly = folder()
    chmodSync(readOnly, 0o555)
    // The superuser may write everywhere, so it becomes somebody else.
    const somebody = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const third = startAs(somebody, { ...environment, DATA_DIR: readOnly })
    expect(await once(third.child, 'exit')).toEqual([1, null])
    expect(third.output()).toContain(`${readOnly}/records.lock cannot be written`)
  })

  it('waits for a Redis that starts later, and says so', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    await redis.kill()
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const service = start({ PORT: '0', REDIS_URL: redis.url, NOTICE_SECRET })
    await vi.waitUntil(() => service.output().includes('waiting for the budget store'), { timeout: 20_000 })
    await redis.start()
    expect((await fetch(`${await listening(service)}/livez`)).status).toBe(200)
  })
})
