import { describe, expect, it } from 'vitest'
import {
  conversionOf,
  itSurvivesStrangeAnswers,
  playConversionCases,
} from '../conversions/cases.test-support.ts'
import { metaConversions } from './conversions.ts'

describe('conversions for Meta', () => {
  playConversionCases(new URL('./conversion-cases.json', import.meta.url), metaConversions)
  itSurvivesStrangeAnswers(metaConversions)

  it('accepts older events from a shop than from anywhere else', () => {
    expect(metaConversions.maxAgeMs('website')).toBe(7 * 86_400_000)
    expect(metaConversions.maxAgeMs('physical_store')).toBe(62 * 86_400_000)
  })

  it('estimates a higher match quality the more is known of the person, and 0 without consent', () => {
    const usual = conversionOf(metaConversions, {})
    const more = conversionOf(metaConversions, { user_data: { email: 'a@x.example', phone: '+16505551212' } })
    const less = conversionOf(metaConversions, { user_data: { phone: '+16505551212' } })
    expect(metaConversions.matchQuality(more)).toBeGreaterThan(metaConversions.matchQuality(less))
    const denied = { ...usual, consent: { ad_user_data: 'denied' } } as const
    expect(metaConversions.matchQuality(denied)).toBe(0)
  })
})
