import { type components, dataOf } from '@bidwarden/client'
import { queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

type Schemas = components['schemas']
export type Connection = Schemas['Connector']
export type ConnectorType = Schemas['ConnectorType']
export type SyncJob = Schemas['SyncJob']

/** How often connections and their work are looked at, in milliseconds. */
const EVERY_MS = 2_000

/** Everything below this key is of connections: what changes one asks for all of it again. */
export const CONNECTIONS_KEY = ['connections'] as const

export const connectionsQuery = queryOptions({
  queryKey: [...CONNECTIONS_KEY, 'list'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/connectors', { signal })),
  refetchInterval: EVERY_MS,
})

export const schedulesQuery = queryOptions({
  queryKey: [...CONNECTIONS_KEY, 'schedules'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/connectors/schedules', { signal })),
  refetchInterval: EVERY_MS,
})

export const readingQueueQuery = queryOptions({
  queryKey: [...CONNECTIONS_KEY, 'queue'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/connectors/queue', { signal })),
  refetchInterval: EVERY_MS,
})

export const deadLettersQuery = queryOptions({
  queryKey: [...CONNECTIONS_KEY, 'dead-letters'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/connectors/dead-letters', { signal })),
  refetchInterval: EVERY_MS,
})

/** The latest synchronisations of a connection, newest first. */
export const syncJobsQuery = (id: string) =>
  queryOptions({
    queryKey: [...CONNECTIONS_KEY, 'jobs', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/integrations/{id}/jobs', { params: { path: { id } }, signal })),
    refetchInterval: EVERY_MS,
  })

/** What a service can connect changes with its version only. */
export const connectorTypesQuery = queryOptions({
  queryKey: ['connector-types'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/connectors/types', { signal })),
  staleTime: Number.POSITIVE_INFINITY,
})
