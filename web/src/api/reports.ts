import { type components, dataOf } from '@bidwarden/client'
import { queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'

type Schemas = components['schemas']
export type ReportRequest = Schemas['ReportRequest']
export type ReportStanding = Schemas['ReportRequestStatus']
export type FetchBody = Schemas['Fetch']
/** A row of a report: what each of its columns holds. */
export type ReportRow = Readonly<Record<string, unknown>>

/** How often a request that has not ended is looked at, in milliseconds. */
const STANDING_EVERY_MS = 1_000
/** How often the list of requests is, in milliseconds. */
const LIST_EVERY_MS = 3_000
/** Requests that are listed; those of a synchronisation stand among them. */
const LISTED = 50

export const REPORTS_KEY = ['reports'] as const

export const requestsQuery = queryOptions({
  queryKey: [...REPORTS_KEY, 'list'],
  queryFn: ({ signal }) =>
    dataOf(api.GET('/api/v1/connectors/requests', { params: { query: { limit: LISTED } }, signal })),
  refetchInterval: LIST_EVERY_MS,
})

export const hasEnded = ({ status }: Pick<ReportRequest, 'status'>): boolean =>
  status !== 'queued' && status !== 'running'

/** Where a request stands; looked at until it has ended. */
export const standingQuery = (id: string) =>
  queryOptions({
    queryKey: [...REPORTS_KEY, 'standing', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/connectors/requests/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && hasEnded(data) ? false : STANDING_EVERY_MS,
  })

/** What was read for a request; while its platform fails, what was read before. */
export const rowsQuery = (id: string, isStale: boolean) =>
  queryOptions({
    queryKey: [...REPORTS_KEY, 'rows', id, isStale],
    async queryFn({ signal }) {
      const data = await dataOf(
        api.GET('/api/v1/connectors/requests/{id}/data', {
          params: { path: { id }, query: { format: 'json' } },
          signal,
        }),
      )
      return rowsIn(data)
    },
    staleTime: Number.POSITIVE_INFINITY,
    // Comparing ten thousand rows with themselves takes longer than drawing them.
    structuralSharing: false,
  })

/** Rows, and the caveats that are said of them now: rows may have been deleted since they were read. */
function rowsIn(data: unknown): { rows: readonly ReportRow[]; caveats: readonly string[] } {
  if (!isObject(data) || !Array.isArray(data['rows'])) throw new Error('The report has no rows in its answer')
  const { metadata } = data
  const caveats = isObject(metadata) && Array.isArray(metadata['caveats']) ? metadata['caveats'] : []
  return { rows: data['rows'].filter(isObject), caveats: caveats.map(String) }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
