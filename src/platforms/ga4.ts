import type { HttpResponse } from '../http.ts'
import { readGoogleRpc } from './google-rpc.ts'
import { at, numberAt, parsed } from './json.ts'
import type { Answer } from './platform.ts'

const MINUTE_MS = 60_000

/** Quotas of a property, as answers name them: of a standard one, and of one of Analytics 360. */
const QUOTAS: Readonly<Record<string, readonly [standard: number, premium: number]>> = {
  tokensPerDay: [200_000, 2_000_000],
  tokensPerHour: [40_000, 400_000],
  tokensPerProjectPerHour: [14_000, 140_000],
  concurrentRequests: [10, 50],
  serverErrorsPerProjectPerHour: [10, 50],
  potentiallyThresholdedRequestsPerHour: [120, 120],
}

/** Google Analytics 4: the Data API for reports, the Admin API for which properties there are. */
export const ga4 = {
  hosts: {
    data: 'https://analyticsdata.googleapis.com',
    admin: 'https://analyticsadmin.googleapis.com',
  },
  version: 'v1beta',
  /** Rows of a page; 250,000 is the most that is given, 10,000 the default. */
  pageSize: 100_000,
  /** Calls that we allow ourselves; the property's quota is counted in tokens, which the answers tell. */
  limits: [{ calls: 100, windowMs: MINUTE_MS }],

  /** @see readGoogleRpc */
  read: (response: HttpResponse, nowMs: number): Answer => readGoogleRpc(response, nowMs, waitOf),

  /**
   * Share of the property's scarcest quota that is used, when a report was asked for with `returnPropertyQuota`.
   * `consumed` is what this one request cost, so only what remains says anything.
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

/** A quota says in words only which one it is, and so when it comes back. */
function waitOf(message: string): number | undefined {
  if (/concurrent/i.test(message)) return 30_000
  if (/per day|daily/i.test(message)) return 4 * 60 * MINUTE_MS
  // Tokens, thresholded requests and server errors are counted per hour.
  return 30 * MINUTE_MS
}
