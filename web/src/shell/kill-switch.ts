import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, isPending } from '../api/client.ts'
import { killSwitchQuery } from '../api/queries.ts'
import { failed, told } from '../ui/toasts.tsx'

interface Change {
  readonly engaged: boolean
  readonly reason?: string | undefined
}

/** Stops every bid, or lets bids through again. */
export function useKillSwitch() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ engaged, reason }: Change) =>
      dataOf(api.POST('/v1/kill-switch', { body: { engaged, ...(reason && { reason }) } })),
    onSuccess(now) {
      if (isPending(now)) {
        told('Bidding is still stopped: another key has to approve its release')
        return
      }
      queries.setQueryData(killSwitchQuery.queryKey, now)
      told(now.engaged ? 'All bidding is stopped' : 'Bids are let through again')
    },
    onError: (error, { engaged }) =>
      failed(engaged ? 'Bidding was not stopped' : 'The stop was not released', error),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['audit'] }),
        queries.invalidateQueries({ queryKey: ['approvals'] }),
      ]),
  })
}
