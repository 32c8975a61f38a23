import { dataOf } from '@bidwarden/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, type Budget, type LimitInput } from '../../api/client.ts'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { money } from '../../ui/format.ts'
import { isLower, type LimitDraft, limitOf, newDraft } from '../../ui/limit-draft.ts'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { told } from '../../ui/toasts.tsx'

/** Most limits that a budget may have. */
const MAX_LIMITS = 10

/** Changes the limits: lower ones at once, higher ones after asking. */
export function LimitsForm({ budget }: { budget: Budget }) {
  const [drafts, setDrafts] = useState<readonly LimitDraft[]>(() => budget.limits.map(newDraft))
  const [reason, setReason] = useState('')
  const { mutate, isPending, error } = useSetLimits(budget)
  const read = drafts.map(limitOf)
  const wrong = read.find((one) => typeof one === 'string')
  const limits = read.filter((one) => typeof one !== 'string')
  const isChanged = wrong !== undefined || !isSame(budget, limits)
  const save = (said: string | undefined) => {
    mutate({ limits, reason: said })
    setReason('')
  }
  const change = (draft: LimitDraft) => setDrafts(drafts.map((one) => (one.id === draft.id ? draft : one)))
  return (
    <section className="card" aria-labelledby="limits">
      <header>
        <h2 id="limits">Limits</h2>
        <span className="side-note">
          Lowering takes effect at once; raising asks. What is spent stays spent.
        </span>
      </header>
      <form
        className="body stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (wrong === undefined && isLower(budget, limits)) save(reason.trim() || undefined)
        }}
      >
        {drafts.map((draft) => (
          <LimitFields
            key={draft.id}
            draft={draft}
            currency={budget.currency}
            onChange={change}
            onRemove={() => setDrafts(drafts.filter((one) => one.id !== draft.id))}
          />
        ))}
        {drafts.length === 0 && (
          <p className="soft">Without a limit nothing of this budget's own bounds the spend.</p>
        )}
        <div className="row">
          <button
            type="button"
            className="button"
            disabled={drafts.length >= MAX_LIMITS}
            onClick={() => setDrafts([...drafts, newDraft()])}
          >
            Add a limit
          </button>
          {isChanged && (
            <button
              type="button"
              className="button quiet"
              onClick={() => setDrafts(budget.limits.map(newDraft))}
            >
              Undo
            </button>
          )}
        </div>
        {isChanged && (
          <>
            <ReasonField value={reason} onChange={setReason} />
            {wrong !== undefined && <p className="chip warn">{wrong}</p>}
            <div className="row">
              {wrong === undefined && !isLower(budget, limits) ? (
                <Confirm
                  trigger={
                    <button type="button" className="button main" disabled={isPending}>
                      Raise …
                    </button>
                  }
                  title={`Let more be spent on ${budget.scope}?`}
                  action="Raise the limits"
                  asksReason={false}
                  onConfirm={() => save(reason.trim() || undefined)}
                >
                  <Difference budget={budget} limits={limits} />
                </Confirm>
              ) : (
                <button type="submit" className="button main" disabled={isPending || wrong !== undefined}>
                  Lower the limits
                </button>
              )}
            </div>
          </>
        )}
        {error && <ProblemBox problem={error} />}
      </form>
    </section>
  )
}

function Difference({ budget, limits }: { budget: Budget; limits: readonly LimitInput[] }) {
  const { currency } = budget
  const gone = budget.limits.filter((old) => !limits.some((one) => limitKey(one) === limitKey(old)))
  return (
    <ul className="difference">
      {limits.map((limit) => {
        const before = budget.limits.find((old) => limitKey(old) === limitKey(limit))
        return (
          <li key={limitKey(limit)}>
            {limitName(limit)}: {before === undefined ? 'no limit' : money(before.max, currency)} →{' '}
            <strong>{money(limit.max, currency)}</strong>
          </li>
        )
      })}
      {gone.map((limit) => (
        <li key={limitKey(limit)}>
          {limitName(limit)}: {money(limit.max, currency)} → <strong>no limit</strong>
        </li>
      ))}
    </ul>
  )
}

function isSame({ limits }: Budget, next: readonly LimitInput[]): boolean {
  const text = (all: readonly Pick<LimitInput, 'kind' | 'max'>[]) =>
    all.map((one) => `${limitKey(one)} ${one.max}`).join('\n')
  return text(limits) === text(next)
}

function useSetLimits({ scope, holdMode }: Budget) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ limits, reason }: { limits: LimitInput[]; reason: string | undefined }) =>
      dataOf(
        api.PUT('/v1/budgets/{scope}', {
          params: { path: { scope } },
          body: { limits, holdMode, ...(reason !== undefined && { reason }) },
        }),
      ),
    onSuccess: ({ warning }) => told(warning ?? `The limits of ${scope} are changed`),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['budgets'] }),
        queries.invalidateQueries({ queryKey: ['audit'] }),
      ]),
  })
}
