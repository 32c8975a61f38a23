import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, type Budget, isPending, type LimitInput } from '../../api/client.ts'
import { told } from '../../ui/toasts.tsx'

interface Change {
  readonly limits: readonly LimitInput[]
  readonly holdMode: Budget['holdMode']
  /** The revision that the viewer saw: what somebody else has changed since is not put back. */
  readonly revision: string
  readonly reason: string | undefined
}

/** Changes what a budget allows. */
export function useChangeBudget(scope: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ limits, reason, ...rest }: Change) =>
      dataOf(
        api.PUT('/v1/budgets/{scope}', {
          params: { path: { scope } },
          body: { ...rest, limits: [...limits], ...(reason !== undefined && { reason }) },
        }),
      ),
    onSuccess: (answer) =>
      told(isPending(answer) ? needsApproval(scope) : (answer.warning ?? `${scope} is changed`)),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['budgets'] }),
        queries.invalidateQueries({ queryKey: ['audit'] }),
        queries.invalidateQueries({ queryKey: ['approvals'] }),
      ]),
  })
}

/** What is told of a change that another key has to approve. */
export const needsApproval = (scope: string): string =>
  `${scope} is not changed yet: another key has to approve it`

/** Whether a viewer may let more be spent on a budget that they may change: of a key's, those alone who make keys. */
export const mayRaise = (scope: string, may: (scope: 'admin') => boolean): boolean =>
  !scope.startsWith('key:') || may('admin')
