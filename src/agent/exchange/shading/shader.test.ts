import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bannerRequest, createBidder, type ReadBid, videoCreative } from '../../../../test/support/bidder.ts'
import { abandon, decide, isRefusal, type NoticeKind, readBidRequest } from '../openrtb/index.ts'

const JUDGED_MS = 30_000
const worth = (ltv: number, more: object = {}) => ({
  at: 1,
  ext: { bidwarden: { predictedLtv: ltv } },
  ...more,
})
const price = { cpmPerLtv: 1, maxCpm: 1_000 }
const askFor = (ltv: number, imp: object = {}, more: object = {}) => bannerRequest(imp, worth(ltv, more))

/** A bidder that bids what its users are worth. It tries another price only where `luck` is below the share of trials. */
function world({ luck = 0.999, campaign = {} as object } = {}) {
  const chance = { luck }
  const bidder = createBidder({ campaigns: { c1: { price, ...campaign } }, random: () => chance.luck })
  const auction = (
    ltv: number,
    then?: (bid: ReadBid) => readonly [kind: NoticeKind, query: Record<string, string>],
    request: object = askFor(ltv),
  ): number => {
    const made = bidder.bid(request)
    if (!made) throw new Error('no bid')
    if (then) bidder.notify(then(made)[0], made, then(made)[1])
    return made.price
  }
  /** Auctions that are won by a price of `needed` or more; every notice names that price. */
  const teach = (auctions: number, needed = 2): void => {
    for (let i = 0; i < auctions; i++) {
      auction(3 + (i % 5), (bid) =>
        bid.price >= needed
          ? ['win', { lowest: String(needed) }]
          : ['loss', { loss: '102', lowest: String(needed) }],
      )
      bidder.clock.advance(1_000)
    }
    bidder.clock.advance(JUDGED_MS)
  }
  return { ...bidder, chance, auction, teach, priceOf: (request: object) => bidder.bid(request)?.price ?? 0 }
}

describe('shading', () => {
  it('bids the whole worth until enough is known, then a little more than what auctions are won for', () => {
    const { teach, priceOf } = world()
    teach(29)
    expect(priceOf(askFor(4))).toBe(4)
    teach(100)
    const shaded = priceOf(askFor(4))
    expect(shaded).toBeGreaterThanOrEqual(2)
    expect(shaded).toBeLessThan(2.5)
    // No gain can be had where the price is what the impression is worth.
    expect(priceOf(askFor(1))).toBeLessThanOrEqual(1)
  })

  it('never bids above the worth or below the floor, whatever is tried', () => {
    const { teach, priceOf, chance } = world()
    teach(130)
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.9999, noNaN: true }),
        fc.integer({ min: 10, max: 900_000 }),
        fc.integer({ min: 0, max: 1_200 }),
        (luck, milliLtv, perMille) => {
          chance.luck = luck
          const [ltv, bidfloor] = [milliLtv / 1_000, (milliLtv * perMille) / 1e6]
          const made = priceOf(askFor(ltv, { bidfloor }))
          if (perMille > 1_000) expect(made).toBe(0)
          else expect(made === 0 || (made <= ltv && made >= bidfloor)).toBe(true)
          if (perMille < 999) expect(made).toBeGreaterThan(0)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('tries other prices now and then, and more while little is known', () => {
    const { teach, priceOf, chance } = world()
    teach(130)
    const best = priceOf(askFor(4))
    chance.luck = 0.02
    expect(priceOf(askFor(4))).not.toBe(best)
    chance.luck = 0.9
    expect(priceOf(askFor(4))).toBe(best)
  })

  it('is for first-price auctions in the open market alone', () => {
    const { teach, priceOf, put } = world()
    teach(130)
    for (const at of [2, 3, undefined, 'first']) expect(priceOf(askFor(4, {}, { at }))).toBe(4)
    expect(priceOf(askFor(4, {}, { at: 1 }))).toBeLessThan(4)
    const deal = { pmp: { private_auction: 1, deals: [{ id: 'd1', bidfloor: 1, at: 1 }] } }
    put('c1', { price, targeting: { deals: ['d1'] } })
    expect(priceOf(askFor(4, deal))).toBe(4)
    put('c1', { price, roadblock: true })
    expect(priceOf(askFor(4, {}, { allimps: 1 }))).toBe(4)
    put('c1', { price, shading: 'off' })
    expect(priceOf(askFor(4))).toBe(4)
  })

  it('holds what is bid, in every budget', () => {
    const { teach, bid, held, clock, budget } = world()
    teach(130)
    clock.advance(300_000)
    budget.expire()
    const before = held()
    const made = bid(askFor(4))
    expect(made?.price).toBeLessThan(4)
    expect(held() - before).toBe(Math.ceil((made?.price ?? 0) * 1_000))
  })

  it('bids while a budget has room for the shaded price, though not for the worth', () => {
    const { teach, put, priceOf, notify, bid } = world()
    teach(130)
    put('c2', { price: { ...price, cpmPerLtv: 2 }, limits: [{ kind: 'lifetime', max: 0.006 }] })
    const first = bid(askFor(4))
    expect(first?.['cid']).toBe('c2')
    // What is left of 0.006 has no room for a CPM of 8, but for the shaded price.
    const second = bid(askFor(4))
    expect(second?.['cid']).toBe('c2')
    expect(priceOf(askFor(4))).toBeGreaterThan(0)
    if (first) notify('loss', first, { loss: '102' })
  })

  it('is learned by class of slot', () => {
    const { teach, priceOf, put, shader } = world()
    put('c1', {
      price,
      creatives: [
        {
          id: 'ad',
          type: 'banner',
          sizes: [
            { w: 300, h: 250 },
            { w: 320, h: 50 },
          ],
          markup: 'x',
        },
        videoCreative(),
      ],
    })
    teach(130)
    expect(priceOf(askFor(4))).toBeLessThan(4)
    expect(priceOf(askFor(4, { banner: { w: 320, h: 50 } }))).toBe(4)
    expect(priceOf(askFor(4, {}, { site: undefined, app: { bundle: 'b' } }))).toBe(4)
    expect(priceOf(askFor(4, { banner: undefined, video: { mimes: ['video/mp4'] } }))).toBe(4)
    const shown = new Map(shader.shown('acme').map((one) => [one.slot, one]))
    expect([...shown.keys()].sort()).toEqual([
      'app_banner_medium',
      'other_banner_medium',
      'other_banner_small',
      'other_video',
    ])
    expect(shown.get('other_banner_medium')).toMatchObject({ isLearning: false, follows: 'price' })
    expect(shown.get('other_video')).toMatchObject({ isLearning: true, auctions: 0, curve: [] })
  })

  it('uses the curve of shares where rivals bid a share of the same worth', () => {
    const { auction, clock, priceOf, shader, chance } = world()
    for (let i = 0; i < 400; i++) {
      chance.luck = (i * 0.618) % 1
      const ltv = 1 + (i % 40)
      auction(ltv, (bid) => [bid.price >= ltv / 2 ? 'win' : 'loss', {}])
      clock.advance(1_000)
    }
    clock.advance(JUDGED_MS)
    chance.luck = 0.999
    expect(shader.shown('acme')[0]?.follows).toBe('worth')
    for (const ltv of [2, 20]) {
      expect(priceOf(askFor(ltv)) / ltv).toBeGreaterThan(0.45)
      expect(priceOf(askFor(ltv)) / ltv).toBeLessThan(0.7)
    }
  })
})

describe('an auction', () => {
  const auctionsOf = ({ shader }: ReturnType<typeof world>) => shader.shown('acme')[0]?.auctions ?? 0

  it('is judged at a fixed age, and counts as lost where no notice comes', () => {
    const one = world()
    one.auction(4)
    one.auction(4, () => ['win', {}])
    one.clock.advance(JUDGED_MS - 1)
    expect(auctionsOf(one)).toBe(0)
    one.clock.advance(1)
    expect(auctionsOf(one)).toBe(2)
    const { curve } = one.shader.shown('acme')[0] ?? { curve: [] }
    const chanceAtWorth = curve.filter(({ at }) => at <= 4).at(-1)?.chance
    expect(chanceAtWorth).toBeGreaterThan(0.2)
    expect(chanceAtWorth).toBeLessThan(0.9)
  })

  it('teaches nothing where a higher price would not have won it, or its answer was not sent, or it was a test', () => {
    const one = world()
    for (const loss of ['1', '103', '205', '1001']) one.auction(4, () => ['loss', { loss }])
    one.auction(4, undefined, askFor(4, {}, { test: 1 }))
    one.auction(4, undefined, askFor(4, {}, { at: 2 }))
    one.clock.advance(JUDGED_MS)
    expect(auctionsOf(one)).toBe(0)
    for (const loss of ['100', '101', '102', 'x']) one.auction(4, () => ['loss', { loss }])
    one.clock.advance(JUDGED_MS)
    expect(auctionsOf(one)).toBe(4)
  })

  it('that was won stays won', () => {
    const { bid, notify, clock, shader } = world()
    for (let i = 0; i < 100; i++) {
      const made = bid(askFor(4))
      if (!made) continue
      notify('win', made)
      notify('loss', made, { loss: '102' })
      clock.advance(1_000)
    }
    clock.advance(JUDGED_MS)
    // Had they been lost, nothing would be known of what wins.
    expect(shader.shown('acme')[0]?.isLearning).toBe(false)
  })

  it('whose answer was not sent teaches nothing', () => {
    const one = world()
    const request = readBidRequest(askFor(4))
    if (isRefusal(request)) throw new Error('refused')
    abandon(one.deps, decide(one.deps, one.seat, request))
    one.clock.advance(JUDGED_MS)
    expect(auctionsOf(one)).toBe(0)
  })

  it('that is lost again and again leaves the price at the whole worth', () => {
    const { auction, clock, priceOf } = world()
    for (let i = 0; i < 100; i++) {
      auction(4, () => [i < 5 ? 'win' : 'loss', { loss: '102' }])
      clock.advance(1_000)
    }
    clock.advance(JUDGED_MS)
    expect(priceOf(askFor(4))).toBe(4)
  })

  it('has its lowest price ignored where that contradicts the outcome of the bid', () => {
    const { auction, clock, priceOf } = world()
    // Lost, though a lower price is said to win; and won, though only a higher one should.
    for (let i = 0; i < 120; i++) {
      auction(4, () => (i % 3 === 0 ? ['win', { lowest: '9' }] : ['loss', { loss: '102', lowest: '0.1' }]))
      clock.advance(1_000)
    }
    clock.advance(JUDGED_MS)
    expect(priceOf(askFor(4))).toBeGreaterThan(1)
  })

  it('that was lost teaches the price in its notice as what would have won, in the currency of the notice', () => {
    const bidder = createBidder({
      campaigns: { c1: { price } },
      rates: { USD: 1, EUR: 0.5 },
      random: () => 0.999,
    })
    for (let i = 0; i < 130; i++) {
      const made = bidder.bid(askFor(3 + (i % 70) / 5))
      if (made && i % 2) bidder.notify('loss', made, { loss: '102', price: '2', currency: 'EUR' })
      else if (made) bidder.notify('win', made, { lowest: '2.5' })
      bidder.clock.advance(1_000)
    }
    bidder.clock.advance(JUDGED_MS)
    // Half of the auctions are won for 2.5, half for 2 EUR, which are 4.
    expect(bidder.bid(askFor(20))?.price).toBeGreaterThan(4)
    expect(bidder.bid(askFor(20))?.price).toBeLessThan(4.6)
  })

  it('of long ago counts less: prices that change are followed', () => {
    const { teach, priceOf } = world()
    teach(1_500, 1)
    expect(priceOf(askFor(4))).toBeLessThan(1.3)
    teach(1_500, 2.5)
    expect(priceOf(askFor(4))).toBeGreaterThanOrEqual(2.4)
  }, 60_000)
})
