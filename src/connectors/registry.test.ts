import { describe, expect, it } from 'vitest'
import { PLATFORMS } from './platform/ids.ts'
import { PLATFORM_DEFAULTS, sunsetOf } from './registry.ts'

describe('the calendar of versions', () => {
  it('knows when a version ended, or that nothing is announced', () => {
    expect(sunsetOf('google_ads', 'v22')).toEqual({ is: 'dated', endsOn: '2026-10-07' })
    expect(sunsetOf('google_ads', 'v26')).toEqual({ is: 'not_announced' })
    expect(sunsetOf('meta', 'v24.0')).toEqual({ is: 'dated', endsOn: '2026-10-06' })
    expect(sunsetOf('meta', 'v24')).toEqual({ is: 'not_in_calendar' })
  })

  it('lists every default version, without an end', () => {
    const ends = PLATFORMS.map((platform) => sunsetOf(platform, PLATFORM_DEFAULTS[platform].version).is)
    expect(ends).toEqual(['not_announced', 'not_announced', 'not_announced'])
  })

  it('is in order: whatever is older ends first', () => {
    for (const { versions } of Object.values(PLATFORM_DEFAULTS)) {
      const ends = versions.map(({ endsOn }) => endsOn ?? '9999-12-31')
      expect(ends).toEqual([...ends].sort())
      for (const end of ends) expect(end).toBe(new Date(end).toISOString().slice(0, 10))
    }
  })
})
