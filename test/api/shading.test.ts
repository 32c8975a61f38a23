import { describe, expect, it } from 'vitest'
import { macro } from '../../src/agent/exchange/openrtb/macros.ts'
import { type Harness, sharedHarness } from '../support/harness.ts'

const campaign = (more: object = {}) => ({
  seat: 'example',
  advertiserDomain: 'shaded.example',
  price: { cpmPerLtv: 1, maxCpm: 100 },
  creatives: [{ id: 'ad', type: 'banner', sizes: [{ w: 13, h: 19 }], markup: '<b>Ad</b>' }],
  ...more,
})
const request = (more: object = {}) => ({
  id: 'req-1',
  at: 1,
  imp: [{ id: 'imp-1', banner: { w: 13, h: 19 }, bidfloor: 1 }],
  site: { domain: 'news.example.org' },
  ext: { bidwarden: { predictedLtv: 4 } },
  ...more,
})

/** Bids in so many first-price auctions, all won by 1.5. */
async function win({ send, get, clock }: Harness, auctions: number): Promise<void> {
  for (let i = 0; i < auctions; i++) {
    const { body } = await send('POST', '/openrtb2/example/bid', request())
    const { nurl } = body.seatbid[0].bid[0]
    const path = new URL(nurl).pathname
    expect(nurl).toContain(`&min=${macro('AUCTION_MIN_TO_WIN')}`)
    expect((await get(`${path}?price=4&cur=USD&min=1.5`)).status).toBe(200)
  }
  clock.advance(30_000)
}

describe('shading', () => {
  const start = sharedHarness()

  it('lowers what first-price auctions are bid, and says by how much and why', async () => {
    const harness = await start()
    const { send, get } = harness
    await send('PUT', '/v1/campaigns/shaded', campaign())
    const explained = async (more: object = {}) =>
      (await send('POST', '/openrtb2/example/bid', request({ test: 1, ...more }))).body.seatbid[0].bid[0]
    const before = await explained()
    expect([before.price, before.ext.bidwarden.shade]).toEqual([4, { by: 1, why: 'learning', worth: 4 }])
    await win(harness, 40)

    const { price, lurl, ext } = await explained()
    expect(price).toBeGreaterThanOrEqual(1.5)
    expect(price).toBeLessThan(2)
    expect(ext.bidwarden.shade).toEqual({ by: expect.closeTo(price / 4, 3), why: 'learned', worth: 4 })
    expect(lurl).toContain(
      `?loss=${macro('AUCTION_LOSS')}&price=${macro('AUCTION_PRICE')}&cur=${macro('AUCTION_CURRENCY')}&min=`,
    )
    expect((await explained({ at: 2 })).price).toBe(4)
    expect((await explained({ at: 2 })).ext.bidwarden.shade).toBeUndefined()
    const { body: tested } = await send('POST', '/v1/seats/example/test', request())
    expect(tested.imps[0].bids[0]).toMatchObject({ price, shade: ext.bidwarden.shade })
    // What an exchange gets with a bid does not say what the bid is worth.
    const { body: real } = await send('POST', '/openrtb2/example/bid', request())
    expect(real.seatbid[0].bid[0].ext.bidwarden).not.toHaveProperty('shade')

    const { body: seat } = await get('/v1/seats/example')
    expect(seat.shading).toMatchObject([
      {
        ...{ slot: 'other_banner_small', auctions: 40, isLearning: false, follows: 'worth' },
        typical: { worth: 4, price: expect.any(Number) },
      },
    ])
    expect(seat.shading[0].curve.at(-1).chance).toBeGreaterThan(0.95)
    expect(seat.shading[0].curve[0].chance).toBeLessThan(0.1)
    expect((await get('/metrics')).body).toContain(
      'bidwarden_openrtb_first_price_bids_total{seat="example",why="learning"} 41',
    )

    await send('PUT', '/v1/campaigns/shaded', campaign({ shading: 'off' }))
    const off = await explained()
    expect([off.price, off.ext.bidwarden.shade.why]).toEqual([4, 'off'])
  })

  it('is on unless a campaign says off, and nothing else', async () => {
    const { send } = await start()
    const { body } = await send('PUT', '/v1/campaigns/plain', campaign())
    expect(body.shading).toBe('on')
    const wrong = await send('PUT', '/v1/campaigns/plain', campaign({ shading: 'sometimes' }))
    expect([wrong.status, wrong.body.field]).toEqual([400, 'shading'])
  })
})
