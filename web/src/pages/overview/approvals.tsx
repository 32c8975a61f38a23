import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from 'wouter'
import { type Approval, api } from '../../api/client.ts'
import { approvalsQuery } from '../../api/queries.ts'
import { sessionQuery, useMay } from '../../api/session.ts'
import { differences } from '../../ui/changes.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { words } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'
import { failed, told } from '../../ui/toasts.tsx'
import { mayRaise } from '../budgets/change-budget.ts'

/** What waits for another key; nothing is shown where nothing waits. */
export function Approvals() {
  const approvals = useQuery(approvalsQuery).data?.approvals ?? []
  if (approvals.length === 0) return null
  return (
    <section className="card" aria-labelledby="approvals">
      <header>
        <h2 id="approvals">Approvals</h2>
        <span className="chip warn">{approvals.length}</span>
        <span className="side-note">Another key than the asking one decides.</span>
      </header>
      <ul className="notices">
        {approvals.map((approval) => (
          <Row key={approval.approvalId} approval={approval} />
        ))}
      </ul>
    </section>
  )
}

function Row({ approval }: { approval: Approval }) {
  const { kind, scope, askedBy, reasons, expiresAt, reason, from, to, bidId } = approval
  return (
    <li className="approval">
      <p>
        <strong>{words(kind)}:</strong>{' '}
        <Link href={`/console/budgets/${encodeURIComponent(scope)}`}>{scope}</Link>
        {bidId !== undefined && (
          <>
            {', '}
            <Link href={`/console/bids/${encodeURIComponent(bidId)}`}>the bid</Link>
          </>
        )}
      </p>
      <Difference from={from} to={to} />
      {reason !== undefined && <p>“{reason}”</p>}
      <p className="side-note">
        {askedBy} asked ({reasons.map(words).join(', ')}); it expires at <Time at={expiresAt} />
      </p>
      <Decide approval={approval} />
    </li>
  )
}

/** What the viewer's key may decide; its own request it may not. */
function Decide({ approval }: { approval: Approval }) {
  const { kind, scope, askedBy, from, to } = approval
  const { may } = useMay()
  const me = useQuery(sessionQuery).data?.name
  const { mutate, isPending } = useDecide(approval)
  if (!may('operate')) return null
  if (askedBy === me) return <p className="side-note">Your key has asked for it: another one decides.</p>
  const needsAdmin = !mayRaise(scope, may)
  return (
    <div className="row">
      {!needsAdmin && (
        <Confirm
          trigger={
            <button type="button" className="button" disabled={isPending}>
              Approve …
            </button>
          }
          title={`Approve ${words(kind)} on ${scope}?`}
          action="Approve"
          onConfirm={(said) => mutate({ decision: 'approve', reason: said })}
        >
          <Difference from={from} to={to} />
          <p>It is checked again and done at once, and it can be done once only.</p>
        </Confirm>
      )}
      <button
        type="button"
        className="button danger"
        disabled={isPending}
        onClick={() => mutate({ decision: 'refuse', reason: undefined })}
      >
        Refuse
      </button>
      {needsAdmin && <span className="side-note">Only a key with the scope admin approves it.</span>}
    </div>
  )
}

/** What is asked for, as changes are shown that were made. */
function Difference({ from, to }: Pick<Approval, 'from' | 'to'>) {
  const lines = differences(from, to)
  return lines.map((line) => (
    <p key={line} className="mono change-line">
      {line}
    </p>
  ))
}

interface Decision {
  readonly decision: 'approve' | 'refuse'
  readonly reason: string | undefined
}

function useDecide({ approvalId: id, scope }: Approval) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ decision, reason }: Decision) =>
      dataOf(
        api.POST('/v1/approvals/{id}', {
          params: { path: { id } },
          body: { decision, ...(reason !== undefined && { reason }) },
        }),
      ),
    onSuccess: ({ status, detail }) =>
      told(`${scope}: ${words(status)}${detail === undefined ? '' : ` (${detail})`}`),
    onError: (error) => failed(`${scope} was not decided`, error),
    onSettled: () =>
      Promise.all(
        ['approvals', 'budgets', 'kill-switch', 'audit'].map((key) =>
          queries.invalidateQueries({ queryKey: [key] }),
        ),
      ),
  })
}
