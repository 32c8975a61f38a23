import { describe, expect, it } from 'vitest'
import { type BidderOptions, bannerRequest, createBidder, tokenOf } from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'
import { type NoticeToken, settleNotice } from './index.ts'
import { macro } from './macros.ts'

const RATES = { USD: 1, EUR: 0.8 }

/** A bidder with one open bid at $5 CPM: 5000 micros are held. */
function withBid(options: BidderOptions = {}) {
  const bidder = createBidder({ rates: RATES, ...options })
  const bid = bidder.bid(bannerRequest())
  if (!bid) throw new Error('no bid')
  return {
    ...bidder,
    bid,
    money: () => ({ held: bidder.held(), spent: bidder.spent() }),
    fire: (kind: 'win' | 'billing' | 'loss', query?: Record<string, string>) =>
      bidder.notify(kind, bid, query),
  }
}

describe('billing notice', () => {
  it('turns the hold into spend at the clearing price', () => {
    const { fire, money } = withBid()
    expect(fire('billing', { price: '3.2', currency: 'USD' })).toEqual({
      is: 'settled',
      spent: 3200,
      price: 'stated',
      lossCode: undefined,
      contradicts: false,
      delayMs: 0,
    })
    expect(money()).toEqual({ held: 1800, spent: 3200 })
  })

  it.each<[price: string | undefined, form: string, spent: number]>([
    [undefined, 'empty', 5000],
    ['', 'empty', 5000],
    ['  ', 'empty', 5000],
    ['AUDIT', 'audit', 5000],
    [macro('AUCTION_PRICE'), 'unexpanded', 5000],
    [macro('AUCTION_PRICE:B64'), 'unexpanded', 5000],
    ['NaN', 'not_a_number', 5000],
    ['Infinity', 'not_a_number', 5000],
    ['0x10', 'not_a_number', 5000],
    ['1,5', 'not_a_number', 5000],
    ['5 USD', 'not_a_number', 5000],
    ['1e', 'not_a_number', 5000],
    ['-1', 'negative', 5000],
    ['-0.000001', 'negative', 5000],
    ['5.000001', 'above_bid', 5000],
    ['99999999999999999999', 'above_bid', 5000],
    ['1e300', 'above_bid', 5000],
    ['5', 'stated', 5000],
    ['5.0000000', 'stated', 5000],
    [' 4.5 ', 'stated', 4500],
    ['4.5001', 'stated', 4501],
    ['4.0000000001', 'stated', 4001],
    ['+2', 'stated', 2000],
    ['.5', 'stated', 500],
    ['45e-1', 'stated', 4500],
    ['0', 'stated', 0],
    ['-0', 'stated', 0],
  ])('with the price %j counts as %s and books %d micros', (price, form, spent) => {
    const { fire, money } = withBid()
    expect(fire('billing', price === undefined ? {} : { price })).toMatchObject({
      is: 'settled',
      price: form,
      spent,
    })
    expect(money()).toEqual({ held: 5000 - spent, spent })
  })

  it.each<[currency: string, form: string, spent: number]>([
    ['USD', 'stated', 2000],
    ['usd', 'stated', 2000],
    ['', 'stated', 2000],
    [macro('AUCTION_CURRENCY'), 'stated', 2000],
    ['AUDIT', 'stated', 2000],
    ['EUR', 'stated', 2500],
    ['XAU', 'unknown_currency', 5000],
  ])('in the currency %j counts as %s and books %d micros', (currency, form, spent) => {
    const { fire } = withBid()
    expect(fire('billing', { price: '2', currency })).toMatchObject({ price: form, spent })
  })

  it('is in proportion for a quantity and for another currency of the bid', () => {
    const bidder = createBidder({ rates: RATES })
    const bid = bidder.bid(bannerRequest({ qty: { multiplier: 20 } }, { cur: ['EUR'] }))
    expect([bid?.price, bidder.held()]).toEqual([4, 100_000])
    if (bid)
      expect(bidder.notify('billing', bid, { price: '1', currency: 'EUR' })).toMatchObject({ spent: 25_000 })
  })

  it('moves money once, however often and with whatever price it comes', () => {
    const { fire, money, clock, budget } = withBid()
    fire('billing', { price: '3' })
    for (let i = 0; i < 4; i++) {
      clock.advance(100_000)
      const is = i === 3 ? 'duplicate' : 'duplicate_other_price'
      expect(fire('billing', { price: `${i}` })).toMatchObject({ is, spent: 0 })
    }
    budget.expire()
    expect(money()).toEqual({ held: 0, spent: 3000 })
  })

  it('at a low price does not keep the real one out, which is booked up to the bid, after the hold too', () => {
    const { fire, money, clock, budget } = withBid()
    expect(fire('billing', { price: '0.001' })).toMatchObject({ is: 'settled', spent: 1 })
    expect(fire('billing', { price: '0.002' })).toMatchObject({ is: 'raised', spent: 1 })
    clock.advance(1_000_000)
    budget.expire()
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'raised', spent: 3998 })
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'duplicate', spent: 0 })
    expect(fire('billing', { price: '3' })).toMatchObject({ is: 'duplicate_other_price', spent: 0 })
    for (const price of ['99', '', 'AUDIT', '5']) fire('billing', { price })
    expect(money()).toEqual({ held: 0, spent: 5000 })
  })

  it('below the bid leaves the rest held until the hold time is over, and a higher one is paid from that', () => {
    const { fire, money, clock, budget, bids, overdrafts } = withBid({
      globalLimits: [{ kind: 'lifetime', max: micros(5000) }],
    })
    fire('billing', { price: '0' })
    expect(money()).toEqual({ held: 5000, spent: 0 })
    fire('billing', { price: '0.001' })
    expect(fire('loss', { loss: '102' })).toMatchObject({ is: 'contradicted' })
    expect(money()).toEqual({ held: 4999, spent: 1 })
    expect(bids(bannerRequest())).toEqual([])
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'raised', spent: 3999 })
    expect(money()).toEqual({ held: 1000, spent: 4000 })
    clock.advance(300_000)
    budget.expire()
    expect(money()).toEqual({ held: 0, spent: 4000 })
    expect(fire('billing', { price: '5' })).toMatchObject({ is: 'raised', spent: 1000 })
    expect(fire('billing', { price: '5' })).toMatchObject({ is: 'duplicate', spent: 0 })
    expect(money()).toEqual({ held: 0, spent: 5000 })
    expect(overdrafts).toEqual([])
  })

  it('that is free does not end the hold unseen: a bill after its time is booked once', () => {
    const { fire, money, clock } = withBid()
    fire('billing', { price: '0' })
    clock.advance(300_000)
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'raised', spent: 4000 })
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'duplicate', spent: 0 })
    expect(money()).toEqual({ held: 0, spent: 4000 })
  })

  it('of a dear bid adds up to no more than the bid, though it is remembered roughly', () => {
    const bidder = createBidder({ campaigns: { c1: { price: { cpmPerLtv: 0.05, minCpm: 50, maxCpm: 50 } } } })
    const [bid] = bidder.bids(bannerRequest({ qty: { multiplier: 7 } }))
    if (!bid) throw new Error('no bid')
    for (const price of ['10.0007', '20.0003', '49.9999', '50']) bidder.notify('billing', bid, { price })
    expect([bidder.held(), bidder.spent()]).toEqual([0, 350_000])
  })

  it('moves money once even when the shield has long forgotten the hold', () => {
    const { fire, money, bids, notify, budget } = withBid({ rememberEnded: 100 })
    fire('billing', { price: '3' })
    for (let i = 0; i < 1000; i++) for (const other of bids(bannerRequest())) notify('loss', other)
    expect(budget.size).toBeLessThan(500)
    expect(fire('billing', { price: '3' })).toMatchObject({ is: 'duplicate' })
    expect(money().spent).toBe(3000)
  })

  it('settles after a loss and after the hold ran out, as overdraft where no room is left', () => {
    const { fire, money } = withBid()
    fire('loss', { loss: '102' })
    expect(fire('billing', { price: '3' })).toMatchObject({ is: 'settled_late', spent: 3000 })
    expect(money()).toEqual({ held: 0, spent: 3000 })

    const late = withBid({ globalLimits: [{ kind: 'lifetime', max: micros(6000) }] })
    late.clock.advance(300_000)
    late.budget.expire()
    const [second] = late.bids(bannerRequest())
    if (!second) throw new Error('no bid')
    expect(late.fire('billing', { price: '5' })).toMatchObject({
      is: 'settled_late',
      spent: 5000,
      delayMs: 300_000,
    })
    expect(late.overdrafts).toEqual([{ scope: 'global', amount: 4000 }])
    expect(late.notify('billing', second)).toMatchObject({ is: 'settled' })
  })

  it('for a bid of another owner moves nothing here', () => {
    const { noticeDeps, deps, bid, money } = withBid()
    const verified = deps.tokens.verify('billing', tokenOf(bid))
    if (verified.is !== 'genuine') throw new Error('no token')
    const foreign: NoticeToken = { ...verified.token, owner: 'somebody' }
    const query = { price: '2', currency: undefined, loss: undefined }
    for (const kind of ['billing', 'win', 'loss'] as const)
      expect(settleNotice(noticeDeps, kind, foreign, query)).toMatchObject({ is: 'elsewhere', spent: 0 })
    expect(money()).toEqual({ held: 5000, spent: 0 })
  })
})

describe('win notice', () => {
  it('moves nothing where billing pays, before or after it', () => {
    const { fire, money } = withBid()
    expect(fire('win', { price: '4' })).toMatchObject({ is: 'recorded', spent: 0 })
    expect(money()).toEqual({ held: 5000, spent: 0 })
    expect(fire('win', { price: '4' })).toMatchObject({ is: 'duplicate' })
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'settled', spent: 4000 })
    const early = withBid()
    early.fire('billing', { price: '4' })
    expect(early.fire('win', { price: '4' })).toMatchObject({ is: 'recorded', spent: 0 })
    expect(early.money()).toEqual({ held: 1000, spent: 4000 })
  })

  it('pays where the seat bills by win, and billing after it is a repetition', () => {
    const { fire, money } = withBid({ billOn: 'win' })
    expect(fire('win', { price: '4' })).toMatchObject({ is: 'settled', spent: 4000 })
    expect(fire('billing', { price: '4' })).toMatchObject({ is: 'duplicate', spent: 0 })
    expect(money()).toEqual({ held: 1000, spent: 4000 })
  })
})

describe('loss notice', () => {
  it('frees the hold and tells why', () => {
    const { fire, money } = withBid()
    expect(fire('loss', { loss: '102' })).toMatchObject({ is: 'released', lossCode: 102 })
    expect(money()).toEqual({ held: 0, spent: 0 })
    expect(fire('loss', { loss: '102' })).toMatchObject({ is: 'recorded' })
  })

  it('frees the hold whatever stands for its code', () => {
    for (const loss of ['', 'AUDIT', macro('AUCTION_LOSS'), '-1', '1.5', '7654321']) {
      expect(withBid().fire('loss', { loss })).toMatchObject({ is: 'released', lossCode: undefined })
    }
    expect(withBid().fire('loss')).toMatchObject({ is: 'released', lossCode: undefined })
  })

  it('that says "won" frees nothing', () => {
    const { fire, money } = withBid()
    expect(fire('loss', { loss: '0' })).toMatchObject({ is: 'recorded', lossCode: 0 })
    expect(money()).toEqual({ held: 5000, spent: 0 })
  })

  it('after a win or a bill is contradicted and changes nothing', () => {
    const won = withBid()
    won.fire('win')
    expect(won.fire('loss', { loss: '1' })).toMatchObject({ is: 'contradicted', lossCode: 1 })
    expect(won.money()).toEqual({ held: 5000, spent: 0 })
    const billed = withBid()
    billed.fire('billing', { price: '1' })
    expect(billed.fire('loss')).toMatchObject({ is: 'contradicted' })
    expect(billed.money()).toEqual({ held: 4000, spent: 1000 })
  })

  it('of a bid that is won or billed is found out once, in whatever order they come', () => {
    const orders: ('win' | 'billing' | 'loss')[][] = [
      ['loss', 'billing', 'win'],
      ['loss', 'win', 'billing'],
      ['win', 'loss', 'billing'],
      ['win', 'billing', 'loss'],
      ['billing', 'loss', 'win'],
      ['billing', 'win', 'loss'],
    ]
    for (const order of orders) {
      const { fire, falseLosses } = withBid()
      const found = [...order, ...order].map((kind) => fire(kind)?.contradicts)
      expect(found.filter((one) => one)).toHaveLength(1)
      expect(falseLosses.ever).toBe(5000)
    }
    const honest = withBid()
    for (const kind of ['win', 'billing', 'win'] as const) honest.fire(kind)
    expect(honest.falseLosses.ever).toBe(0)
  })

  it('frees nothing once a loss of the seat was false, until its losses have proved true', () => {
    const bidder = createBidder()
    const bid = () => {
      const [made] = bidder.bids(bannerRequest())
      if (!made) throw new Error('no bid')
      return made
    }
    const liar = bid()
    expect(bidder.notify('loss', liar)).toMatchObject({ is: 'released' })
    expect(bidder.notify('billing', liar, { price: '5' })).toMatchObject({
      is: 'settled_late',
      contradicts: true,
    })
    // A hundred times what was false has to prove true, and as much as one loss more.
    for (let i = 0; i < 101; i++) {
      const lost = bid()
      expect(bidder.notify('loss', lost)).toMatchObject({ is: 'doubted' })
      expect(bidder.notify('loss', lost)).toMatchObject({ is: 'recorded' })
    }
    expect(bidder.held()).toBe(101 * 5000)
    bidder.clock.advance(301_000)
    bidder.budget.expire()
    expect(bidder.held()).toBe(0)
    const [first, second] = [bid(), bid()]
    expect(bidder.notify('loss', first)).toMatchObject({ is: 'released' })
    expect(bidder.notify('loss', second)).toMatchObject({ is: 'doubted' })
    // The hold that was kept pays the bill of a loss that was false.
    expect(bidder.notify('billing', second, { price: '5' })).toMatchObject({
      is: 'settled',
      contradicts: true,
    })
  })
})
