import { describe, expect, it } from 'vitest'
import { sharedHarness } from '../support/harness.ts'

const campaign = (more: object = {}) => ({
  seat: 'example',
  advertiserDomain: 'paced.example',
  price: { cpmPerLtv: 0, minCpm: 40, maxCpm: 40 },
  creatives: [
    { id: 'ad', type: 'banner', sizes: [{ w: 11, h: 17 }], markup: '<a href="https://paced.example">Ad</a>' },
  ],
  limits: [{ kind: 'day', timezone: 'Europe/Berlin', max: 24 }],
  pacing: { mode: 'even' },
  ...more,
})
const request = () => ({
  id: 'req-1',
  imp: [{ id: 'imp-1', banner: { w: 11, h: 17 } }],
  site: { domain: 'news.example.org' },
  ext: { bidwarden: { debug: true } },
})

describe('pacing', () => {
  const start = sharedHarness()

  it('is shown with the campaign: its share, its plan and why', async () => {
    const { send, get } = await start()
    const { body: stored } = await send('PUT', '/v1/campaigns/paced', campaign())
    expect(stored.pace).toEqual({ share: null, why: 'no_chance_yet' })
    const { body: first } = await send('POST', '/openrtb2/example/bid', request())
    expect(first.seatbid[0].bid[0].ext.bidwarden.pace).toBe(0.1)
    const { body: second } = await send('POST', '/openrtb2/example/bid', request())
    expect(second.ext.seatnonbid[0].nonbid[0]).toMatchObject({
      statuscode: 501,
      ext: { bidwarden: { reason: 'paced', campaigns: { paced: 'paced' } } },
    })
    const { body } = await get('/v1/campaigns/paced')
    expect(body.pace).toMatchObject({
      ...{ share: 0.1, why: 'learning', budget: 24, used: 0, processes: 1 },
      // Berlin's day, in UTC.
      period: { start: '2026-11-19T23:00:00.000Z', end: '2026-11-20T23:00:00.000Z' },
      // Noon in UTC: eleven hours are left.
      thisHour: { planned: 2.181818, used: 0 },
    })
    const { body: metrics } = await get('/metrics')
    expect(metrics).toContain('bidwarden_openrtb_no_bids_total{seat="example",reason="paced"} 1')
  })

  it('is refused without a limit to spread, and with a flight that cannot be', async () => {
    const { send } = await start()
    const flight = { start: '2026-11-20T12:00:00Z', end: '2026-11-27T00:00:00+01:00' }
    for (const [more, field] of [
      [{ limits: [] }, 'pacing.mode'],
      [{ pacing: { mode: 'ahead', flight } }, 'pacing.mode'],
      [{ pacing: { flight: { ...flight, end: flight.start } } }, 'pacing.flight.end'],
      [{ pacing: { flight: { ...flight, end: '2028-11-20T12:00:00Z' } } }, 'pacing.flight.end'],
      [{ pacing: { flight: { ...flight, start: 'soon' } } }, 'pacing.flight.start'],
      [{ pacing: { mode: 'evenly' } }, 'pacing.mode'],
    ] as const) {
      const { status, body } = await send('PUT', '/v1/campaigns/refused', campaign(more))
      expect([status, body.field]).toEqual([400, field])
    }
    const lifetime = { limits: [{ kind: 'lifetime', max: 24 }], pacing: { mode: 'ahead', flight } }
    expect((await send('PUT', '/v1/campaigns/flown', campaign(lifetime))).status).toBe(200)
  })
})
