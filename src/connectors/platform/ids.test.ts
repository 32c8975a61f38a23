import { expect, it } from 'vitest'
import { CONNECTOR_TYPES, otherNames, typeNamed } from './ids.ts'

it.each([
  ['Google Ads', 'GOOGLE_ADS'],
  ['google_ads', 'GOOGLE_ADS'],
  ['google_analytics', 'GA4'],
  ['meta_ads', 'META'],
  ['CRM', 'SHEETS'],
  ['CRM (Sheets)', 'SHEETS'],
  ['The Trade Desk', 'TTD'],
  ['Display & Video 360', 'DV360'],
  ['resend', 'RESEND'],
  ['Google', undefined],
  ['constructor', undefined],
  ['', undefined],
])('%s is %s', (name, type) => {
  expect(typeNamed(name)).toBe(type)
})

it('no name is that of two platforms', () => {
  for (const type of CONNECTOR_TYPES)
    for (const name of [type, ...otherNames(type)]) expect([name, typeNamed(name)]).toEqual([name, type])
})
