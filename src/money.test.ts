import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatMoney,
  fromMinorUnits,
  isCurrency,
  least,
  MAX_MICROS,
  MoneyError,
  micros,
  microsFloor,
  minorDigits,
  minus,
  parseMoney,
  sum,
  toMinorUnits,
  toUnits,
  ZERO,
} from './money.ts'

const amounts = fc
  .oneof(
    fc.nat(5_000_000),
    fc.maxSafeNat(),
    fc.nat(1_000).map((n) => MAX_MICROS - n),
  )
  .filter((value) => value <= MAX_MICROS)
  .map(micros)

/** The decimal text of a float, without what comes after its sixth decimal. */
function cutText(units: number): string {
  const [mantissa = '', exponent = '0'] = String(units).split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  // Only what is below a millionth is written with a negative exponent.
  return Number(exponent) < 0 ? '0' : `${whole}.${decimals.slice(0, 6).padEnd(1, '0')}`
}

describe('money', () => {
  it('reads back the text it writes, for any amount', () => {
    fc.assert(
      fc.property(amounts, (amount) => parseMoney(formatMoney(amount)) === amount),
      { numRuns: 10_000 },
    )
  })

  it('reads back the JSON number it writes, up to 8.5 billion units', () => {
    const exact = amounts.filter((amount) => amount <= 8_500_000_000_000_000)
    fc.assert(
      fc.property(exact, (amount) => parseMoney(JSON.parse(JSON.stringify(toUnits(amount)))) === amount),
      { numRuns: 10_000 },
    )
  })

  it.each([
    ['0', 0],
    ['1.25', 1_250_000],
    ['0.000001', 1],
    ['1.10', 1_100_000],
    ['007.5', 7_500_000],
    ['9000000000', 9_000_000_000_000_000],
    ['9000000000.000000', 9_000_000_000_000_000],
    [0, 0],
    [0.1, 100_000],
    [0.3, 300_000],
    [4.35, 4_350_000],
    [0.000001, 1],
    [8.29, 8_290_000],
    [1e9, 1_000_000_000_000_000],
    [9e9, 9_000_000_000_000_000],
  ])('reads %j as %d micros', (amount, expected) => {
    expect(parseMoney(amount)).toBe(expected)
  })

  it.each([
    [0.1 + 0.2, 'must have at most 6 decimals'],
    [1.1 * 3, 'must have at most 6 decimals'],
    ['1.2345678', 'must have at most 6 decimals'],
    [1e-7, 'must have at most 6 decimals'],
    [1.5e-9, 'must have at most 6 decimals'],
    [-1, 'must not be negative'],
    ['-0.01', 'must not be negative'],
    ['9000000000.000001', 'must not exceed 9000000000'],
    [9_000_000_001, 'must not exceed 9000000000'],
    ['99999999999', 'must not exceed 9000000000'],
    [1e21, 'must not exceed 9000000000'],
    [Number.MAX_VALUE, 'must not exceed 9000000000'],
    [Number.NaN, 'must be a decimal number'],
    [Number.POSITIVE_INFINITY, 'must be a decimal number'],
    ['', 'must be a decimal number'],
    ['1,25', 'must be a decimal number'],
    ['1.', 'must be a decimal number'],
    ['.5', 'must be a decimal number'],
    ['+1', 'must be a decimal number'],
    [' 1', 'must be a decimal number'],
    ['1 ', 'must be a decimal number'],
    ['1\n', 'must be a decimal number'],
    ['0x10', 'must be a decimal number'],
    ['١', 'must be a decimal number'],
  ])('refuses %j, for it %s', (amount, why) => {
    expect(() => parseMoney(amount)).toThrow(new MoneyError(why))
  })

  it('never reads anything but an exact amount, whatever the text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^[-+0-9.eE]{0,20}$/), fc.double().map(String))
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const amount = parseMoney(text)
          return formatMoney(amount) === formatMoney(micros(amount)) && /^\d{1,10}(\.\d{1,6})?$/.test(text)
        } catch (error) {
          return error instanceof MoneyError
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([-1, 0.5, Number.NaN, 9_000_000_000_000_001])('never takes %d for micros', (value) => {
    expect(() => micros(value)).toThrow('is not an amount in micros')
  })

  it('adds within its bounds and never subtracts below zero', () => {
    expect(sum(micros(2), micros(3))).toBe(5)
    expect(() => sum(MAX_MICROS, micros(1))).toThrow('is not an amount in micros')
    expect(minus(micros(5), micros(3))).toBe(2)
    expect(minus(micros(3), micros(5))).toBe(ZERO)
    expect(least(micros(3), micros(5))).toBe(3)
    expect(least(micros(5), micros(3))).toBe(3)
  })

  it.each([
    [102.34567260742188, 102_345_672],
    [843.2719116210938, 843_271_911],
    [0.30000000000000004, 300_000],
    [0.29999999999999993, 299_999],
    [8.29, 8_290_000],
    [4.35, 4_350_000],
    [1.5e-5, 15],
    [9.999e-7, 0],
    [1e-300, 0],
    [8.999999999e9, 8_999_999_999_000_000],
  ])('cuts what a model computed, %d, to %d micros', (units, expected) => {
    expect(microsFloor(units)).toBe(expected)
  })

  it('cuts any float after the sixth decimal of its text, never above it', () => {
    const computed = fc.oneof(
      fc.double({ min: 0, max: 8.5e9, noNaN: true }),
      fc.float({ min: 0, max: 5_000, noNaN: true }),
      fc.integer({ min: 0, max: 1_000_000_000 }).map((n) => (n / 1_000) * 1.1),
      amounts.filter((amount) => amount <= 8_500_000_000_000_000).map(toUnits),
    )
    fc.assert(
      fc.property(computed, (units) => microsFloor(units) === parseMoney(cutText(units))),
      { numRuns: 20_000 },
    )
  })

  it('rounds computed amounts down and keeps them in bounds', () => {
    expect(microsFloor(1.999_999_9)).toBe(1_999_999)
    expect(microsFloor(1e12)).toBe(MAX_MICROS)
    expect(microsFloor(Number.POSITIVE_INFINITY)).toBe(MAX_MICROS)
    expect(() => microsFloor(-0.1)).toThrow('is not an amount')
    expect(() => microsFloor(Number.NaN)).toThrow('is not an amount')
  })

  it('sends whole minor units, never more than there is and never a whole one less', () => {
    fc.assert(
      fc.property(amounts, fc.constantFrom(1, 10, 100, 1_000), (amount, unitsPerMajor) => {
        const microsPerMinor = 1_000_000n / BigInt(unitsPerMajor)
        const minor = toMinorUnits(amount, unitsPerMajor)
        return (
          BigInt(minor) === BigInt(amount) / microsPerMinor &&
          BigInt(fromMinorUnits(minor, unitsPerMajor)) === BigInt(minor) * microsPerMinor
        )
      }),
      { numRuns: 10_000 },
    )
  })

  it('takes no fraction and no negative number of minor units', () => {
    expect(fromMinorUnits(1_999, 100)).toBe(19_990_000)
    expect(() => fromMinorUnits(-1, 100)).toThrow('is not an amount in micros')
    expect(() => fromMinorUnits(900_000_000_001, 100)).toThrow('is not an amount in micros')
  })

  it.each([
    ['USD', 2],
    ['EUR', 2],
    ['JPY', 0],
    ['BHD', 3],
  ])('knows the minor unit of %s', (currency, digits) => {
    expect(minorDigits(currency)).toBe(digits)
  })

  it.each(['usd', 'US', 'XYZ', '', 'DOLLARS'])('knows no currency %j', (code) => {
    expect(isCurrency(code)).toBe(false)
    expect(() => minorDigits(code)).toThrow(MoneyError)
  })
})
