import { describe, expect, it } from 'vitest'
import { goOn, type Harness, startHarness, until } from '../support/harness.ts'

const DOWN = { platform: 'google_ads', times: 'always', fault: { is: 'http', status: 503 } } as const

/** Three failures in a row open the breaker; the reads that fail hold no money. */
async function breakGoogle({ bid, sandbox }: Harness): Promise<void> {
  sandbox.faults.add(DOWN)
  for (let i = 0; i < 3; i++) await bid({ campaignId: `broken${i}`, predictedLtv: 40 + i, bidAmount: 1 })
}

async function google({ get }: Harness) {
  return (await get('/v1/platforms')).body.platforms[0]
}

/** Lets the deferred bids be tried, and waits until the sandbox has heard of `applied` bids in all and has answered. */
async function recovered({ clock, sandbox }: Harness, applied: number): Promise<void> {
  clock.advance(250)
  await until(() => sandbox.ledger.applied.length >= applied)
  await goOn()
}

describe('a platform that fails and recovers', () => {
  it('opens its breaker after three failures; bids are deferred, unheld and uncalled', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    const calls = harness.sandbox.ledger.requests.length
    const deferred = await harness.bid({ predictedLtv: 100, bidAmount: 90 })
    expect(deferred).toMatchObject({
      status: 202,
      // The median of 40, 41, 42 and 100, below what was asked.
      body: {
        status: 'deferred',
        source: 'fallback',
        predictedLtv: 41.5,
        bidAmount: 41.5,
        budget: { held: 0 },
      },
    })
    expect(harness.sandbox.ledger.requests).toHaveLength(calls)
    expect(await google(harness)).toMatchObject({
      breaker: { state: 'open', retryAfterMs: 30_000 },
      deferred: 1,
    })
  })

  it('places what was deferred when the breaker half-opens, and two successes close it', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    const first = await harness.bid({ campaignId: 'a' })
    const second = await harness.bid({ campaignId: 'b' })
    harness.sandbox.faults.clear()
    harness.clock.advance(29_000)
    expect(harness.sandbox.ledger.applied).toHaveLength(0)
    harness.clock.advance(1_000)
    await recovered(harness, 2)
    await until(() => harness.service.agent.connectors.google_ads.breaker.state.is === 'closed')
    for (const { body } of [first, second]) {
      expect((await harness.get(`/v1/bids/${body.bidId}`)).body).toMatchObject({
        status: 'placed',
        source: 'fallback',
        history: [{ status: 'deferred' }, { status: 'placed' }],
      })
    }
    expect(harness.service.agent.budget.scope('platform:google_ads')).toMatchObject({ held: 0 })
    expect((await harness.bid({ bidAmount: 1 })).body).toMatchObject({ status: 'placed', source: 'ai' })
  })

  it('opens again at once when the probe fails', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    harness.clock.advance(30_000)
    await harness.bid({ campaignId: 'probe' })
    expect(await google(harness)).toMatchObject({ breaker: { state: 'open', retryAfterMs: 30_000 } })
  })

  it('keeps only the newest deferred bid of a campaign', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    const older = await harness.bid()
    const newer = await harness.bid()
    expect((await harness.get(`/v1/bids/${older.body.bidId}`)).body.status).toBe('superseded')
    harness.sandbox.faults.clear()
    harness.clock.advance(30_000)
    await recovered(harness, 1)
    expect(harness.sandbox.ledger.applied).toMatchObject([{ decisionId: newer.body.bidId }])
  })

  it('drops a deferred bid after 60 seconds', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    const deferred = await harness.bid()
    const statusAfterSecond = async () => {
      harness.clock.advance(1_000)
      // A try that is under way fails first.
      await goOn()
      return (await harness.get(`/v1/bids/${deferred.body.bidId}`)).body.status
    }
    // The breaker half-opens on the way, and every probe fails.
    for (let second = 1; second < 60; second++) expect(await statusAfterSecond()).toBe('deferred')
    await statusAfterSecond()
    expect(await statusAfterSecond()).toBe('expired')
    harness.sandbox.faults.clear()
    harness.clock.advance(60_000)
    expect(harness.sandbox.ledger.applied).toEqual([])
  })

  it('drops a deferred bid that the kill switch stops', async () => {
    const harness = await startHarness()
    await breakGoogle(harness)
    const deferred = await harness.bid()
    await harness.send('POST', '/v1/kill-switch', { engaged: true })
    harness.sandbox.faults.clear()
    harness.clock.advance(30_250)
    const record = async () => (await harness.get(`/v1/bids/${deferred.body.bidId}`)).body
    for (let turn = 0; turn < 500 && (await record()).status === 'deferred'; turn++) await goOn()
    expect(await record()).toMatchObject({ status: 'refused', code: 'paused' })
    expect(harness.sandbox.ledger.applied).toEqual([])
  })

  it('answers 503 with the time of the next try when there is nothing to go by', async () => {
    const harness = await startHarness()
    harness.sandbox.faults.add({ ...DOWN, platform: 'tradedesk' })
    for (let i = 0; i < 3; i++) await harness.bid({ platform: 'tradedesk', bidAmount: 1 })
    const { fallback } = harness.service.agent
    expect(fallback.decide('tradedesk')).toBeDefined()

    const other = await startHarness({ LTV_PREDICTOR_URL: 'http://127.0.0.1:9/' })
    expect(await other.bid({ predictedLtv: undefined })).toMatchObject({ status: 422 })
  })

  it('is left alone after three slow answers too, though they succeeded', async () => {
    const harness = await startHarness()
    for (let i = 0; i < 3; i++) {
      harness.sandbox.faults.add({ platform: 'tradedesk', fault: { is: 'hold' } })
      const pending = harness.bid({ platform: 'tradedesk', bidAmount: 1 })
      await until(() => harness.sandbox.faults.held() === 1)
      harness.clock.advance(501)
      harness.sandbox.faults.release()
      expect((await pending).status).toBe(200)
    }
    expect((await harness.bid({ platform: 'tradedesk' })).status).toBe(202)
  })
})
