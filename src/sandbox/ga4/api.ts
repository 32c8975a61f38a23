import { daysBetween } from '../days.ts'
import { googleApi, paged, refuseRpc } from '../google/api.ts'
import type { GoogleOauth } from '../google/oauth.ts'
import type { Call, JsonObject, Played, SandboxReply } from '../protocol.ts'
import { isObject, parseJson } from '../protocol.ts'

const SCOPE = 'https://www.googleapis.com/auth/analytics.readonly'

const PROPERTIES = [
  { name: 'properties/1234', displayName: 'Shop', currencyCode: 'EUR', timeZone: 'Europe/Berlin' },
  // It has so much traffic that its reports are sampled, cut and thresholded.
  { name: 'properties/5678', displayName: 'Large shop', currencyCode: 'USD', timeZone: 'America/New_York' },
] as const

const SOURCES = ['google', 'facebook', 'newsletter'] as const
const DIMENSIONS: Readonly<Record<string, (date: string, index: number) => string>> = {
  date: (date) => date.replaceAll('-', ''),
  sessionSource: (_, index) => SOURCES[index % SOURCES.length] ?? '',
  sessionMedium: (_, index) => (index % SOURCES.length === 2 ? 'email' : 'cpc'),
  sessionCampaignId: (_, index) => String(300 + index),
  sessionCampaignName: (_, index) => `Campaign ${300 + index}`,
  landingPage: (_, index) => `/landing/${index}`,
  eventName: (_, index) => ['page_view', 'purchase', 'add_to_cart'][index % 3] ?? '',
}
const METRICS: Readonly<Record<string, { type: string; of: (seed: number) => string }>> = {
  sessions: { type: 'TYPE_INTEGER', of: (seed) => String(10 + (seed % 90)) },
  engagedSessions: { type: 'TYPE_INTEGER', of: (seed) => String(5 + (seed % 40)) },
  totalUsers: { type: 'TYPE_INTEGER', of: (seed) => String(8 + (seed % 80)) },
  newUsers: { type: 'TYPE_INTEGER', of: (seed) => String(seed % 30) },
  keyEvents: { type: 'TYPE_FLOAT', of: (seed) => String(seed % 7) },
  ecommercePurchases: { type: 'TYPE_INTEGER', of: (seed) => String(seed % 5) },
  purchaseRevenue: { type: 'TYPE_CURRENCY', of: (seed) => String((seed % 5) * 45.25) },
  eventCount: { type: 'TYPE_INTEGER', of: (seed) => String(100 + seed) },
}
const ROWS_PER_DAY = 3
/** The most rows that a request may ask for. */
const MAX_LIMIT = 250_000
/** The most rows of an answer. The API gives as many as are asked for; here a client has to turn pages. */
const MAX_ROWS = 50

/** The Data API and the Admin API of Google Analytics 4, with a quota that reports use up. */
export function createAnalytics(oauth: GoogleOauth): Played {
  /** Tokens by property. */
  const usedTokens = new Map<string, number>()

  function route({ method, path, query, body }: Call): SandboxReply {
    if (method === 'GET' && path === '/v1beta/accounts') {
      return { status: 200, body: { accounts: [{ name: 'accounts/1', displayName: 'Acme' }] } }
    }
    if (method === 'GET' && path === '/v1beta/properties') {
      if (!/^(ancestor|parent):accounts\/1$/.test(query.get('filter') ?? ''))
        refuseRpc('INVALID_ARGUMENT', 'The filter is invalid.')
      // One at a time, so that a client has to turn pages.
      query.set('pageSize', '1')
      const { page, next } = paged(PROPERTIES, query, 50, 200)
      return { status: 200, body: { properties: page, ...next } }
    }
    const name = /^\/v1beta\/(properties\/[^/:]+):runReport$/.exec(path)?.[1]
    if (name === undefined || method !== 'POST') return refuseRpc('NOT_FOUND')
    const property = PROPERTIES.find((one) => one.name === name)
    if (!property)
      return refuseRpc('PERMISSION_DENIED', 'User does not have sufficient permissions for this property.')
    const asked = parseJson(body)
    return { status: 200, body: reportOf(property, isObject(asked) ? asked : {}) }
  }

  function reportOf(property: (typeof PROPERTIES)[number], asked: JsonObject): JsonObject {
    const dimensions = namesIn(asked['dimensions'])
    const metrics = namesIn(asked['metrics'])
    for (const name of dimensions)
      if (!Object.hasOwn(DIMENSIONS, name))
        refuseRpc('INVALID_ARGUMENT', `Field ${name} is not a valid dimension.`)
    for (const name of metrics)
      if (!Object.hasOwn(METRICS, name)) refuseRpc('INVALID_ARGUMENT', `Field ${name} is not a valid metric.`)
    if (metrics.length === 0) refuseRpc('INVALID_ARGUMENT', 'A report needs at least one metric.')
    const limit = int64(asked['limit'] ?? '10000')
    const offset = int64(asked['offset'] ?? '0')
    if (limit > MAX_LIMIT) refuseRpc('INVALID_ARGUMENT', `The limit is at most ${MAX_LIMIT}.`)

    const rows = rowsOf(datesIn(asked['dateRanges']), dimensions, metrics)
    const page = rows.slice(offset, offset + Math.min(limit, MAX_ROWS))
    const isLarge = property.name === 'properties/5678'
    const { currencyCode, timeZone } = property
    return {
      dimensionHeaders: dimensions.map((name) => ({ name })),
      metricHeaders: metrics.map((name) => ({ name, type: METRICS[name]?.type })),
      ...(page.length > 0 && { rows: page, rowCount: rows.length }),
      metadata: {
        currencyCode,
        timeZone,
        ...(isLarge && {
          dataLossFromOtherRow: true,
          subjectToThresholding: true,
          samplingMetadatas: [{ samplesReadCount: '500000', samplingSpaceSize: '4000000' }],
        }),
      },
      ...(asked['returnPropertyQuota'] === true && { propertyQuota: quotaOf(property.name) }),
      kind: 'analyticsData#runReport',
    }
  }

  /** Every report costs ten tokens. */
  function quotaOf(name: string): JsonObject {
    const used = (usedTokens.get(name) ?? 0) + 10
    usedTokens.set(name, used)
    return {
      tokensPerDay: { consumed: 10, remaining: 200_000 - used },
      tokensPerHour: { consumed: 10, remaining: 40_000 - used },
      tokensPerProjectPerHour: { consumed: 10, remaining: 14_000 - used },
      concurrentRequests: { consumed: 0, remaining: 10 },
      serverErrorsPerProjectPerHour: { consumed: 0, remaining: 10 },
      potentiallyThresholdedRequestsPerHour: { consumed: 0, remaining: 120 },
    }
  }

  return googleApi(oauth, () => SCOPE, route)
}

function rowsOf(
  dates: readonly string[],
  dimensions: readonly string[],
  metrics: readonly string[],
): JsonObject[] {
  return dates.flatMap((date) =>
    Array.from({ length: ROWS_PER_DAY }, (_, index) => {
      const seed = Number(date.replaceAll('-', '')) + index * 17
      return {
        dimensionValues: dimensions.map((name) => ({ value: DIMENSIONS[name]?.(date, index) })),
        metricValues: metrics.map((name) => ({ value: METRICS[name]?.of(seed) })),
      }
    }),
  )
}

function namesIn(list: unknown): string[] {
  const all: unknown[] = Array.isArray(list) ? list : []
  return all.map((one) => (isObject(one) ? String(one['name']) : ''))
}

function int64(value: unknown): number {
  const text = String(value)
  return /^\d{1,15}$/.test(text) ? Number(text) : refuseRpc('INVALID_ARGUMENT', `Invalid value: ${text}`)
}

function datesIn(ranges: unknown): string[] {
  const [range]: unknown[] = Array.isArray(ranges) ? ranges : []
  const [start, end] = isObject(range) ? [range['startDate'], range['endDate']] : []
  const [from, to] = [Date.parse(String(start)), Date.parse(String(end))]
  if (!(from <= to)) refuseRpc('INVALID_ARGUMENT', 'The date range is invalid.')
  return daysBetween(from, to)
}
