import { dataOf, type operations } from '@bidwarden/client'
import { keepPreviousData, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import { api } from './client.ts'
import { forgetSession, isSignedOut } from './session.ts'

/** How often what may stop money is looked at, in milliseconds: a stop by another operator shows within a second. */
const SWITCH_EVERY_MS = 700
/** How often figures are, in milliseconds. */
const FIGURES_EVERY_MS = 2_000
/** Budgets on a page of the list, which the service reads at once. */
const BUDGETS_AT_ONCE = 1_000

export function createQueries(): QueryClient {
  const queries = new QueryClient({
    queryCache: new QueryCache({
      // A session that has ended shows in any answer; the way in is shown then.
      onError: (error) => {
        if (isSignedOut(error)) forgetSession(queries)
      },
    }),
    defaultOptions: {
      queries: {
        // A service on this machine is there while the network is not.
        networkMode: 'always',
        // What is shown asks again in its own time.
        retry: false,
        placeholderData: keepPreviousData,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
  return queries
}

export const killSwitchQuery = queryOptions({
  queryKey: ['kill-switch'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/kill-switch', { signal })),
  refetchInterval: SWITCH_EVERY_MS,
})

export const budgetsQuery = queryOptions({
  queryKey: ['budgets'],
  queryFn: ({ signal }) =>
    dataOf(api.GET('/v1/budgets', { params: { query: { limit: BUDGETS_AT_ONCE } }, signal })),
  refetchInterval: FIGURES_EVERY_MS,
})

export const budgetQuery = (scope: string) =>
  queryOptions({
    queryKey: ['budgets', scope],
    queryFn: ({ signal }) => dataOf(api.GET('/v1/budgets/{scope}', { params: { path: { scope } }, signal })),
    refetchInterval: FIGURES_EVERY_MS,
  })

export const platformsQuery = queryOptions({
  queryKey: ['platforms'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/platforms', { signal })),
  refetchInterval: FIGURES_EVERY_MS,
})

/** Of `/readyz`: a line for each part of the service that does not do its work; none where all do. */
export const troublesQuery = queryOptions({
  queryKey: ['troubles'],
  async queryFn({ signal }) {
    const response = await fetch('/readyz', { signal })
    return response.ok ? [] : (await response.text()).split('\n').filter((line) => line !== '')
  },
  refetchInterval: FIGURES_EVERY_MS,
})

/** What the service itself filters bids by. */
export type BidFilter = NonNullable<operations['getBids']['parameters']['query']>

export const bidsQuery = (filter: BidFilter) =>
  queryOptions({
    queryKey: ['bids', filter],
    queryFn: ({ signal }) => dataOf(api.GET('/v1/bids', { params: { query: filter }, signal })),
    refetchInterval: FIGURES_EVERY_MS,
  })

export const bidQuery = (bidId: string) =>
  queryOptions({
    queryKey: ['bid', bidId],
    queryFn: ({ signal }) => dataOf(api.GET('/v1/bids/{bidId}', { params: { path: { bidId } }, signal })),
  })

/** The latest changes, of one target where one is named. */
export const auditQuery = (target: string | undefined, limit = 50) =>
  queryOptions({
    queryKey: ['audit', target, limit],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/v1/audit', {
          params: { query: { limit, ...(target !== undefined && { target }) } },
          signal,
        }),
      ),
    refetchInterval: FIGURES_EVERY_MS,
  })
