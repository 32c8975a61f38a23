import { useQuery } from '@tanstack/react-query'
import type { Budget } from '../../api/client.ts'
import { seatsQuery } from '../../api/exchanges.ts'
import { budgetsQuery } from '../../api/queries.ts'

/** The budget that a campaign for exchanges has of its own, among all. */
export const budgetOf = (budgets: readonly Budget[] | undefined, campaign: string): Budget | undefined =>
  budgets?.find(({ scope }) => scope === budgetScope(campaign))

export const budgetScope = (campaign: string): string => `campaign:openrtb:${campaign}`

/** The one currency of all prices and budgets of exchanges. */
export function useCurrency(): string {
  const seats = useQuery(seatsQuery).data?.seats
  const budgets = useQuery(budgetsQuery).data?.budgets
  const known =
    seats?.[0]?.currency ??
    budgets?.find(({ scope }) => scope === 'platform:openrtb' || scope.startsWith('campaign:openrtb:'))
      ?.currency
  return known ?? 'USD'
}
