import { type components, dataOf } from '@bidwarden/client'
import { queryOptions } from '@tanstack/react-query'
import type { Days } from '../ui/days.ts'
import { api } from './client.ts'
import { CONNECTIONS_KEY } from './connections.ts'

export type Reconciliation = components['schemas']['Reconciliation']
export type SpendLine = Reconciliation['days'][number]
export type Reason = SpendLine['reason']

/** How often both sides are compared again, in milliseconds: each day of the range is a question to the records. */
const EVERY_MS = 30_000

/** Spend on an account by campaign and day, reported and own. */
export const reconciliationQuery = (id: string, { start, end }: Days) =>
  queryOptions({
    queryKey: [...CONNECTIONS_KEY, 'reconciliation', id, start, end],
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/connectors/{id}/reconciliation', {
          params: { path: { id }, query: { start, end } },
          signal,
        }),
      ),
    refetchInterval: EVERY_MS,
    staleTime: EVERY_MS,
  })
