import { type components, dataOf, type operations } from '@bidwarden/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

type Schemas = components['schemas']
export type ConnectionHealth = Schemas['ConnectorHealthStatus']
export type HealthPoint = Schemas['ConnectorHealthPoint']
export type DeliveryCounts = Schemas['ConversionDeliveryCounts']
export type ConversionConnection = Schemas['ConnectionResult']
export type Delivery = Schemas['EventDeliveryLog']
export type ReplayResult = Schemas['ConversionReplayResult']
export type Preview = Schemas['ConversionPreview']
export type RoasRow = Schemas['RoasRow']
export type RoasFigures = Schemas['RoasFigures']
export type RoasBy = NonNullable<NonNullable<operations['getRoas']['parameters']['query']>['by']>

/** How often deliveries and health are asked for, in milliseconds; the stream does not have them. */
const EVERY_MS = 5_000
/** How often what changes slowly, or takes a database longer, is. */
const SLOWLY_MS = 30_000
const HISTORY_HOURS = 24
/** Deliveries of a page of a list. */
const LISTED = 50

/** Everything below this key is of conversions: what changes one asks for all of it again. */
export const CONVERSIONS_KEY = ['conversions'] as const

export const healthQuery = queryOptions({
  queryKey: [...CONVERSIONS_KEY, 'health'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/conversions/health', { signal })),
  refetchInterval: EVERY_MS,
})

export const conversionConnectionsQuery = queryOptions({
  queryKey: [...CONVERSIONS_KEY, 'connections'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/conversions/connections', { signal })),
  refetchInterval: EVERY_MS,
})

export const healthHistoryQuery = queryOptions({
  queryKey: [...CONVERSIONS_KEY, 'health-history'],
  queryFn: ({ signal }) =>
    dataOf(
      api.GET('/api/v1/conversions/health/history', { params: { query: { hours: HISTORY_HOURS } }, signal }),
    ),
  refetchInterval: SLOWLY_MS,
})

export const deliveryCountsQuery = queryOptions({
  queryKey: [...CONVERSIONS_KEY, 'counts'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/conversions/deliveries/counts', { signal })),
  refetchInterval: EVERY_MS,
})

export const latestDeliveriesQuery = queryOptions({
  queryKey: [...CONVERSIONS_KEY, 'latest'],
  queryFn: ({ signal }) =>
    dataOf(api.GET('/api/v1/conversions/deliveries', { params: { query: { limit: LISTED } }, signal })),
  refetchInterval: EVERY_MS,
})

/** Deliveries that were given up, newest first, a page at a time. */
export const deadLettersQuery = (platform: string) =>
  infiniteQueryOptions({
    queryKey: [...CONVERSIONS_KEY, 'dead-letters', platform],
    queryFn: ({ signal, pageParam }) =>
      dataOf(
        api.GET('/api/v1/conversions/dead-letters', {
          params: {
            query: {
              limit: LISTED,
              ...(isPlatform(platform) && { platform }),
              ...(pageParam !== null && { before: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next_before }) => next_before,
    refetchInterval: EVERY_MS,
  })

/** Platforms that events go to. */
export const EVENT_PLATFORMS = ['meta', 'google', 'tiktok', 'snapchat'] as const
export type EventPlatform = (typeof EVENT_PLATFORMS)[number]
export const isPlatform = (name: string): name is EventPlatform => EVENT_PLATFORMS.some((one) => one === name)

/** What became of an event at each platform. */
export const eventQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONVERSIONS_KEY, 'event', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/conversions/events/{id}', { params: { path: { id } }, signal })),
    refetchInterval: EVERY_MS,
  })

export const matchQualityQuery = (days: number) =>
  queryOptions({
    queryKey: [...CONVERSIONS_KEY, 'match-quality', days],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/conversions/match-quality', { params: { query: { days } }, signal })),
    refetchInterval: SLOWLY_MS,
  })

/** Rows of one answer about what bids brought. */
export const ROAS_ROWS = 1_000

/** What bids of the latest days brought. */
export const roasQuery = (by: RoasBy, days: number, eventNames: string) =>
  queryOptions({
    queryKey: ['roas', by, days, eventNames],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/v1/roas', {
          params: {
            query: { by, days, event_names: eventNames, limit: ROAS_ROWS },
          },
          signal,
        }),
      ),
    refetchInterval: SLOWLY_MS,
  })
export type ReplayWish = Schemas['ConversionReplay']
export type PreviewInput = Schemas['ConversionPreviewInput']
