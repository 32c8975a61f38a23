import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bannerRequest, createBidder } from '../../../../test/support/bidder.ts'
import { micros } from '../../../money.ts'
import { agreedPrice, costAtClearing, costOf, priceFor } from './price.ts'

const RATES = { USD: 1, EUR: 0.8, JPY: 150 }
const withFloor = (bidfloor: number, bidfloorcur?: string) => bannerRequest({ bidfloor, bidfloorcur })

describe('price', () => {
  it('is the predicted value times the rule, within its minimum and maximum', () => {
    const { bid } = createBidder()
    const price = (predictedLtv: number) =>
      bid(bannerRequest({}, { ext: { bidwarden: { predictedLtv } } }))?.price
    expect(price(200)).toBe(10)
    expect(price(1)).toBe(5)
    expect(price(5000)).toBe(50)
  })

  it('is whole thousandths of a CPM, so an impression costs whole micros', () => {
    const { bid, held } = createBidder()
    expect(bid(bannerRequest({}, { ext: { bidwarden: { predictedLtv: 123.4567 } } }))?.price).toBe(6.172)
    expect(held()).toBe(6172)
  })

  it('meets the floor or is not bid', () => {
    const { bid, reasons } = createBidder()
    expect(bid(withFloor(5))?.price).toBe(5)
    expect(bid(withFloor(4.9999))?.price).toBe(5)
    expect(reasons(withFloor(5.0001))).toEqual(['below_floor'])
  })

  it('is the floor itself where rounding would fall below it', () => {
    const { bid, held } = createBidder({
      campaigns: { c1: { price: { cpmPerLtv: 0, minCpm: 5.0009, maxCpm: 9 } } },
    })
    expect(bid(withFloor(5.0005))?.price).toBe(5.0005)
    expect(held()).toBe(5001)
  })

  it('is compared with a floor in the currency of the floor', () => {
    const { bid, reasons } = createBidder({ rates: RATES })
    expect(bid(withFloor(4, 'EUR'))?.price).toBe(5)
    expect(reasons(withFloor(4.01, 'EUR'))).toEqual(['below_floor'])
    expect(bid(withFloor(750, 'JPY'))?.price).toBe(5)
    expect(reasons(withFloor(751, 'JPY'))).toEqual(['below_floor'])
  })

  it('is not bid against a floor without a rate, unless the floor is zero', () => {
    const { bid, reasons } = createBidder({ rates: RATES })
    expect(reasons(withFloor(0.01, 'XAU'))).toEqual(['no_floor_rate'])
    expect(bid(withFloor(0, 'XAU'))?.price).toBe(5)
    expect(reasons(bannerRequest({ bidfloor: 1, bidfloorcur: 'EUR' }, {}))).toEqual([])
    expect(createBidder().reasons(withFloor(1, 'EUR'))).toEqual(['no_floor_rate'])
  })

  it('is in our currency where the request takes it, else in the first it takes that has a rate', () => {
    const { answer, held, reasons } = createBidder({ rates: RATES })
    const inCurrencies = (...cur: string[]) => {
      const response = answer(bannerRequest({}, { cur }))
      return [response?.cur, response?.seatbid[0]?.bid[0]?.price]
    }
    expect(inCurrencies('EUR', 'USD')).toEqual(['USD', 5])
    expect(inCurrencies('XAU', 'EUR', 'JPY')).toEqual(['EUR', 4])
    expect(inCurrencies()).toEqual(['USD', 5])
    expect(reasons(bannerRequest({}, { cur: ['XAU'] }))).toEqual(['no_common_currency'])
    expect(held()).toBe(15_000)
  })

  it('is in USD where nothing is said, converted from budgets in another currency', () => {
    const { answer, held } = createBidder({ currency: 'EUR', rates: RATES })
    expect(answer(bannerRequest())).toMatchObject({ cur: 'USD', seatbid: [{ bid: [{ price: 6.25 }] }] })
    expect(held()).toBe(5000)
  })

  it('is charged once for each impression of a quantity', () => {
    const { bid, held } = createBidder({
      campaigns: { c1: { price: { cpmPerLtv: 0, minCpm: 2.5, maxCpm: 9 } } },
    })
    expect(bid(bannerRequest({ qty: { multiplier: 30.3 } }))?.price).toBe(2.5)
    expect(held()).toBe(75_750)
  })

  it('is not bid where it would cost more than an amount can be', () => {
    const { reasons } = createBidder()
    expect(reasons(bannerRequest({ qty: { multiplier: 1e300 } }))).toEqual(['over_budget'])
  })

  it('never falls below the floor, never above the worth, and its hold covers it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e9, noNaN: true }),
        fc.double({ min: 0, max: 1000, noNaN: true }),
        fc.double({ min: 0.01, max: 200, noNaN: true }),
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        (worth, floor, rate, multiplier) => {
          const price = priceFor(worth, floor)
          if (price === undefined) return
          expect(Number.isSafeInteger(price) && price > 0).toBe(true)
          expect(price / 1e6).toBeGreaterThanOrEqual(floor)
          expect(price).toBeLessThanOrEqual(worth)
          const trueCost = ((price / 1000) * multiplier) / rate
          expect(costOf(price, rate, multiplier)).toBeGreaterThanOrEqual(trueCost * (1 - 1e-12))
          expect(costOf(price, rate, multiplier)).toBeLessThan(trueCost + 1.01)
        },
      ),
    )
  })

  it('takes an agreed price exactly, rounded up only past the micro', () => {
    expect(agreedPrice(1.1)).toBe(1_100_000)
    expect(agreedPrice(0.1 + 0.2)).toBe(300_001)
    expect(agreedPrice(2.0000001)).toBe(2_000_001)
  })
})

describe('cost at the clearing price', () => {
  it('is the hold in proportion, exact and rounded up, and all of it at the full price', () => {
    expect(costAtClearing(micros(5000), 5_000_000, 5_000_000)).toBe(5000)
    expect(costAtClearing(micros(5000), 5_000_000, 3_200_000)).toBe(3200)
    expect(costAtClearing(micros(5000), 5_000_000, 3_200_001)).toBe(3201)
    expect(costAtClearing(micros(5000), 5_000_000, 0)).toBe(0)
    expect(costAtClearing(micros(5000), 5_000_000, 9_000_000)).toBe(5000)
  })

  it('agrees with exact integers for amounts of any size', () => {
    const amount = fc.integer({ min: 1, max: 9e15 })
    const price = fc.integer({ min: 1, max: 1e12 })
    fc.assert(
      fc.property(amount, price, price, (held, a, b) => {
        const [clearing, full] = a < b ? [a, b] : [b, a]
        const exact = (BigInt(held) * BigInt(clearing) + BigInt(full) - 1n) / BigInt(full)
        expect(BigInt(costAtClearing(micros(held), full, clearing))).toBe(exact)
      }),
    )
  })
})
