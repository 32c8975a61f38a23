import type { Clock } from '../../time/clock.ts'
import { bearerToken, type Call, type Played, type SandboxReply } from '../protocol.ts'
import { errorOf, isAmazonErrorName, refuse } from './errors.ts'
import type { AmazonOauth } from './oauth.ts'
import { createAmazonReports, ordersOf } from './reports.ts'

interface Advertiser {
  readonly advertiserId: string
  readonly name: string
  readonly currency: string
  readonly timezone: string
}
/** Profiles by region. Only profiles of agencies have advertisers. */
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
/** Entries of a page, however many are asked for: a client has to turn pages. */
const PAGE_SIZE = 1

/**
 * Amazon Ads in three regions, below `/na`, `/eu` and `/fe`: profiles, advertisers, orders and reports.
 * @param reportMs how long a report takes to be made, in milliseconds
 */
export function createAmazon(
  oauth: AmazonOauth,
  clock: Clock,
  clientId: string,
  reportMs: number,
): { readonly played: Played; readonly storage: Played } {
  const reports = createAmazonReports(clock, reportMs)

  function route(call: Call): SandboxReply {
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
    if (call.method === 'POST' && path === '/dsp/reports') return reports.order(seat.advertisers, call)
    if (call.method !== 'GET') return refuse('NOT_FOUND')
    if (path === '/dsp/advertisers') return listed(seat.advertisers, call)
    if (path === '/dsp/orders') {
      if (call.headers.get('accept') !== 'application/vnd.dsporders.v2.2+json') refuse('INVALID_ARGUMENT')
      return listed(ordersOf(call.query.get('advertiserIdFilter') ?? ''), call)
    }
    if (path === '/dsp/lineItems') {
      const orderId = call.query.get('orderIdFilter') ?? ''
      return listed(
        [0, 1].map((n) => ({ lineItemId: `${orderId}${n}`, orderId, name: `Line item ${n}` })),
        call,
      )
    }
    const body = reports.described(/^\/dsp\/reports\/([\w-]+)$/.exec(path)?.[1] ?? '', call)
    return body ? { status: 200, body } : refuse('NOT_FOUND')
  }

  return {
    played: {
      handle: route,
      errorNamed: (name) => errorOf(isAmazonErrorName(name) ? name : 'INTERNAL'),
      jobFailed: reports.jobFailed,
    },
    storage: reports.storage,
  }
}

function listed(all: readonly unknown[], { query }: Call): SandboxReply {
  const from = Number(query.get('startIndex') ?? 0)
  const count = Number(query.get('count') ?? 10)
  if (!(from >= 0) || !(count >= 1 && count <= 100)) refuse('INVALID_ARGUMENT')
  return {
    status: 200,
    body: { totalResults: all.length, response: all.slice(from, from + Math.min(count, PAGE_SIZE)) },
  }
}
