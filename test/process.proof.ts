import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BID, type Budget, budgetOfGoogle, post } from './support/asks.ts'
import { freePort } from './support/free-port.ts'
import { folder, listening, start } from './support/service.ts'

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
