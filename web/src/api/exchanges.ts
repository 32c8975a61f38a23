import { type components, dataOf } from '@bidwarden/client'
import { queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import { whileAway } from './live-state.ts'

type Schemas = components['schemas']
export type Seat = Schemas['Seat']
export type SeatTest = Schemas['SeatTest']
export type TestedImp = SeatTest['imps'][number]
export type NoBidReason = Seat['noBids'][number]['reason']
export type Campaign = Schemas['Campaign']
export type CampaignInput = Schemas['CampaignInput']
export type Creative = Campaign['creatives'][number]
export type Pace = Schemas['Pace']

/** How often figures of seats are asked for while the stream, which tells that they have changed, is away; in milliseconds. */
const seatsEvery = whileAway(5_000)
/** How often campaigns are, whose pace is set every ten seconds. */
const CAMPAIGNS_EVERY_MS = 10_000
/** Campaigns on a page of the list, the most that there may be on one. */
const CAMPAIGNS_AT_ONCE = 500

export const CAMPAIGNS_KEY = ['campaigns'] as const

export const seatsQuery = queryOptions({
  queryKey: ['seats'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/seats', { signal })),
  refetchInterval: seatsEvery,
})

export const campaignsQuery = queryOptions({
  queryKey: [...CAMPAIGNS_KEY, 'list'],
  queryFn: ({ signal }) =>
    dataOf(api.GET('/v1/campaigns', { params: { query: { limit: CAMPAIGNS_AT_ONCE } }, signal })),
  refetchInterval: CAMPAIGNS_EVERY_MS,
})

export const campaignQuery = (id: string) =>
  queryOptions({
    queryKey: [...CAMPAIGNS_KEY, 'one', id],
    queryFn: ({ signal }) => dataOf(api.GET('/v1/campaigns/{id}', { params: { path: { id } }, signal })),
    refetchInterval: CAMPAIGNS_EVERY_MS,
  })
export type TestRequestBody = Schemas['TestRequest']
