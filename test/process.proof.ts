import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BID, type Budget, budgetOfGoogle, post } from './support/asks.ts'
import { freePort } from './support/free-port.ts'
import { startRedis } from './support/redis-server.ts'
import { expectSmallMemory, folder, listening, type Started, start, startAs } from './support/service.ts'
import { smallDisk } from './support/small-disk.ts'

describe('the service as a process', () => {
  it('keeps the memory of its workers small', async () => {
    const service = start({ PORT: '0', LOG_LEVEL: 'error', WORKERS: '1' })
    await listening(service)
    expectSmallMemory(service, 1)
    service.child.kill('SIGTERM')
    await once(service.child, 'close')
  })

  it('strips types once: a start after a kill finds them in the cache, in every thread', async () => {
    const environment = { PORT: '0', NODE_COMPILE_CACHE: folder(), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const stripped = ({ output }: Started) =>
      output().match(/no transpile cache for StrippedTypeScript \S+/g) ?? []
    const first = start(environment, 'start')
    await listening(first)
    expectSmallMemory(first, 0)
    expect(stripped(first).join('\n')).toMatch(/sqlite-worker\.ts/)
    first.child.kill('SIGKILL')
    await once(first.child, 'close')
    const second = start(environment)
    await listening(second)
    expect(stripped(second)).toEqual([])
  })

  it('strips no types where the cache was filled before, as it is for an image', async () => {
    const environment = { PORT: '0', NODE_COMPILE_CACHE: folder(), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const { NODE_COMPILE_CACHE } = environment
    execFileSync(process.execPath, ['bin/warm.cjs'], {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE },
    })
    const live = {
      MOCK_MODE: 'false',
      META_ACCESS_TOKEN: 'a',
      META_BUSINESS_ID: '1',
      OPENRTB_SEATS: '[{"id":"a"}]',
    }
    const keys = { API_KEYS: `ops:admin:${'0'.repeat(64)}`, GRPC_PORT: '0', WORKERS: '1' }
    const service = start({ ...environment, ...live, ...keys })
    await listening(service)
    expect(service.output()).toMatch(/StrippedTypeScript \S+sqlite-worker\.ts/)
    expect(service.output()).not.toContain('no transpile cache for StrippedTypeScript')
  })

  it('says so when the port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    const port = typeof address === 'object' ? address?.port : 0
    const service = start({ PORT: String(port) })
    const [code] = await once(service.child, 'close')
    blocker.close()
    expect(code).toBe(1)
    expect(service.output()).toContain('EADDRINUSE')
    expect(service.output()).not.toContain('at async')
  })

  it.skipIf(process.platform !== 'linux')(
    'says in a line that nothing can be made where it is told to keep its data',
    async () => {
      const service = start({ PORT: '0', DATA_DIR: '/proc/data/of/it', LOGLEVEL: 'debug' })
      const [code] = await once(service.child, 'close')
      expect(code).toBe(1)
      expect(service.output()).toContain('LOGLEVEL is not read and LOG_LEVEL is not set')
      expect(service.output()).toMatch(/^Cannot start: \/proc\/data\/of\/it cannot be made: ENOENT.*$/m)
    },
  )

  it('says in a line that it is on a disk that is read-only', async () => {
    const { directory } = smallDisk()
    try {
      execFileSync('mount', ['-o', 'remount,ro', directory], { stdio: 'ignore' })
    } catch {
      chmodSync(directory, 0o555)
    }
    const service = start({ PORT: '0', DATA_DIR: join(directory, 'data') })
    const [code] = await once(service.child, 'close')
    expect(code).toBe(1)
    expect(service.output()).toMatch(/^Cannot start: .*data cannot be made: E(ROFS|ACCES).*\n$/)
  })
})

describe('a pipe that nobody reads any more', () => {
  it('does not end the service', async () => {
    const port = await freePort()
    const { child } = start({ PORT: String(port), MOCK_MODE: 'true' }, 'start')
    child.stdout?.destroy()
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/livez`).then(
        ({ ok }) => ok,
        () => false,
      )
    while (child.exitCode === null && !(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50))
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('a ledger on the disk', () => {
  it('can be read as lines, recomputed beside the running service, and opened by no second process, which names the first', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const service = start(environment)
    const url = await listening(service)
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
    expect(await once(verify.child, 'close')).toEqual([0, null])
    expect(verify.output()).toMatch(/^platform:google_ads +150 +0$/m)

    const second = start(environment)
    expect(await once(second.child, 'close')).toEqual([1, null])
    expect(second.output()).toContain(String(service.child.pid))
  })

  it('gives everything back that is not spent when it is stopped in peace', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    expect((await post(await listening(first), '/v1/bids', BID)).status).toBe(200)
    first.child.kill('SIGTERM')
    await once(first.child, 'close')

    const again = await listening(start(environment))
    const { limits, forfeited } = await budgetOfGoogle(again)
    expect(limits[0]).toMatchObject({ spent: 150, remaining: 350 })
    expect(forfeited).toBeUndefined()
  })
})

describe('records on the disk', () => {
  it('belong to one process also where budgets are in Redis, and name a directory that cannot be written', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const environment = { PORT: '0', DATA_DIR: folder(), REDIS_URL: redis.url, NOTICE_SECRET }
    const first = start(environment)
    await listening(first)
    const second = start(environment)
    expect(await once(second.child, 'close')).toEqual([1, null])
    expect(second.output()).toContain(`records.lock is held by process ${first.child.pid} on `)

    const readOnly = folder()
    chmodSync(readOnly, 0o555)
    // The superuser may write everywhere, so it becomes somebody else.
    const somebody = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const third = startAs(somebody, { ...environment, DATA_DIR: readOnly })
    expect(await once(third.child, 'close')).toEqual([1, null])
    expect(third.output()).toContain(`${readOnly}/records.lock cannot be written`)
  })

  it('waits for a Redis that starts later, and says so', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.close())
    await redis.kill()
    const NOTICE_SECRET = 'the same for all processes, 32 signs'
    const service = start({ PORT: '0', REDIS_URL: redis.url, NOTICE_SECRET })
    await expect.poll(() => service.output()).toContain('waiting for the budget store')
    await redis.start()
    expect((await fetch(`${await listening(service)}/livez`)).status).toBe(200)
  })
})

describe('a ledger on the disk, after a kill', () => {
  it('remembers after a kill what was spent, limits, pauses and the kill switch; what was in the purse stays counted', async () => {
    const environment = { PORT: '0', STORE: 'sqlite', DATA_DIR: folder() }
    const first = start(environment)
    const url = await listening(first)
    const bidMs = performance.now()
    for (let i = 0; i < 3; i++)
      expect((await post(url, '/v1/bids', BID)).body).toMatchObject({ status: 'placed' })
    await post(url, '/v1/budgets/platform:meta/pause', { reason: 'review' })
    await post(url, '/v1/kill-switch', { engaged: true, reason: 'fire' })
    first.child.kill('SIGKILL')
    await once(first.child, 'close')

    const again = await listening(start(environment))
    expect(await (await fetch(`${again}/v1/kill-switch`)).json()).toMatchObject({
      engaged: true,
      reason: 'fire',
    })
    expect(await (await fetch(`${again}/v1/budgets/platform:meta`)).json()).toMatchObject({
      pauseReason: 'review',
    })
    const { limits, forfeited } = await budgetOfGoogle(again)
    expect((limits[0]?.spent ?? 0) + (forfeited?.amount ?? 0)).toBeGreaterThanOrEqual(450)
    await post(again, '/v1/kill-switch', { engaged: false })
    const refused = await post(again, '/v1/bids', BID)
    expect(refused).toMatchObject({ status: 429, body: { code: 'budget_exceeded' } })
    // What was spent before the kill leaves the window ten minutes and a bit after it.
    const { retryAfterMs } = refused.body as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThanOrEqual(600_000 - (performance.now() - bidMs))
    expect(retryAfterMs).toBeLessThan(602_500)
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
    await once(first.child, 'close')

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
})

describe('records on the disk, after a kill', () => {
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
      .poll(async () => ((await (await fetch(`${sandbox}/state`)).json()) as { held: number }).held)
      .toBe(1)
    first.child.kill('SIGKILL')
    expect(await cutOff).toBe('cut off')

    const again = await listening(start(environment))
    expect(await bid(again, 'answered')).toEqual(answered)
    expect(await bid(again, 'under way')).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    const { bids } = (await (await fetch(`${again}/v1/bids`)).json()) as { bids: { status: string }[] }
    expect(bids.map(({ status }) => status)).toEqual(['outcome_unknown', 'placed'])
  })
})
