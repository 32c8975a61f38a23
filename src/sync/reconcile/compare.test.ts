import { describe, expect, it } from 'vitest'
import type { SpendReport } from '../../connectors/platform/connector.ts'
import { reasonFor } from './compare.ts'

const rule: SpendReport = {
  reportType: 'spend',
  campaignField: 'campaign_id',
  micros: () => 0,
  settledAfterDays: 3,
  overDelivery: 2,
}
const DAY_MS = 86_400_000
const settled = { isOurs: true, readAfterMs: 3 * DAY_MS }
const given = { budget: 50_000_000, ...settled }

describe('why reported and own spend differ', () => {
  it.each([
    ['none', { reported: 100_000_000, own: 100_100_000, ...settled }],
    ['none', { reported: 0, own: 10_000, ...settled }],
    ['late_data', { reported: 90_000_000, own: 100_000_000, isOurs: true, readAfterMs: 3 * DAY_MS - 1 }],
    ['late_data', { reported: 0, own: 100_000_000, isOurs: true, readAfterMs: undefined }],
    ['not_reported', { reported: null, own: 100_000_000, ...settled }],
    ['not_reported', { reported: null, own: 0, ...settled }],
    ['late_data', { reported: null, own: 0, isOurs: true, readAfterMs: undefined }],
    ['not_ours', { reported: null, own: 0, isOurs: false, readAfterMs: 3 * DAY_MS }],
    ['under_delivery', { reported: 90_000_000, own: 100_000_000, ...settled }],
    ['over_delivery', { reported: 200_000_000, own: 100_000_000, ...settled }],
    ['unknown', { reported: 200_000_001, own: 100_000_000, ...settled }],
    ['changed_outside', { reported: 5_000_000, own: 0, ...settled }],
    ['not_ours', { reported: 5_000_000, own: 0, isOurs: false, readAfterMs: 3 * DAY_MS }],
    ['within_budget', { reported: 5_000_000, own: 0, ...given }],
    ['within_budget', { reported: 100_000_000, own: 10_000_000, ...given }],
    ['unknown', { reported: 100_000_001, own: 0, ...given }],
    ['over_delivery', { reported: 120_000_000, own: 60_000_000, ...given }],
    ['under_delivery', { reported: 5_000_000, own: 60_000_000, ...given }],
  ])('is %s for %o', (reason, pair) => {
    expect(reasonFor({ budget: undefined, ...pair }, rule)).toBe(reason)
  })
})
