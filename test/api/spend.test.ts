import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { goOn, type Harness, startHarness } from '../support/harness.ts'
import { temporaryDirectory } from '../support/restarts.ts'

const entry = (name: string, scopes: string) => `${name}:${scopes}:${hashKey(`${name}-key`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer ${name}-key` })

/** Lets the service look at the next full minute, and another one some minutes later. */
async function pass({ clock }: Pick<Harness, 'clock'>, minutes: number): Promise<void> {
  for (let left = minutes; left > 0; left--) {
    clock.advance(MINUTE_MS - (clock.nowMs() % MINUTE_MS))
    await goOn()
  }
}

/**
 * To the next full hour by the clock on the wall; a minute of it passes, so that the service looks at the hour. It does so
 * in steps, because a disk that has not answered for two seconds counts as away.
 */
async function passToHour({ clock }: Pick<Harness, 'clock'>): Promise<void> {
  clock.stepWall(HOUR_MS - (clock.nowMs() % HOUR_MS) - MINUTE_MS)
  for (let second = 0; second < 60; second++) {
    clock.advance(1_000)
    await goOn()
  }
}
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

const spend = async ({ get }: Harness, query: string, headers = {}) =>
  (await get(`/v1/spend?${query}`, headers)).body
const GOOGLE = 'scope=platform:google_ads'

describe('GET /v1/spend', () => {
  it('has what was spent in each minute, null before it looked, and says so', async () => {
    const harness = await startHarness()
    await harness.bid({ bidAmount: 1 })
    expect(await spend(harness, GOOGLE)).toMatchObject({
      period: 'hour',
      bucketSeconds: 60,
      series: [{ scope: 'platform:google_ads', total: null, caveats: [{ code: 'not_followed' }] }],
    })
    await pass(harness, 2)
    await harness.bid({ bidAmount: 20 })
    await pass(harness, 1)
    await harness.bid({ bidAmount: 3.5 })
    const { series, from, to } = await spend(harness, GOOGLE)
    const [{ amounts, currency, caveats }] = series
    expect(currency).toBe('USD')
    expect(amounts).toHaveLength(60)
    expect(amounts.slice(-3)).toEqual([0, 20, 3.5])
    expect(new Set(amounts.slice(0, -4))).toEqual(new Set([null]))
    expect(caveats).toMatchObject([{ code: 'gaps' }])
    expect(Date.parse(to)).toBe(harness.clock.nowMs())
    expect(Date.parse(from) % 60_000).toBe(0)
  })

  it('has all budgets that are shared where none is named, and refuses what it does not know', async () => {
    const harness = await startHarness()
    const { series } = await spend(harness, 'period=hour')
    expect(series.map(({ scope }: { scope: string }) => scope)).toEqual([
      'platform:google_ads',
      'platform:meta',
      'platform:tradedesk',
      'platform:dv360',
      'platform:openrtb',
      'global',
    ])
    expect((await harness.get('/v1/spend?scope=platform:nowhere')).status).toBe(404)
    expect((await harness.get('/v1/spend?period=year')).status).toBe(400)
  })

  it('knows a week by hours, across a restart, and nothing of the time between', async () => {
    const environment = { DATA_DIR: temporaryDirectory(), STORE: 'sqlite' }
    const first = await startHarness(environment)
    await passToHour(first)
    expect((await first.bid({ bidAmount: 12 })).status).toBe(200)
    await passToHour(first)
    await first.service.stop()
    const again = await startHarness(environment)
    again.clock.stepWall(first.clock.nowMs() - again.clock.nowMs() + 2.5 * HOUR_MS)
    await passToHour(again)
    await again.bid({ bidAmount: 5 })
    const { series } = (await again.get('/v1/spend?scope=platform:google_ads&period=week')).body
    expect(series[0].amounts.slice(-6)).toEqual([null, 12, null, null, null, 5])
    expect(series[0]).toMatchObject({ total: null, caveats: [{ code: 'gaps' }] })
  })

  it('tells an organisation of its own budgets alone', async () => {
    const harness = await startHarness({
      API_KEYS: [entry('ops', 'admin'), entry('seven@7', 'admin'), entry('eight@8', 'admin')].join(','),
    })
    const limits = [{ kind: 'lifetime', max: 10 }]
    await harness.send('PUT', '/v1/budgets/campaign:meta:120@7', { limits }, as('ops'))
    await harness.send('PUT', '/v1/budgets/org:7', { limits }, as('ops'))
    await pass(harness, 2)
    await harness.bid({ platform: 'meta', campaignId: '120', bidAmount: 9 }, as('seven@7'))
    await pass(harness, 1)
    const own = await spend(harness, 'period=hour', as('seven@7'))
    expect(own.series.map(({ scope }: { scope: string }) => scope)).toEqual(['org:7'])
    const campaign = await spend(harness, 'scope=campaign:meta:120', as('seven@7'))
    expect(campaign.series[0]).toMatchObject({ scope: 'campaign:meta:120', currency: 'USD' })
    expect(campaign.series[0].amounts).toContain(9)
    for (const scope of ['campaign:meta:120', 'campaign:meta:120@7', 'platform:meta'])
      expect((await harness.get(`/v1/spend?scope=${scope}`, as('eight@8'))).status).toBe(404)
  })
})
