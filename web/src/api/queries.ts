import { dataOf, type operations } from '@bidwarden/client'
import { keepPreviousData, QueryCache, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, type BidRecord, type SpendOverTime } from './client.ts'
import { newsAfter, newsSoFar, noteFigures, noteNoAnswer, whileAway } from './live-state.ts'
import { bidsWith, bidWith, budgetsWith, budgetWith, killSwitchWith, platformsWith } from './news.ts'
import { isUnreachable } from './problem.ts'
import { forgetSession, isSignedOut } from './session.ts'

// What happens comes by the stream. While it is away, asking is all there is.
/** How often the kill switch is asked for then, in milliseconds. */
const switchEvery = whileAway(2_000)
/** How often figures that the stream has are. */
const toldEvery = whileAway(5_000)
/** How often figures that it does not have are asked for, at all times. */
const UNTOLD_EVERY_MS = 5_000
/** Budgets on a page of the list, which the service reads at once. */
const BUDGETS_AT_ONCE = 1_000

export function createQueries(): QueryClient {
  const queries = new QueryClient({
    queryCache: new QueryCache({
      // A session that has ended shows in any answer; the way in is shown then.
      onError: (error) => {
        if (isSignedOut(error)) forgetSession(queries)
        if (isUnreachable(error)) noteNoAnswer()
      },
      onSuccess: noteFigures,
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

/** What is read, with what has come by the stream meanwhile: an answer may be older than that. */
async function withNews<Data>(
  asked: Promise<Data>,
  merge: (known: Data, events: ReturnType<typeof newsAfter>) => Data,
): Promise<Data> {
  const soFar = newsSoFar()
  const data = await asked
  return merge(data, newsAfter(soFar))
}

export const killSwitchQuery = queryOptions({
  queryKey: ['kill-switch'],
  queryFn: ({ signal }) => withNews(dataOf(api.GET('/v1/kill-switch', { signal })), killSwitchWith),
  refetchInterval: switchEvery,
})

export const budgetsQuery = queryOptions({
  queryKey: ['budgets'],
  queryFn: ({ signal }) =>
    withNews(
      dataOf(api.GET('/v1/budgets', { params: { query: { limit: BUDGETS_AT_ONCE } }, signal })),
      budgetsWith,
    ),
  refetchInterval: toldEvery,
})

export const budgetQuery = (scope: string) =>
  queryOptions({
    queryKey: [...budgetsQuery.queryKey, scope],
    queryFn: ({ signal }) =>
      withNews(dataOf(api.GET('/v1/budgets/{scope}', { params: { path: { scope } }, signal })), budgetWith),
    refetchInterval: toldEvery,
  })

/** What waits for the approval of another key. */
export const approvalsQuery = queryOptions({
  queryKey: ['approvals'],
  queryFn: ({ signal }) =>
    dataOf(
      api.GET('/v1/approvals', { params: { query: { status: 'pending_approval', limit: 50 } }, signal }),
    ),
  refetchInterval: toldEvery,
})

export const platformsQuery = queryOptions({
  queryKey: ['platforms'],
  queryFn: ({ signal }) => withNews(dataOf(api.GET('/v1/platforms', { signal })), platformsWith),
  refetchInterval: UNTOLD_EVERY_MS,
})

/** Of `/readyz`: a line for each part of the service that does not do its work; none where all do. */
export const troublesQuery = queryOptions({
  queryKey: ['troubles'],
  async queryFn({ signal }) {
    const response = await fetch('/readyz', { signal })
    return response.ok ? [] : (await response.text()).split('\n').filter((line) => line !== '')
  },
  refetchInterval: UNTOLD_EVERY_MS,
})

export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => dataOf(api.GET('/v1/alerts', { signal })),
  refetchInterval: UNTOLD_EVERY_MS,
})

export type SpendPeriod = SpendOverTime['period']

export const spendQuery = (period: SpendPeriod, scope: string | undefined) =>
  queryOptions({
    queryKey: ['spend', period, scope],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/v1/spend', {
          params: { query: { period, ...(scope !== undefined && { scope }) } },
          signal,
        }),
      ),
    refetchInterval: UNTOLD_EVERY_MS,
  })

/** What the service itself filters bids by. */
export type BidFilter = NonNullable<operations['getBids']['parameters']['query']>

/** Bids, and how many came too quickly to be among them. */
export interface BidsListed {
  readonly bids: BidRecord[]
  readonly skipped?: number
}

export const bidsQuery = (filter: BidFilter) =>
  queryOptions({
    queryKey: ['bids', filter],
    queryFn: ({ signal }) =>
      withNews<BidsListed>(
        dataOf(api.GET('/v1/bids', { params: { query: filter }, signal })),
        (known, events) => bidsWith(known, filter, events),
      ),
    refetchInterval: toldEvery,
    // Comparing a thousand bids with themselves takes longer than drawing those that are seen.
    structuralSharing: false,
  })

export const bidQuery = (bidId: string) =>
  queryOptions({
    queryKey: ['bid', bidId],
    queryFn: ({ signal }) =>
      withNews(dataOf(api.GET('/v1/bids/{bidId}', { params: { path: { bidId } }, signal })), bidWith),
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
    refetchInterval: toldEvery,
  })
