import { describe, expect, it } from 'vitest'
import { bannerCreative, bannerRequest, createBidder } from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'

const cheap = { price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 } }
const dear = { price: { cpmPerLtv: 0, minCpm: 9, maxCpm: 9 } }
const dealOnly = (deal: string, more: object = {}) => ({ ...dear, targeting: { deals: [deal] }, ...more })

describe('deal', () => {
  const deals = (...list: object[]) => ({ pmp: { deals: list } })

  it('is bid at its own floor, next to the best open bid, and both are held', () => {
    const { bids, held } = createBidder({ campaigns: { open: cheap, deal: dealOnly('d1') } })
    const made = bids(bannerRequest({ bidfloor: 5, ...deals({ id: 'd1', bidfloor: 8 }) }))
    expect(made.map(({ dealid, price }) => [dealid, price])).toEqual([
      ['d1', 9],
      [undefined, 5],
    ])
    expect(held()).toBe(14_000)
  })

  it('alone is bid in a private auction', () => {
    const { bids, reasons } = createBidder({ campaigns: { open: cheap, deal: dealOnly('d1') } })
    const priv = (id: string) => bannerRequest({ pmp: { private_auction: 1, deals: [{ id }] } })
    expect(bids(priv('d1')).map(({ dealid }) => dealid)).toEqual(['d1'])
    expect(reasons(priv('other'))).toEqual(['private_auction'])
  })

  it('leaves campaigns for deals out of the open market', () => {
    const { reasons } = createBidder({ campaigns: { deal: dealOnly('d1') } })
    expect(reasons(bannerRequest())).toEqual(['no_campaign'])
  })

  it('is bid by the best of its campaigns, the best of several deals', () => {
    const { bids } = createBidder({
      campaigns: {
        a: dealOnly('d1', cheap),
        b: dealOnly('d1'),
        c: dealOnly('d2', { price: { cpmPerLtv: 0, minCpm: 12, maxCpm: 12 } }),
      },
    })
    expect(
      bids(bannerRequest(deals({ id: 'd1' }, { id: 'd2' }))).map(({ dealid, cid }) => [dealid, cid]),
    ).toEqual([['d2', 'c']])
    expect(bids(bannerRequest(deals({ id: 'd1' }))).map(({ cid }) => cid)).toEqual(['b'])
  })

  it('has a floor of its own currency, which is not that of the imp', () => {
    const { reasons, bids } = createBidder({
      campaigns: { deal: dealOnly('d1') },
      rates: { USD: 1, EUR: 0.5 },
    })
    const floored = (deal: object) =>
      bannerRequest({ bidfloorcur: 'EUR', pmp: { private_auction: 1, deals: [{ id: 'd1', ...deal }] } })
    expect(bids(floored({ bidfloor: 9 }))).toHaveLength(1)
    expect(reasons(floored({ bidfloor: 5, bidfloorcur: 'EUR' }))).toEqual(['below_deal_floor'])
  })

  it('at a fixed price is bid at exactly that price', () => {
    const { bids, held } = createBidder({ campaigns: { deal: dealOnly('d1') } })
    expect(bids(bannerRequest(deals({ id: 'd1', at: 3, bidfloor: 6.5 }))).map(({ price }) => price)).toEqual([
      6.5,
    ])
    expect(held()).toBe(6500)
    expect(bids(bannerRequest(deals({ id: 'd1', at: 3, bidfloor: 9.01 })))).toEqual([])
  })

  it('is only for the seats and advertisers it names', () => {
    const { bids, reasons } = createBidder({ campaigns: { deal: dealOnly('d1') } })
    const terms = (more: object) =>
      bannerRequest({ pmp: { private_auction: 1, deals: [{ id: 'd1', ...more }] } })
    expect(bids(terms({ wseat: ['x', 'acme'], wadomain: ['Example.com'] }))).toHaveLength(1)
    expect(reasons(terms({ wseat: ['x'] }))).toEqual(['deal_terms'])
    expect(reasons(terms({ wadomain: ['other.com'] }))).toEqual(['deal_terms'])
  })
})

describe('roadblock', () => {
  const page = (more: object = {}, second: object = { w: 728, h: 90 }) =>
    bannerRequest(
      {},
      {
        imp: [
          { id: 'a', banner: { w: 300, h: 250 } },
          { id: 'b', banner: second },
        ],
        ...more,
      },
    )
  const whole = {
    ...dear,
    roadblock: true,
    creatives: [
      bannerCreative({
        sizes: [
          { w: 300, h: 250 },
          { w: 728, h: 90 },
        ],
      }),
    ],
  }

  it('takes every impression of a page as one group, or none', () => {
    const { answer, held } = createBidder({ campaigns: { whole } })
    expect(answer(page({ allimps: 1 }))).toMatchObject({
      seatbid: [{ group: 1, bid: [{ impid: 'a' }, { impid: 'b' }] }],
    })
    expect(held()).toBe(18_000)
    expect(answer(page())).toBeUndefined()
    expect(answer(page({ allimps: 1 }, { w: 1, h: 1 }))).toBeUndefined()
    expect(held()).toBe(18_000)
  })

  it('holds nothing when the money is only enough for a part of the page', () => {
    const { answer, held } = createBidder({
      campaigns: { whole },
      globalLimits: [{ kind: 'lifetime', max: micros(17_999) }],
    })
    expect(answer(page({ allimps: 1 }))).toBeUndefined()
    expect(held()).toBe(0)
  })

  it('that is not possible leaves the page to single bids', () => {
    const { answer } = createBidder({ campaigns: { whole, single: cheap } })
    expect(answer(page({ allimps: 1 }, { w: 1, h: 1 }))?.seatbid).toMatchObject([
      { bid: [{ cid: 'single' }] },
    ])
    expect(answer(page({ allimps: 1 }, { w: 1, h: 1 }))?.seatbid[0]).not.toHaveProperty('group')
  })
})
