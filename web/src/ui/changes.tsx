import { Link } from 'wouter'
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
      {entries.map(({ id, at, caller, organisation, action, target, from, to, reason, outcome, code }) => (
        <li key={id}>
          <div className="row">
            <strong>{action === undefined ? 'a change that cannot be read' : wordsOf(action)}</strong>
            {showsTarget && target !== undefined && <Target name={target} action={action} />}
            {outcome !== 'done' && <span className="chip danger">{code ?? outcome}</span>}
          </div>
          {reason !== undefined && <p>“{reason}”</p>}
          {differences(from, to).map((line) => (
            <p key={line} className="mono soft change-line">
              {line}
            </p>
          ))}
          <p className="side-note">
            {caller}
            {organisation !== undefined && showsTarget && `, organisation ${organisation}`}
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

/** What was changed; a budget is gone to from here. */
function Target({ name, action = '' }: { name: string; action: string | undefined }) {
  return /^(limits|budget)\./.test(action) ? (
    <Link href={`/console/budgets/${encodeURIComponent(name)}`}>{name}</Link>
  ) : (
    <span>{name}</span>
  )
}

/** `limits.set` is `limits set`, `expiresAt` is `expires at`. */
const wordsOf = (name: string): string =>
  name.replaceAll(/[._]/g, ' ').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** Longest value that is shown of a change, in characters. */
const MOST_SHOWN = 160

/** A line for each member of the values that has changed. */
export function differences(from: unknown, to: unknown): string[] {
  const [before, after] = [membersOf(from), membersOf(to)]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => {
      const [old, now] = [shown(name, before[name]), shown(name, after[name])]
      // What was made has no value before, and what is gone none after.
      const change = from === undefined ? now : to === undefined ? old : `${old} → ${now}`
      return `${wordsOf(name)}: ${change}`
    })
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {}
  return typeof value === 'object' && !Array.isArray(value) ? { ...value } : { value }
}

function shown(name: string, value: unknown): string {
  if (value === undefined || value === null) return 'none'
  if (name === 'limits' && Array.isArray(value)) return value.map(limitText).join(', ') || 'none'
  if (name === 'budget' && typeof value === 'object' && 'limits' in value)
    return shown('limits', value.limits)
  const isPlain = Array.isArray(value) && value.every((one) => typeof one !== 'object')
  const text = typeof value === 'string' ? value : isPlain ? value.join(', ') : JSON.stringify(value)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)} …` : text
}

interface RecordedLimit {
  readonly kind?: unknown
  readonly max?: unknown
  readonly windowSeconds?: unknown
  readonly timezone?: unknown
}

/** A limit as a change was recorded with it. */
function limitText(limit: RecordedLimit): string {
  const { kind, max, windowSeconds, timezone } = limit
  const window = kind === 'sliding' ? `/ ${windowSeconds} s` : kind === 'day' ? `/ day ${timezone}` : 'in all'
  return `${max} ${window}`
}
