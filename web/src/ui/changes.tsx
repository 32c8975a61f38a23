import type { AuditEntry } from '../api/client.ts'
import { Empty } from './answer.tsx'
import { Time } from './time.tsx'

/** Who has changed what, when and why; the latest first. */
export function Changes({
  entries,
  showsTarget = false,
}: {
  entries: readonly AuditEntry[]
  showsTarget?: boolean
}) {
  if (entries.length === 0)
    return <Empty title="Nothing was changed yet">Each change is kept here with who made it and why.</Empty>
  return (
    <ol className="changes">
      {entries.map(({ id, at, caller, action, target, from, to, reason, outcome, code }) => (
        <li key={id}>
          <div className="row">
            <strong>{action === undefined ? 'a change that cannot be read' : wordsOf(action)}</strong>
            {showsTarget && <span>{target}</span>}
            {outcome !== 'done' && <span className="chip danger">{code ?? outcome}</span>}
          </div>
          {reason !== undefined && <p>“{reason}”</p>}
          {action === 'limits.set' && (
            <p className="mono soft">
              {limitsOf(from)} → {limitsOf(to)}
            </p>
          )}
          <p className="side-note">
            {caller}
            {at !== undefined && (
              <>
                , <Time at={at} />
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  )
}

const wordsOf = (action: string): string => action.replaceAll(/[._]/g, ' ')

/** Limits as a change was recorded with them. */
function limitsOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('limits' in value) || !Array.isArray(value.limits))
    return 'none'
  const limits = value.limits.map(({ kind, max, windowSeconds, timezone }) =>
    [max, kind === 'sliding' ? `/ ${windowSeconds} s` : kind === 'day' ? `/ day ${timezone}` : 'in all'].join(
      ' ',
    ),
  )
  return limits.join(', ') || 'none'
}
