import { createHmac, createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type EncryptedPrices, openPrice } from './encrypted-price.ts'

const pairOf = (encryption: string, integrity: string, encoding: BufferEncoding = 'base64url') => ({
  encryption: createSecretKey(Buffer.from(encryption, encoding)),
  integrity: createSecretKey(Buffer.from(integrity, encoding)),
})
const prices = (...keys: EncryptedPrices['keys'][number][]): EncryptedPrices => ({
  keys,
  unit: 'cpm',
  macro: 'AUCTION_PRICE',
})

/** Of Google's page "Decrypt Price Confirmations". */
const DOCUMENTED = pairOf(
  'skU7Ax_NL5pPAFyKdkfZjZz2-VhIN8bjj1rVFOaJ_5o=',
  'arO23ykdNqUQ5LEoQ0FVmPkBd7xB5CO89PDZlSjpFxo=',
)
/** Of the tests of google/openrtb-doubleclick. */
const LIBRARY = pairOf(
  'sIxwz7yw62yrfoLGt12lIHKuYrK_S5kLuApI2BQe7Ac=',
  'v3fsVcMBMMHYzRhi7SpM0sdqwzvAxM6KPTu9OtVod5I=',
)
/** Of the tests of benjaminch/pricers. */
const HEXADECIMAL = pairOf(
  '652f83ada0545157a1b7fb0c0e09f59e7337332fe7abd4eb10449b8ee6c39135',
  'bd0a3dfb82ad95c5e63e159a62f73c6aca98ba2495322194759d512d77eb2bb5',
  'hex',
)

describe('an encrypted price', () => {
  it.each([
    [DOCUMENTED, 'YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCce_6msaw', 100],
    [DOCUMENTED, 'YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA', 1_900],
    [DOCUMENTED, 'YWJjMTIzZGVmNDU2Z2hpN7fhCuPemC32prpWWw', 2_700],
    [LIBRARY, '5nmwvgAM0UABI0VniavN72_sy3T6V9ohlpvOpA==', 1_200_000],
    [HEXADECIMAL, 'anCGGFJApcfB6ZGc6mindhpTrYXHY4ONo7lXpg', 1_354_000],
    [HEXADECIMAL, 'ce131TRp7waIZI2qOiRr2DMm2sSIeGh_wIAwVQ', 3_240_000],
    [HEXADECIMAL, 'L91lB6giyIXh2o4CeUf0F7sCXozKWRXAUeMUfg', 100_000_000],
  ])('of a published example is read: %# %s', (keys, text, micros) => {
    expect(openPrice(prices(keys), text)).toBe(micros)
  })

  it('is read with padding, with dots for it, and without', () => {
    const text = 'YWJjMTIzZGVmNDU2Z2hpN7fhCuPemCAWJRxOgA'
    for (const end of ['', '==', '..']) expect(openPrice(prices(DOCUMENTED), text + end)).toBe(1_900)
    for (const end of ['=', '===', '=.', '.', ' ', '\n', 'A'])
      expect(openPrice(prices(DOCUMENTED), text + end)).toBeUndefined()
  })

  it('is read with any of the keys, and in its unit', () => {
    const text = '5nmwvgAM0UABI0VniavN72_sy3T6V9ohlpvOpA=='
    expect(openPrice(prices(DOCUMENTED, LIBRARY), text)).toBe(1_200_000)
    expect(openPrice({ ...prices(LIBRARY), unit: 'impression' }, text)).toBe(1_200_000_000)
    expect(openPrice(prices(DOCUMENTED, HEXADECIMAL), text)).toBeUndefined()
  })

  it('is refused when any of its bits was changed', () => {
    const bytes = Buffer.from('5nmwvgAM0UABI0VniavN72_sy3T6V9ohlpvOpA', 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(openPrice(prices(LIBRARY), changed.toString('base64url'))).toBeUndefined()
    }
  })

  it('is read whatever its amount is: below zero, and beyond what a number holds exactly', () => {
    for (const amount of [0n, -1n, 2n ** 62n]) {
      const vector = Buffer.from('0123456789abcdef')
      const price = Buffer.alloc(8)
      price.writeBigInt64BE(amount)
      const pad = createHmac('sha1', LIBRARY.encryption).update(vector).digest()
      const hidden = price.map((byte, i) => byte ^ (pad[i] ?? 0))
      const signature = createHmac('sha1', LIBRARY.integrity).update(price).update(vector).digest()
      const text = Buffer.concat([vector, hidden, signature.subarray(0, 4)]).toString('base64url')
      expect(openPrice(prices(LIBRARY), text)).toBe(Number(amount))
    }
  })

  it('does not show its keys when it is written to a log', () => {
    expect(JSON.stringify(prices(LIBRARY))).toBe(
      '{"keys":[{"encryption":{},"integrity":{}}],"unit":"cpm","macro":"AUCTION_PRICE"}',
    )
  })
})
