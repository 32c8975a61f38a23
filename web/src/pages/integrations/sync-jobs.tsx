import { useQuery } from '@tanstack/react-query'
import { readingQueueQuery, type SyncJob, syncJobsQuery } from '../../api/connections.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration } from '../../ui/format.ts'
import { Time } from '../../ui/time.tsx'

const TONES = { pending: 'warn', running: 'accent', completed: 'ok', failed: 'danger' } as const

/** The latest synchronisations of a connection, and what the running one waits for. */
export function SyncJobs({ id }: { id: string }) {
  const query = useQuery(syncJobsQuery(id))
  return (
    <section className="card" aria-labelledby="sync-jobs">
      <header>
        <h2 id="sync-jobs">Synchronisations</h2>
        {query.data?.jobs[0]?.status === 'running' && <WaitNote />}
      </header>
      <Answer query={query}>
        {({ jobs }) =>
          jobs.length === 0 ? (
            <Empty title="It was not read yet">Sync it now, or set a schedule below.</Empty>
          ) : (
            <ol className="changes">
              {jobs.map((job) => (
                <Job key={job.id} job={job} />
              ))}
            </ol>
          )
        }
      </Answer>
    </section>
  )
}

function WaitNote() {
  const status = useQuery(readingQueueQuery).data?.queue_status
  const place = status?.positions[0]
  if (status === undefined || place === undefined) return null
  return (
    <span className="side-note" role="status">
      Your first report is at place {count(place)} of {count(status.total_queued)} in the queue; all of yours
      are read in about {duration(status.estimated_wait_seconds * 1_000)}
    </span>
  )
}

function Job({ job }: { job: SyncJob }) {
  const {
    status,
    startedAt,
    completedAt,
    recordsProcessed,
    error,
    errors,
    caveats,
    retryCount,
    nextRetryAt,
  } = job
  return (
    <li>
      <div className="row">
        <span className={`chip ${TONES[status]}`}>
          {status === 'pending' ? 'waits to be retried' : status}
        </span>
        {startedAt !== null && <Time at={startedAt} />}
        <span className="side-note">
          {count(recordsProcessed)} {recordsProcessed === 1 ? 'row' : 'rows'}
          {startedAt !== null &&
            completedAt !== null &&
            ` in ${duration(Date.parse(completedAt) - Date.parse(startedAt))}`}
          {retryCount > 0 && ` · ${count(retryCount)} of 5 retries`}
        </span>
      </div>
      {error !== null && <p>{error}</p>}
      {errors.map(({ report, message, retryable }) => (
        <p key={report} className="side-note">
          {report}: {message ?? 'failed'}
          {!retryable && ' (a retry would not help)'}
        </p>
      ))}
      {nextRetryAt !== null && status === 'pending' && (
        <p className="side-note">
          retried at <Time at={nextRetryAt} />
        </p>
      )}
      {caveats.length > 0 && (
        <details className="side-note">
          <summary>
            {count(caveats.length)} {caveats.length === 1 ? 'caveat' : 'caveats'}
          </summary>
          <ul className="caveats">
            {caveats.map(({ report, caveat }) => (
              <li key={`${report} ${caveat}`}>
                {report}: {caveat}
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  )
}
