import { type components, dataOf, type operations } from '@bidwarden/client'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

type Schemas = components['schemas']
export type ApiKey = Schemas['ApiKey']
export type MadeKey = Schemas['MadeApiKey']
export type KeyInput = Schemas['KeyInput']
export type KeyScope = ApiKey['scopes'][number]
export type AuditFilter = Omit<NonNullable<operations['getAudit']['parameters']['query']>, 'limit' | 'cursor'>

/** How often keys, the store and the version are asked for, in milliseconds. */
const EVERY_MS = 5_000
/** Changes on a page of them. */
const CHANGES_AT_ONCE = 50

export const KEYS_KEY = ['keys'] as const

export const keysQuery = queryOptions({
  queryKey: KEYS_KEY,
  queryFn: ({ signal }) => dataOf(api.GET('/v1/keys', { signal })),
  refetchInterval: EVERY_MS,
})

export const storeQuery = queryOptions({
  queryKey: ['store'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/store', { signal })),
  refetchInterval: EVERY_MS,
})

export const versionQuery = queryOptions({
  queryKey: ['version'],
  queryFn: ({ signal }) => dataOf(api.GET('/version', { signal })),
  refetchInterval: EVERY_MS,
})

/** Changes that fit a filter, the latest first, a page after the other. */
export const changesQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'pages', filter],
    queryFn: ({ signal, pageParam }) =>
      dataOf(
        api.GET('/v1/audit', {
          params: {
            query: {
              ...filter,
              limit: CHANGES_AT_ONCE,
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ next }) => next,
  })
