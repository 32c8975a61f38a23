import { describe, expect, it } from 'vitest'
import { playAnswers, playCases } from '../reading/cases.test-support.ts'
import { columnName, parseArea } from './a1.ts'
import { createSheets } from './sheets.ts'

const connector = createSheets({ sheets: 'https://sheets.example' })

describe('the Google Sheets connector', () => {
  playCases(new URL('./cases.json', import.meta.url), connector)
})
describe('what Google Sheets answers', () => {
  playAnswers(new URL('./answers.json', import.meta.url), connector)
})

describe('ranges', () => {
  const whole = { firstColumn: 1, lastColumn: undefined, firstRow: 1, lastRow: undefined }
  it.each([
    ['', { sheet: undefined, ...whole }],
    ['CRM', { sheet: 'CRM', ...whole }],
    ["'It''s'", { sheet: "It's", ...whole }],
    ['CRM!A', { sheet: 'CRM', ...whole }],
    ['CRM!B2', { sheet: 'CRM', ...whole, firstColumn: 2, firstRow: 2 }],
    ['CRM!B3:F', { sheet: 'CRM', firstColumn: 2, lastColumn: 6, firstRow: 3, lastRow: undefined }],
    ["'a!b'!b3:aa90", { sheet: 'a!b', firstColumn: 2, lastColumn: 27, firstRow: 3, lastRow: 90 }],
    ['!A1:B', { sheet: undefined, firstColumn: 1, lastColumn: 2, firstRow: 1, lastRow: undefined }],
    ['CRM!', undefined],
    ['CRM!F:B', undefined],
    ['CRM!A9:B3', undefined],
    ['CRM!A0', undefined],
    ['CRM!1:3', undefined],
  ])('%s', (text, area) => {
    expect(parseArea(text)).toEqual(area)
  })

  it('names columns as a sheet does', () => {
    expect([1, 26, 27, 52, 53, 702, 703].map(columnName)).toEqual(['A', 'Z', 'AA', 'AZ', 'BA', 'ZZ', 'AAA'])
  })
})
