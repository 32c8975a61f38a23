import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 150,
}

/** The service as a user starts it: a process of its own, with this environment. */
function start(
  environment: Record<string, string>,
  ...args: string[]
): { child: ChildProcess; output: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'bidwarden-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    env: { PATH: process.env['PATH'], DATA_DIR: folder, ...environment },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk))
  return { child, output: () => output }
}

async function listening({ child, output }: ReturnType<typeof start>): Promise<string> {
  for (;;) {
    const url = /listens at (http:\S+)/.exec(output())?.[1]
    if (url !== undefined) return url
    await Promise.race([
      once(child.stdout ?? child, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error(output()))),
    ])
  }
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
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'bidwarden-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

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

  it('takes a bill for a bid from before a kill out of what was in the purse, once', async () => {
    const environment = {
      PORT: '0',
      STORE: 'sqlite',
      DATA_DIR: folder(),
      NOTICE_SECRET: 'the same secret at every start, 32+ signs',
      OPENRTB_SHED_ABOVE_MS: '10000',
    }
    const first = start(environment)
    const url = await listening(first)
    const request = { id: '1', tmax: 1000, imp: [{ id: '1', banner: { w: 300, h: 250 } }] }
    const { body } = await post(url, '/openrtb2/example/bid', request)
    const burl = /"burl":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? ''
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
    expect(verify.output()).toMatch(/platform:google_ads: spent 150/)
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
