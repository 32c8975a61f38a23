import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Clock } from '../../time/clock.ts'
import type { Played } from '../protocol.ts'
import { bearerToken, type Call, isObject, type Json, parseJson, Refusal, type Reply } from '../protocol.ts'
import type { AmazonOauth } from './oauth.ts'

interface ErrorKind {
  readonly http: number
  readonly body: Json
  readonly headers?: Readonly<Record<string, string>>
}
const ERRORS = {
  INVALID_ARGUMENT: { http: 400, body: { code: '400', details: 'Invalid argument' } },
  UNAUTHORIZED: { http: 401, body: { code: '401', details: 'HTTP 401 Unauthorized' } },
  SCOPE_NOT_AUTHORIZED: { http: 401, body: { code: '401', details: 'Not authorized to access scope' } },
  FORBIDDEN: { http: 403, body: { message: 'Not authorized: Authorization header is not permitted' } },
  NOT_FOUND: { http: 404, body: { code: '404', details: 'Not found' } },
  TOO_EARLY: { http: 425, body: { code: '425', detail: 'Too early' } },
  /** Without `Retry-After`. */
  TOO_MANY_REQUESTS: { http: 429, body: { message: 'Too Many Requests' } },
  INTERNAL: { http: 500, body: { code: '500', details: 'Internal error' } },
  /** A failure that calls itself a success. */
  FAILURE_IN_SUCCESS: { http: 200, body: { code: '500', details: 'Internal error' } },
} as const satisfies Record<string, ErrorKind>
type ErrorName = keyof typeof ERRORS

export const isAmazonErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)

const errorOf = (name: ErrorName): Reply => ({ status: ERRORS[name].http, body: ERRORS[name].body })
function refuse(name: ErrorName, words?: string): never {
  const reply = errorOf(name)
  throw new Refusal(words === undefined ? reply : { ...reply, body: { ...ERRORS[name].body, detail: words } })
}

interface Advertiser {
  readonly advertiserId: string
  readonly name: string
  readonly currency: string
  readonly timezone: string
}
/** Profiles by region; only agencies have a demand-side platform. */
const SEATS: Readonly<
  Record<string, { profileId: number; type: string; advertisers: readonly Advertiser[] }[]>
> = {
  na: [
    {
      profileId: 1001,
      type: 'agency',
      advertisers: [
        { advertiserId: '5001', name: 'Acme', currency: 'USD', timezone: 'America/New_York' },
        { advertiserId: '5002', name: 'Acme Canada', currency: 'CAD', timezone: 'America/Toronto' },
      ],
    },
    { profileId: 1002, type: 'seller', advertisers: [] },
  ],
  eu: [
    {
      profileId: 2001,
      type: 'agency',
      advertisers: [
        { advertiserId: '6001', name: 'Acme Europe', currency: 'EUR', timezone: 'Europe/Berlin' },
      ],
    },
  ],
  fe: [],
}
const METRICS: Readonly<Record<string, (seed: number) => number>> = {
  impressions: (seed) => 1000 + seed,
  clickThroughs: (seed) => seed % 40,
  totalCost: (seed) => seed * 1.25,
  dpv14d: (seed) => seed % 9,
  purchases14d: (seed) => seed % 4,
  sales14d: (seed) => (seed % 4) * 19.99,
}
const SIGNED_MS = 900_000
const DAY_MS = 86_400_000
/** Lists come in pages of this many, whatever is asked for. */
const LARGEST_PAGE = 1

interface Report {
  readonly reportId: string
  readonly asked: string
  readonly rows: readonly Json[]
  readonly packed: boolean
  readonly readyMs: number
}

/** Amazon Ads in three regions, below `/na`, `/eu` and `/fe`: profiles, advertisers, orders, reports that take a while. */
export function createAmazon(
  oauth: AmazonOauth,
  clock: Clock,
  clientId: string,
  reportMs: number,
): { readonly played: Played; readonly storage: Played } {
  const reports = new Map<string, Report>()

  function route(call: Call): Reply {
    const [, region = '', path = ''] = /^\/(na|eu|fe)(\/.*)$/.exec(call.path) ?? []
    const seats = SEATS[region] ?? refuse('NOT_FOUND')
    if (!oauth.isGood(bearerToken(call.headers) ?? '')) refuse('UNAUTHORIZED')
    if (call.headers.get('amazon-advertising-api-clientid') !== clientId) refuse('UNAUTHORIZED')
    if (call.method === 'GET' && path === '/v2/profiles') {
      const body = seats.map(({ profileId, type }) => ({
        profileId,
        countryCode: 'US',
        currencyCode: 'USD',
        timezone: 'America/Los_Angeles',
        accountInfo: { id: `ENTITY${profileId}`, type },
      }))
      return { status: 200, body }
    }
    const scope = call.headers.get('amazon-advertising-api-scope')
    const seat = seats.find(({ profileId }) => String(profileId) === scope) ?? refuse('SCOPE_NOT_AUTHORIZED')
    if (call.method === 'POST' && path === '/dsp/reports') return ordered(seat, call)
    if (call.method !== 'GET') return refuse('NOT_FOUND')
    if (path === '/dsp/advertisers') return listed(seat.advertisers, call)
    if (path === '/dsp/orders') {
      if (call.headers.get('accept') !== 'application/vnd.dsporders.v2.2+json') refuse('INVALID_ARGUMENT')
      const whose = call.query.get('advertiserIdFilter') ?? ''
      return listed(ordersOf(whose), call)
    }
    if (path === '/dsp/lineItems') {
      const orderId = call.query.get('orderIdFilter') ?? ''
      return listed(
        [0, 1].map((n) => ({ lineItemId: `${orderId}${n}`, orderId, name: `Line item ${n}` })),
        call,
      )
    }
    const found = reports.get(/^\/dsp\/reports\/([\w-]+)$/.exec(path)?.[1] ?? '')
    return found ? { status: 200, body: described(call, found) } : refuse('NOT_FOUND')
  }

  /** Ordered again while the first is being made, it is refused, and the refusal names the first. */
  function ordered(seat: { advertisers: readonly Advertiser[] }, { body }: Call): Reply {
    const asked = parseJson(body)
    if (!isObject(asked)) return refuse('INVALID_ARGUMENT')
    const under = [...reports.values()].find((one) => one.asked === body && clock.elapsedMs() < one.readyMs)
    if (under) return refuse('TOO_EARLY', `The Request is a duplicate of : ${under.reportId}`)
    const metrics = String(asked['metrics'] ?? '').split(',')
    if (metrics.some((name) => !METRICS[name])) return refuse('INVALID_ARGUMENT', 'Unknown metric')
    const reportId = randomUUID()
    const rows = seat.advertisers.flatMap(({ advertiserId }) => rowsOf(asked, advertiserId, metrics))
    const [whose]: unknown[] = Array.isArray(asked['advertiserIds']) ? asked['advertiserIds'] : []
    reports.set(reportId, {
      reportId,
      asked: body,
      rows,
      packed: whose !== '5002',
      readyMs: clock.elapsedMs() + reportMs,
    })
    return {
      status: 202,
      body: { reportId, type: 'CAMPAIGN', format: 'JSON', status: 'IN_PROGRESS', location: '' },
    }
  }

  function described({ headers }: Call, { reportId, readyMs }: Report): Json {
    if (clock.elapsedMs() < readyMs) return { reportId, status: 'IN_PROGRESS', location: '' }
    const until = Math.floor(clock.elapsedMs() + SIGNED_MS)
    const location = `http://${headers.get('host')}/amazon-storage/files/${reportId}/${until}`
    return { reportId, status: 'SUCCESS', location, expiration: until }
  }

  const stale = (): Reply => ({
    status: 403,
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from('<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'),
  })
  return {
    played: {
      handle: route,
      errorNamed: (name) => errorOf(isAmazonErrorName(name) ? name : 'INTERNAL'),
      jobFailed({ path }) {
        const reportId = path.replace(/^.*\//, '')
        const statusDetails = 'Report generation failed'
        return { status: 200, body: { reportId, status: 'FAILURE', statusDetails, location: '' } }
      },
    },
    storage: {
      handle({ path, headers }) {
        const [, reportId = '', until = '0'] = /^\/files\/([\w-]+)\/(\d+)$/.exec(path) ?? []
        const report = reports.get(reportId)
        // S3 refuses a request that is signed twice.
        if (!report || clock.elapsedMs() > Number(until) || headers.has('authorization')) return stale()
        const text = Buffer.from(JSON.stringify(report.rows))
        return { status: 200, body: report.packed ? gzipSync(text) : text }
      },
      errorNamed: stale,
    },
  }
}

function listed(all: readonly unknown[], { query }: Call): Reply {
  const from = Number(query.get('startIndex') ?? 0)
  const count = Number(query.get('count') ?? 10)
  if (!(from >= 0) || !(count >= 1 && count <= 100)) refuse('INVALID_ARGUMENT')
  return {
    status: 200,
    body: { totalResults: all.length, response: all.slice(from, from + Math.min(count, LARGEST_PAGE)) },
  }
}

const ordersOf = (advertiserId: string): Json[] =>
  [1, 2].map((n) => ({
    orderId: `${advertiserId}${n}`,
    advertiserId,
    name: `Order ${n}`,
    deliveryActivationStatus: n === 1 ? 'ACTIVE' : 'INACTIVE',
    startDateTime: '2026-11-01 00:00:00 UTC',
  }))

function rowsOf(asked: Json, advertiserId: string, metrics: readonly string[]): Json[] {
  const [start, end] = [timeOf(asked['startDate']), timeOf(asked['endDate'])]
  if (!(start <= end) || end - start > 31 * DAY_MS) refuse('INVALID_ARGUMENT', 'The dates are wrong')
  const isByLineItem = Array.isArray(asked['dimensions']) && asked['dimensions'].includes('LINE_ITEM')
  return Array.from({ length: Math.round((end - start) / DAY_MS) + 1 }, (_, day) =>
    ordersOf(advertiserId).map(({ orderId, name }, index) => ({
      // One of the two ways in which dates are said.
      ...(index === 0
        ? { date: new Date(start + day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '') }
        : { intervalStart: start + day * DAY_MS }),
      advertiserId,
      orderId,
      orderName: name,
      ...(isByLineItem && { lineItemId: `${orderId}0`, lineItemName: 'Line item 0' }),
      ...Object.fromEntries(metrics.map((metric) => [metric, METRICS[metric]?.(day * 5 + index)])),
    })),
  ).flat()
}

const timeOf = (text: unknown): number =>
  Date.parse(String(text).replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'))
