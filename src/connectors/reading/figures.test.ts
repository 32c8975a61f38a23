import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Caveats } from '../platform/caveats.ts'
import { type FigureKind, figureOf, readFigure } from './figures.ts'

const read = (value: unknown, kind: FigureKind = 'number') => {
  const caveats = new Caveats()
  return { value: readFigure(caveats, 'clicks', value, kind), caveats: caveats.texts }
}

describe('a figure', () => {
  it.each<[unknown, FigureKind, string | number]>([
    ['7', 'count', 7],
    [7, 'count', 7],
    ['007', 'count', 7],
    ['+7', 'count', 7],
    ['7.0', 'count', 7],
    ['0.25', 'number', 0.25],
    ['.5', 'number', 0.5],
    [1e21, 'number', '1000000000000000000000'],
    ['1.2E-5', 'number', 0.000012],
    ['1e3', 'money', 1_000_000_000],
    ['-0', 'count', 0],
    ['9007199254740993', 'count', '9007199254740993'],
    ['1.5', 'money', 1_500_000],
    [14.35, 'money', 14_350_000],
    ['0.0000001', 'money', 1],
    ['-0.0000019', 'money', -1],
    ['9007199254.740993', 'money', '9007199254740993'],
    ['1,200', 'count', 1_200],
    ['1,234.56', 'money', 1_234_560_000],
    ['12,345,678', 'number', 12_345_678],
    ['10,50', 'money', 10_500_000],
    ['1.234,56', 'money', 1_234_560_000],
    ['1\u202f234,5', 'money', 1_234_500_000],
    ["1'234.50", 'money', 1_234_500_000],
    ['\u22125', 'count', -5],
  ])('written as %j is read as a %s', (written, kind, expected) => {
    expect(read(written, kind)).toEqual({ value: expected, caveats: [] })
  })

  it.each([undefined, null, '', ' ', '-', '--', '—', 'N/A', 'null', 'Unknown', '(not set)'])(
    'that is not there (%j) is null with a caveat, never zero',
    (written) => {
      const { value, caveats } = read(written)
      expect(value).toBeNull()
      expect(caveats).toHaveLength(1)
      expect(caveats[0]).toMatch(/^clicks: 1 value.* is missing, null in the rows$/)
    },
  )

  it.each([
    'NaN',
    Number.NaN,
    'Infinity',
    '-Infinity',
    '12 clicks',
    '$5',
    '5%',
    '1,23,4',
    true,
    {},
    '٣',
    '1e999',
  ])('that is no number (%j) is null with a caveat that shows it', (written) => {
    const { value, caveats } = read(written)
    expect(value).toBeNull()
    expect(caveats[0]).toMatch(/not a number that can be read/)
  })

  it('that could mean two numbers is null with a caveat', () => {
    const { value, caveats } = read('1,234', 'money')
    expect(value).toBeNull()
    expect(caveats).toEqual([
      'clicks: 1 value (such as "1,234") is written so that it could mean two numbers, null in the rows',
    ])
  })

  it('that the platform leaves out where it is zero is zero', () => {
    const caveats = new Caveats()
    expect(readFigure(caveats, 'clicks', undefined, 'count', 0)).toBe(0)
    expect(readFigure(caveats, 'clicks', null, 'count', 0)).toBeNull()
    expect(caveats.texts).toHaveLength(1)
  })

  it('reads every double as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const figure = figureOf(number, 'number')
        expect(figure.is === 'decimal' && Number(figure.decimal)).toBe(number === 0 ? 0 : number)
      }),
    )
  })
})

describe('caveats', () => {
  it('are the same after they were stored and read again', () => {
    const caveats = new Caveats()
    caveats.add('sampled')
    readFigure(caveats, 'clicks', 'NaN', 'count')
    readFigure(caveats, 'clicks', 'Infinity', 'count')
    caveats.leftOut('it has no id')
    caveats.undated({ clicks: 60, cost_micros: 5 }, '(other)')
    caveats.undated({ clicks: 1, cost_micros: 5 }, '(other)')
    const again = new Caveats()
    again.state = JSON.parse(JSON.stringify(caveats.state))
    expect(again.texts).toEqual(caveats.texts)
    expect(again.isPartial).toBe(true)
    expect(again.texts).toEqual([
      'sampled',
      'clicks: 2 values (such as "NaN") are not a number that can be read, null in the rows',
      '2 rows of no date that was asked for (such as "(other)") are in the result with a null date: 61 clicks, 10 cost_micros',
      '1 row is left out because it has no id',
    ])
  })

  it('do not grow with what a platform sends', () => {
    const caveats = new Caveats()
    for (let i = 0; i < 10_000; i++) {
      caveats.add(`text ${i}`)
      caveats.leftOut(`reason ${i}`, 'x'.repeat(1_000))
      caveats.field('unreadable', `field ${i}`, 'x'.repeat(1_000))
    }
    expect(JSON.stringify(caveats.state).length).toBeLessThan(20_000)
  })
})
