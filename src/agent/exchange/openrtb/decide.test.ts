import { describe, expect, it } from 'vitest'
import {
  bannerCreative,
  bannerRequest,
  createBidder,
  tokenOf,
  videoCreative,
} from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'
import { abandon, decide, isRefusal, readBidRequest } from './index.ts'
import { macro } from './macros.ts'

const cheap = { price: { cpmPerLtv: 0, minCpm: 5, maxCpm: 5 } }
const dear = { price: { cpmPerLtv: 0, minCpm: 9, maxCpm: 9 } }

describe('bid', () => {
  it('answers a banner with everything an exchange needs', () => {
    const { answer } = createBidder()
    const response = answer(
      bannerRequest(
        { id: 'i"1' },
        { id: 'req "1"', ext: { bidwarden: { predictedLtv: 150.25, confidence: 0.9 } } },
      ),
    )
    expect(response).toEqual({
      id: 'req "1"',
      bidid: 'owner111-1',
      cur: 'USD',
      seatbid: [
        {
          seat: 'acme',
          bid: [
            {
              id: 'owner111-1',
              impid: 'i"1',
              price: 7.512,
              w: 300,
              h: 250,
              adomain: ['shop.example.com'],
              cid: 'c1',
              crid: 'cr-1',
              cat: ['IAB22-2'],
              mtype: 1,
              cattax: 1,
              adm: '<a href="https://shop.example.com">"Buy"</a>',
              exp: 300,
              nurl: expect.stringMatching(
                /^https:\/\/bid\.example\/openrtb2\/notice\/win\/[\w.-]+\?price=\$\{AUCTION_PRICE}&cur=\$\{AUCTION_CURRENCY}$/,
              ),
              burl: expect.stringMatching(
                /\/notice\/billing\/[\w.-]+\?price=\$\{AUCTION_PRICE}&cur=\$\{AUCTION_CURRENCY}$/,
              ),
              lurl: expect.stringMatching(/\/notice\/loss\/[\w.-]+\?loss=\$\{AUCTION_LOSS}$/),
              ext: {
                bidwarden: { decisionId: 'owner111-1', source: 'ai', predictedLtv: 150.25, confidence: 0.9 },
              },
            },
          ],
        },
      ],
    })
  })

  it('has no member of 2.6 for a 2.5 exchange', () => {
    const { bid } = createBidder({
      campaigns: { c1: { creatives: [bannerCreative({ language: 'pt-BR' })] } },
    })
    const [old, now] = [bid(bannerRequest(), '2.5'), bid(bannerRequest(), '2.6')]
    expect(Object.keys(now ?? {}).filter((key) => !Object.keys(old ?? {}).includes(key))).toEqual(['langb'])
    expect(old).toMatchObject({ language: 'pt' })
  })

  it('holds its price in every scope of the campaign', () => {
    const { bid, held, budget } = createBidder()
    expect(bid(bannerRequest())?.price).toBe(5)
    expect(held()).toBe(5000)
    expect(budget.scope('campaign:openrtb:c1')?.held).toBe(5000)
  })

  it('is not made without room in every scope', () => {
    const tight = createBidder({ campaigns: { c1: { limits: [{ kind: 'lifetime', max: 0.012 }] } } })
    expect([tight.bids(bannerRequest()), tight.bids(bannerRequest())].map((bids) => bids.length)).toEqual([
      1, 1,
    ])
    expect(tight.reasons(bannerRequest())).toEqual(['over_budget'])
    expect(tight.held()).toBe(10_000)

    const global = createBidder({ globalLimits: [{ kind: 'lifetime', max: micros(4999) }] })
    expect(global.reasons(bannerRequest())).toEqual(['over_budget'])
    expect(global.budget.scope('campaign:openrtb:c1')?.held).toBe(0)
  })

  it('goes to the next campaign when the dearest has no budget left', () => {
    const { bid } = createBidder({
      campaigns: { c1: cheap, c2: { ...dear, limits: [{ kind: 'lifetime', max: 0.009 }] } },
    })
    expect([bid(bannerRequest())?.['cid'], bid(bannerRequest())?.['cid']]).toEqual(['c2', 'c1'])
  })

  it('is made again as soon as a loss or the time of the hold gave the money back', () => {
    const { bid, notify, clock } = createBidder({
      campaigns: { c1: { limits: [{ kind: 'lifetime', max: 0.005 }] } },
    })
    const first = bid(bannerRequest())
    expect(bid(bannerRequest())).toBeUndefined()
    if (first) notify('loss', first, { loss: '102' })
    expect(bid(bannerRequest())).toBeDefined()
    clock.advance(299_999)
    expect(bid(bannerRequest())).toBeUndefined()
    clock.advance(1)
    expect(bid(bannerRequest())).toBeDefined()
  })

  it('of a test is answered but holds nothing and cannot be billed', () => {
    const { bid, budget, held, spent, notify } = createBidder({
      globalLimits: [{ kind: 'lifetime', max: micros(0) }],
    })
    const test = bid(bannerRequest({}, { test: 1 }))
    expect(test?.price).toBe(5)
    expect([held(), budget.size]).toEqual([0, 0])
    if (test) expect(notify('billing', test, { price: '5' })).toMatchObject({ is: 'test', spent: 0 })
    expect(spent()).toBe(0)
  })

  it('gives its hold back when the answer is abandoned', () => {
    const { deps, seat, held } = createBidder()
    const request = readBidRequest(bannerRequest())
    if (isRefusal(request)) throw new Error('refused')
    const decision = decide(deps, seat, request)
    expect(held()).toBe(5000)
    abandon(deps, decision)
    expect(held()).toBe(0)
  })

  it('is not made when the network alone would take the time', () => {
    const { reasons, bid } = createBidder()
    expect(reasons(bannerRequest({}, { tmax: 20 }))).toEqual(['too_late'])
    expect(bid(bannerRequest({}, { tmax: 21 }))).toBeDefined()
  })

  it('is made for every impression on its own', () => {
    const { bids, held, answer } = createBidder()
    const imps = [
      { id: 'a', banner: { w: 300, h: 250 } },
      { id: 'b', banner: { w: 1, h: 1 } },
      {
        id: 'c',
        banner: {
          format: [
            { w: 728, h: 90 },
            { w: 300, h: 250 },
          ],
        },
      },
    ]
    expect(bids(bannerRequest({}, { imp: imps })).map(({ impid }) => impid)).toEqual(['a', 'c'])
    expect(held()).toBe(10_000)
    expect(answer(bannerRequest({}, { imp: imps }), '2.6', true)?.ext).toEqual({
      seatnonbid: [
        {
          seat: 'acme',
          nonbid: [{ impid: 'b', statuscode: 0, ext: { bidwarden: { reason: 'no_campaign' } } }],
        },
      ],
    })
  })

  it('is made for a hundred impressions at most, so no request holds up the others', () => {
    const { answer, bids, reasons } = createBidder()
    const imp = Array.from({ length: 103 }, (_, i) => ({ id: `${i}`, banner: { w: 300, h: 250 } }))
    expect(bids(bannerRequest({}, { imp }))).toHaveLength(100)
    expect(reasons(bannerRequest({}, { imp }))).toEqual(Array(3).fill('too_many_imps'))
    expect(answer(bannerRequest({}, { imp, allimps: 1 }))?.seatbid[0]?.bid).toHaveLength(100)
  })

  it('explains itself without a bid only to those who asked', () => {
    const { answer } = createBidder()
    const nothing = bannerRequest({ bidfloor: 100 })
    expect(answer(nothing)).toBeUndefined()
    expect(answer(nothing, '2.5', true)).toMatchObject({
      id: 'req-1',
      seatbid: [],
      ext: { seatnonbid: [{ nonbid: [{ statuscode: 301 }] }] },
    })
  })

  it('fills the billing address into a markup that asks for it', () => {
    const markup = `<img src="${macro('BIDWARDEN_BILLING_URL')}"><b>"x"</b>`
    const { bid } = createBidder({ campaigns: { c1: { creatives: [bannerCreative({ markup })] } } })
    const made = bid(bannerRequest())
    expect(made?.adm).toBe(`<img src="${made?.burl}"><b>"x"</b>`)
  })

  it('has its own token in each notice address', () => {
    const { bids } = createBidder()
    const two = bids(bannerRequest({}, { imp: ['a', 'b'].map((id) => ({ id, banner: { w: 300, h: 250 } })) }))
    const kinds = ['win', 'billing', 'loss'] as const
    expect(new Set(two.flatMap((bid) => kinds.map((kind) => tokenOf(bid, kind)))).size).toBe(6)
  })
})

describe('value of a user', () => {
  const sources = {
    user: { id: 'u1', buyeruid: 'b1', eids: [{ source: 's', uids: [{ id: 'e1' }] }] },
    device: { ifa: 'i1' },
  }
  const row = { confidence: undefined, ttlSeconds: undefined }

  it('is taken from the imp, the request, the table, the typical value, in that order', () => {
    const bidder = createBidder({ typicalLtv: 400 })
    bidder.predictions.put({ digest: bidder.predictions.digestOf('user', 'u1'), ltv: 300, ...row })
    const value = (imp: object, more: object) => bidder.bid(bannerRequest(imp, more))?.ext.bidwarden
    const ext = (predictedLtv: number) => ({ ext: { bidwarden: { predictedLtv } } })
    expect(value(ext(100), { ...sources, ...ext(200) })).toMatchObject({ source: 'ai', predictedLtv: 100 })
    expect(value({}, { ...sources, ...ext(200) })).toMatchObject({ source: 'ai', predictedLtv: 200 })
    expect(value({}, sources)).toMatchObject({ source: 'ai', predictedLtv: 300 })
    expect(value({}, {})).toMatchObject({ source: 'fallback', predictedLtv: 400 })
    expect(bidder.recorded).toEqual([100, 200, 300])
    const imps = ['a', 'b'].map((id) => ({ id, banner: { w: 300, h: 250 } }))
    bidder.bids(bannerRequest({}, { imp: imps, ...ext(500) }))
    expect(bidder.recorded).toEqual([100, 200, 300, 500])
  })

  it('is found by user, buyeruid, eid and ifa, in that order', () => {
    const { predictions, bid } = createBidder()
    const ltv = () => bid(bannerRequest({}, sources))?.ext.bidwarden['predictedLtv']
    for (const [at, [idType, userId]] of (
      [
        ['ifa', 'i1'],
        ['eid:s', 'e1'],
        ['buyeruid', 'b1'],
        ['user', 'u1'],
      ] as const
    ).entries()) {
      predictions.put({ digest: predictions.digestOf(idType, userId), ltv: at + 1, ...row })
      expect(ltv()).toBe(at + 1)
    }
  })

  it('that nobody knows makes the bid the minimum of the price rule, or none', () => {
    const { bid } = createBidder()
    expect(bid(bannerRequest())).toMatchObject({ price: 5, ext: { bidwarden: { source: 'fallback' } } })
    const { reasons } = createBidder({ campaigns: { c1: { price: { cpmPerLtv: 1, maxCpm: 9 } } } })
    expect(reasons(bannerRequest())).toEqual(['no_ltv'])
  })
})

describe('slot of several formats', () => {
  it('is answered in the one that pays most', () => {
    const { bids } = createBidder({
      campaigns: { banner: cheap, video: { ...dear, creatives: [videoCreative()] } },
    })
    const made = bids(bannerRequest({ video: { mimes: ['video/mp4'] } }))
    expect(made.map(({ mtype, price }) => [mtype, price])).toEqual([[2, 9]])
  })
})
