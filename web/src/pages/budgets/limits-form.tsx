import { useState } from 'react'
import { type Budget, isPending as isPendingApproval, type LimitInput } from '../../api/client.ts'
import { Confirm, ReasonField } from '../../ui/confirm.tsx'
import { money } from '../../ui/format.ts'
import { isLower, type LimitDraft, limitOf, newDraft } from '../../ui/limit-draft.ts'
import { LimitFields } from '../../ui/limit-fields.tsx'
import { limitKey, limitName } from '../../ui/limit-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { useChangeBudget } from './change-budget.ts'

/** Most limits that a budget may have. */
const MAX_LIMITS = 10

/** Limits as they are being changed, and the revision of the budget that they were taken from. */
interface Draft {
  readonly limits: readonly LimitDraft[]
  readonly revision: string
  readonly isTouched: boolean
}

const draftOf = ({ limits, revision }: Budget): Draft => ({
  limits: limits.map(newDraft),
  revision,
  isTouched: false,
})

/**
 * Changes the limits: lower ones at once, higher ones after asking. What somebody else changes meanwhile shows at once
 * where nothing was typed yet, and is said where something was.
 */
export function LimitsForm({ budget, mayRaise }: { budget: Budget; mayRaise: boolean }) {
  const [kept, setDraft] = useState(() => draftOf(budget))
  const isBehind = kept.revision !== budget.revision
  const draft = isBehind && !kept.isTouched ? draftOf(budget) : kept
  if (draft !== kept) setDraft(draft)
  const [reason, setReason] = useState('')
  const { mutate, isPending, error, reset } = useChangeBudget(budget.scope)
  const change = (limits: readonly LimitDraft[]) => setDraft({ ...draft, limits, isTouched: true })
  const startAgain = () => {
    setDraft(draftOf(budget))
    reset()
  }
  const read = draft.limits.map(limitOf)
  const wrong = read.find((one) => typeof one === 'string')
  const limits = read.filter((one) => typeof one !== 'string')
  const isChanged = wrong !== undefined || !isSame(budget, limits)
  const lowers = isLower(budget, limits)
  const save = () => {
    const { holdMode } = budget
    const about = { limits, holdMode, revision: draft.revision, reason: reason.trim() || undefined }
    mutate(about, {
      onSuccess: (now) =>
        setDraft((typed) => afterSaving(isPendingApproval(now) ? budget : now, draft, typed)),
    })
    setReason('')
  }
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
          if (wrong === undefined && lowers) save()
        }}
      >
        {isBehind && kept.isTouched && !isPending && <Behind budget={budget} onTake={startAgain} />}
        {draft.limits.map((one) => (
          <LimitFields
            key={one.id}
            draft={one}
            currency={budget.currency}
            onChange={(next) => change(draft.limits.map((old) => (old.id === next.id ? next : old)))}
            onRemove={() => change(draft.limits.filter(({ id }) => id !== one.id))}
          />
        ))}
        {draft.limits.length === 0 && (
          <p className="soft">Without a limit nothing of this budget's own bounds the spend.</p>
        )}
        <div className="row">
          <button
            type="button"
            className="button"
            disabled={draft.limits.length >= MAX_LIMITS}
            onClick={() => change([...draft.limits, newDraft()])}
          >
            Add a limit
          </button>
          {isChanged && (
            <button type="button" className="button quiet" onClick={startAgain}>
              Undo
            </button>
          )}
        </div>
        {isChanged && (
          <>
            <ReasonField value={reason} onChange={setReason} />
            {wrong !== undefined && <p className="chip warn">{wrong}</p>}
            {wrong === undefined && !lowers ? (
              <Raise {...{ budget, limits, isPending, mayRaise }} onConfirm={save} />
            ) : (
              <div className="row">
                <button type="submit" className="button main" disabled={isPending || wrong !== undefined}>
                  Lower the limits
                </button>
              </div>
            )}
          </>
        )}
        {error && <ProblemBox problem={error} />}
      </form>
    </section>
  )
}

/** What is shown once `sent` was answered with `budget`: its limits, or what was typed while the answer was awaited. */
const afterSaving = (budget: Budget, sent: Draft, typed: Draft): Draft =>
  typed.limits === sent.limits ? draftOf(budget) : { ...typed, revision: budget.revision }

/** Somebody else has changed the budget after something was typed here. */
function Behind({ budget, onTake }: { budget: Budget; onTake: () => void }) {
  const now = budget.limits.map((limit) => `${money(limit.max, budget.currency)} ${limitName(limit)}`)
  return (
    <div className="problem" role="alert">
      <p>
        <strong>Somebody has changed this budget meanwhile.</strong> Its limits are now:{' '}
        {now.join(', ') || 'none'}.
      </p>
      <p>
        What you have typed can still lower them; to raise them, begin with the new ones.{' '}
        <button type="button" className="button" onClick={onTake}>
          Begin with the new ones
        </button>
      </p>
    </div>
  )
}

interface RaiseProps {
  readonly budget: Budget
  readonly limits: readonly LimitInput[]
  readonly isPending: boolean
  readonly mayRaise: boolean
  onConfirm(): void
}

function Raise({ budget, limits, isPending, mayRaise, onConfirm }: RaiseProps) {
  if (!mayRaise)
    return (
      <p className="soft">
        Only a key with the scope <code>admin</code> lets an API key spend more.
      </p>
    )
  return (
    <div className="row">
      <Confirm
        trigger={
          <button type="button" className="button main" disabled={isPending}>
            Raise …
          </button>
        }
        title={`Let more be spent on ${budget.scope}?`}
        action="Raise the limits"
        asksReason={false}
        onConfirm={onConfirm}
      >
        <Difference budget={budget} limits={limits} />
      </Confirm>
    </div>
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
