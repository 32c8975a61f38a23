import { type Explained, explained } from '../api/problem.ts'
import { duration } from './format.ts'

/** What has happened, and what to try. */
export function ProblemBox({ problem }: { problem: unknown }) {
  return <ExplainedBox explained={explained(problem)} />
}

export function ExplainedBox({ explained: { what, advice, retryAfterMs } }: { explained: Explained }) {
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{what}</strong>
      </p>
      {advice !== undefined && <p>{advice}</p>}
      {retryAfterMs !== undefined && <p>It would pass in {duration(retryAfterMs)}.</p>}
    </div>
  )
}
