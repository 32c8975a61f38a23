import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_MICROS, micros } from '../../money.ts'
import { toCpm, toTradeDeskMoney, tradeDesk } from './api.ts'

const read = (status: number, body: unknown = '', headers: Record<string, string> = {}) =>
  tradeDesk.read({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, 0)

describe('what The Trade Desk answers', () => {
  it.each([
    [400, 'refused'],
    [401, 'auth_expired'],
    [403, 'forbidden'],
    [404, 'refused'],
    [409, 'not_applied'],
    [410, 'refused'],
    [413, 'refused'],
    [429, 'throttled'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'transient'],
  ])('%i is %s', (status, is) => {
    expect(read(status)).toMatchObject({ is, detail: expect.stringContaining(`HTTP ${status}`) })
    expect(read(status, '<html>').is).toBe(is)
  })

  it.each([204, 240])('%i is a success without content', (status) => {
    expect(read(status)).toEqual({ is: 'ok', body: undefined })
  })

  it('classes a 2xx that cannot be read as transient: something was done, nobody knows what', () => {
    expect(read(200, '').is).toBe('transient')
    expect(read(200, '<html>').is).toBe('transient')
    expect(read(200, { CampaignId: 'c1' })).toEqual({ is: 'ok', body: { CampaignId: 'c1' } })
  })

  it('waits as long as it is told, a minute otherwise', () => {
    expect(read(429, '', { 'retry-after': '7' })).toMatchObject({ is: 'throttled', retryAfterMs: 7_000 })
    expect(read(429)).toMatchObject({ retryAfterMs: 60_000 })
    expect(read(503, '', { 'retry-after': '2' })).toMatchObject({ is: 'throttled', retryAfterMs: 2_000 })
    expect(read(429, '', { 'retry-after': '9999999' })).toMatchObject({ retryAfterMs: 86_400_000 })
  })

  it('names the properties that were refused, and why', () => {
    const body = { Message: 'Bad', ErrorDetails: [{ Property: 'DailyBudget', Reasons: ['too low', 'odd'] }] }
    expect(read(400, body)).toMatchObject({ detail: 'HTTP 400: Bad; DailyBudget: too low, odd' })
  })

  it('explains what a 403 or a 410 may mean', () => {
    expect(read(403)).toMatchObject({ detail: 'HTTP 403 (no access, or it does not exist)' })
    expect(read(410)).toMatchObject({ detail: 'HTTP 410 (this endpoint has been retired)' })
  })

  it('sends the token in its own header', () => {
    const request = { method: 'GET', url: 'https://x.example', headers: { a: 'b' } } as const
    expect(tradeDesk.authorize(request, 'tok').headers).toEqual({ a: 'b', 'TTD-Auth': 'tok' })
  })
})

describe('money for The Trade Desk', () => {
  it.each([
    [75_009_999, 'USD', 75],
    [570_000, 'USD', 0.57],
    [9_999, 'USD', 0],
    [1_999_999, 'JPY', 1],
    [1_234_999, 'BHD', 1.234],
  ])('%i micros of %s are %f', (amount, CurrencyCode, Amount) => {
    expect(toTradeDeskMoney(micros(amount), CurrencyCode)).toEqual({ Amount, CurrencyCode })
  })
})

describe('the price per thousand', () => {
  /** A decimal text of at most three decimals in thousandths, without rounding. */
  const thousandths = (text: string): bigint => {
    const [whole = '', fraction = ''] = text.split('.')
    return BigInt(whole) * 1000n + BigInt(fraction.padEnd(3, '0'))
  }

  it('is exact in its decimal text, to the last micro', () => {
    expect(JSON.stringify(toCpm(micros(1_234_567)))).toBe('1234.567')
    expect(JSON.stringify(toCpm(micros(1)))).toBe('0.001')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 42 * 1000 - 1 }), (amount) => {
        expect(thousandths(JSON.stringify(toCpm(micros(amount))))).toBe(BigInt(amount))
      }),
    )
  })

  it('never exceeds the bid', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 42 * 1000 - 5000, max: MAX_MICROS }), (amount) => {
        const sent = thousandths(JSON.stringify(toCpm(micros(amount))))
        expect(sent <= BigInt(amount) && sent > BigInt(amount) - 1000n).toBe(true)
      }),
    )
  })
})
