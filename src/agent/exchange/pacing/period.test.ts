import { describe, expect, it } from 'vitest'
import { micros } from '../../../money.ts'
import { periodOf } from './period.ts'

describe('the period of a paced campaign', () => {
  it('ends at midnight where a time change left out the midnight at which it began', () => {
    const limits = [{ kind: 'day', timezone: 'Asia/Beirut', max: micros(1) }] as const
    const noonMs = Date.parse('2026-03-29T12:00:00+03:00')
    expect(periodOf({ pacing: { mode: 'even' } }, { limits }, noonMs)).toMatchObject({
      startMs: Date.parse('2026-03-29T01:00:00+03:00'),
      endMs: Date.parse('2026-03-30T00:00:00+03:00'),
    })
  })
})
