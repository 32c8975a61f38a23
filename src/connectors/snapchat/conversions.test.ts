import { describe, expect, it } from 'vitest'
import {
  conversionOf,
  itSurvivesStrangeAnswers,
  playConversionCases,
} from '../conversions/cases.test-support.ts'
import { snapchatConversions } from './conversions.ts'

describe('conversions for Snapchat', () => {
  playConversionCases(new URL('./conversion-cases.json', import.meta.url), snapchatConversions)
  itSurvivesStrangeAnswers(snapchatConversions)

  it('sends events of apps in calls of their own', () => {
    const groups = ['website', 'app', 'physical_store'].map((action_source) =>
      snapchatConversions.groupOf(conversionOf(snapchatConversions, { action_source })),
    )
    expect(groups).toEqual(['pixel', 'app', 'pixel'])
  })

  it('takes events of the last 37 days', () =>
    expect(snapchatConversions.maxAgeMs('website')).toBe(37 * 86_400_000))
})
