import type { HttpResponse } from '../../http/http.ts'
import { readGoogleRpc } from '../google/rpc.ts'
import type { Answer } from '../platform/answer.ts'
import { at, numberAt, parsed } from '../platform/json.ts'

const MINUTE_MS = 60_000

/** Quotas of a property by their names in answers, for standard properties and Analytics 360. */
const QUOTAS: Readonly<Record<string, readonly [standard: number, premium: number]>> = {
  tokensPerDay: [200_000, 2_000_000],
  tokensPerHour: [40_000, 400_000],
  tokensPerProjectPerHour: [14_000, 140_000],
  concurrentRequests: [10, 50],
  serverErrorsPerProjectPerHour: [10, 50],
  potentiallyThresholdedRequestsPerHour: [120, 120],
}

/** Google Analytics 4: the Data API for reports, the Admin API for the list of properties. */
export const ga4 = {
  hosts: {
    data: 'https://analyticsdata.googleapis.com',
    admin: 'https://analyticsadmin.googleapis.com',
  },
  version: 'v1beta',
  /** Rows per page; Google allows 250,000, the default is 10,000. */
  pageSize: 100_000,
  /** Our own limit on calls. The property's quota is counted in tokens, which the answers report. */
  limits: [{ calls: 100, windowMs: MINUTE_MS }],

  /** Classes an answer, as {@link readGoogleRpc} does. */
  read: (response: HttpResponse, nowMs: number): Answer => readGoogleRpc(response, nowMs, waitOf),

  /**
   * Used share of the property's scarcest quota, for a report requested with `returnPropertyQuota`. `consumed` is the
   * cost of this one request, so only `remaining` tells the share.
   */
  usedShare(response: HttpResponse): number | undefined {
    const answer = parsed(response)
    const quota = answer.is === 'json' ? at(answer.body, 'propertyQuota') : undefined
    if (quota === undefined) return undefined
    const remaining = Object.entries(QUOTAS).flatMap(([name, limits]) => {
      const left = numberAt(quota, name, 'remaining')
      return left === undefined ? [] : [{ left, limits }]
    })
    const isPremium = remaining.some(({ left, limits: [standard] }) => left > standard)
    const shares = remaining.map(({ left, limits }) => 1 - left / limits[isPremium ? 1 : 0])
    return shares.length > 0 ? Math.max(0, ...shares) : undefined
  },
} as const

/** Milliseconds until a quota is free again. Only the words of the refusal say which quota it is. */
function waitOf(message: string): number | undefined {
  if (/concurrent/i.test(message)) return 30_000
  if (/per day|daily/i.test(message)) return 4 * 60 * MINUTE_MS
  // Tokens, thresholded requests and server errors are counted per hour.
  return 30 * MINUTE_MS
}
