import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fastBid } from './fast-request.ts'
import { BidRequest } from './request.ts'

const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom('', 'x'.repeat(129), 'x'.repeat(8_193), "c1' OR", 'US', null, 0, -1, NaN),
)
const good = {
  customerId: fc.string({ minLength: 1, maxLength: 128 }),
  campaignId: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  platform: fc.constantFrom('google_ads', 'meta', 'tradedesk', 'auto'),
  predictedLtv: fc.double({ min: 0, max: 1e10, noNaN: true }),
  bidAmount: fc.integer({ min: 1, max: 1e9 }).map((cents) => cents / 100),
  confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  currency: fc.constantFrom('USD', 'JPY', 'EUR'),
  explanation: fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.object(),
    fc.array(fc.jsonValue(), { maxLength: 9 }),
  ),
  dryRun: fc.boolean(),
}
const goodBody = fc.record(good, { requiredKeys: ['customerId', 'campaignId', 'platform'] })
const brokenBody = fc
  .tuple(goodBody, fc.constantFrom(...Object.keys(good), 'predictedLTV'), odd)
  .map(([body, field, value]) => ({ ...body, [field]: value }))

describe('the everyday bid checked by hand', () => {
  it('accepts only what the schema accepts, and reads it alike', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof(goodBody, brokenBody, fc.anything()), (body) => {
        const fast = fastBid(body)
        if (fast === undefined) return
        accepted += 1
        expect(fast).toEqual(BidRequest.parse(body))
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(1_000)
  })

  it('accepts every plain bid, so that the schema is left for the rest', () => {
    const plain = { customerId: 'a', campaignId: 'c', platform: 'auto', predictedLtv: 12.5, bidAmount: 1 }
    expect(
      fastBid({ ...plain, confidence: 0.5, currency: 'EUR', explanation: 'why', dryRun: true }),
    ).toBeDefined()
    expect(fastBid(plain)).toBeDefined()
  })
})
