import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type Approval, api } from '../../api/client.ts'
import { approvalsQuery } from '../../api/queries.ts'
import { Confirm } from '../../ui/confirm.tsx'
import { words } from '../../ui/format.ts'
import { failed, told } from '../../ui/toasts.tsx'

/** What waits for another key; nothing is shown where nothing waits. */
export function Approvals({ mayDecide }: { mayDecide: boolean }) {
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
          <Row key={approval.approvalId} approval={approval} mayDecide={mayDecide} />
        ))}
      </ul>
    </section>
  )
}

function Row({ approval, mayDecide }: { approval: Approval; mayDecide: boolean }) {
  const { kind, scope, askedBy, reasons, expiresAt, reason, to } = approval
  const { mutate, isPending } = useDecide(approval)
  return (
    <li>
      <strong>
        {words(kind)}: {scope}
      </strong>{' '}
      <span className="soft">
        {askedBy} asked ({reasons.map(words).join(', ')}); it expires at{' '}
        {new Date(expiresAt).toLocaleTimeString()}
      </span>
      {reason !== undefined && <p>“{reason}”</p>}
      {mayDecide && (
        <div className="row">
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
            <p>It is checked again and done at once, and it can be done once only.</p>
            {to !== undefined && <pre className="code">{JSON.stringify(to, undefined, 2)}</pre>}
          </Confirm>
          <button
            type="button"
            className="button danger"
            disabled={isPending}
            onClick={() => mutate({ decision: 'refuse', reason: undefined })}
          >
            Refuse
          </button>
        </div>
      )}
    </li>
  )
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
