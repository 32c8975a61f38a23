import { expect, it } from 'vitest'
import { check } from './json.ts'
import { wholeNumber } from './whole-number.ts'

it.each(['x', '', '0', '-1', '1.5', '1001', '99999999999999999999', 'Infinity'])(
  'says the whole range of a number in a query where %o does not fit',
  (text) => {
    expect(() => check(wholeNumber(1, 1_000), text, 'limit')).toThrow(
      'limit: must be a whole number from 1 to 1000',
    )
  },
)

it('says the least of a number in a query that has no most', () => {
  expect(() => check(wholeNumber(1), '99999999999999999999', 'before')).toThrow(
    'before: must be a whole number of at least 1',
  )
  expect(check(wholeNumber(1), '7')).toBe(7)
})
