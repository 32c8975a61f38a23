import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Budget, isPending } from '../../api/client.ts'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { failed, told } from '../../ui/toasts.tsx'
import { needsApproval } from './change-budget.ts'

/** Pauses at once; asks before bids are taken again. */
export function PauseControl({ budget, mayResume }: { budget: Budget; mayResume: boolean }) {
  const { scope, paused, pauseReason } = budget
  const { mutate, isPending } = usePause(scope)
  const [reason, setReason] = useState('')
  return (
    <section className="card" aria-labelledby="pause">
      <header>
        <h2 id="pause">Pause</h2>
        <span className={paused ? 'chip danger' : 'chip ok'}>{paused ? 'paused' : 'takes bids'}</span>
      </header>
      <div className="body stack">
        {paused ? (
          <>
            {pauseReason !== undefined && <p>“{pauseReason}”</p>}
            {mayResume ? (
              <Confirm
                trigger={
                  <button type="button" className="button" disabled={isPending}>
                    Resume …
                  </button>
                }
                title={`Take bids on ${scope} again?`}
                action="Resume"
                onConfirm={(said) => mutate({ pause: false, reason: said })}
              >
                <p>Every bid that fits its budgets is placed from now on.</p>
              </Confirm>
            ) : (
              <p className="soft">
                Only a key with the scope <code>admin</code> lets an API key go on.
              </p>
            )}
          </>
        ) : (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault()
              mutate({ pause: true, reason: reason.trim() || undefined })
              setReason('')
            }}
          >
            <ReasonField value={reason} onChange={setReason} />
            <button type="submit" className="button danger" disabled={isPending}>
              Pause
            </button>
          </form>
        )}
      </div>
    </section>
  )
}

function usePause(scope: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn({ pause, reason }: { pause: boolean; reason: string | undefined }) {
      const about = { params: { path: { scope } }, body: reason === undefined ? {} : { reason } }
      return dataOf(
        pause ? api.POST('/v1/budgets/{scope}/pause', about) : api.POST('/v1/budgets/{scope}/resume', about),
      )
    },
    onSuccess: (answer) =>
      told(
        isPending(answer)
          ? needsApproval(scope)
          : answer.paused
            ? `${scope} is paused`
            : `${scope} takes bids again`,
      ),
    onError: (error, { pause }) => failed(`${scope} was not ${pause ? 'paused' : 'resumed'}`, error),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['budgets'] }),
        queries.invalidateQueries({ queryKey: ['audit'] }),
        queries.invalidateQueries({ queryKey: ['approvals'] }),
      ]),
  })
}
