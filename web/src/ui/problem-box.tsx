import { explained } from '../api/problem.ts'
import { duration } from './format.ts'

/** What has happened, and what to try. */
export function ProblemBox({ problem }: { problem: unknown }) {
  const { what, advice, retryAfterMs } = explained(problem)
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
