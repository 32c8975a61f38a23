import { describe, expect, it } from 'vitest'
import {
  conversionOf,
  itSurvivesStrangeAnswers,
  playConversionCases,
} from '../conversions/cases.test-support.ts'
import { tiktokConversions } from './conversions.ts'

describe('conversions for TikTok', () => {
  playConversionCases(new URL('./conversion-cases.json', import.meta.url), tiktokConversions)
  itSurvivesStrangeAnswers(tiktokConversions)

  it('sends events of different sources in different calls', () => {
    const sources = ['website', 'app', 'physical_store', 'chat', 'email']
    const groups = sources.map((action_source) =>
      tiktokConversions.groupOf(conversionOf(tiktokConversions, { action_source })),
    )
    expect(groups).toEqual(['web', 'app', 'offline', 'crm', 'crm'])
  })

  it('takes events of the last 28 days', () =>
    expect(tiktokConversions.maxAgeMs('website')).toBe(28 * 86_400_000))
})
