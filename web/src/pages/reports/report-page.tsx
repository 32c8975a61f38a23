import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { connectionsQuery, connectorTypesQuery } from '../../api/connections.ts'
import { hasEnded, REPORTS_KEY, type ReportStanding, standingQuery } from '../../api/reports.ts'
import { Answer } from '../../ui/answer.tsx'
import { count, duration, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'
import { failed } from '../../ui/toasts.tsx'
import { Downloads } from './downloads.tsx'
import { RequestChip } from './request-chip.tsx'
import { Rows } from './rows.tsx'

/** Most rows that a page takes; a longer report is downloaded. */
const MOST_SHOWN = 100_000

/** One request: where it stands, and what it has brought. */
export function ReportPage({ id }: { id: string }) {
  const query = useQuery(standingQuery(id))
  return (
    <>
      <div className="page-head">
        <h1>{query.data === undefined ? 'Report' : words(query.data.report_type)}</h1>
        <p>
          <Link href="/console/reports">All reports</Link>
        </p>
      </div>
      <Answer query={query}>{(standing) => <Request standing={standing} />}</Answer>
    </>
  )
}

function Request({ standing }: { standing: ReportStanding }) {
  const { request_id, connector_id, report_type, status, result, stale = false } = standing
  const connection = useQuery(connectionsQuery).data?.connectors.find(({ id }) => id === connector_id)
  const types = useQuery(connectorTypesQuery).data?.types ?? []
  const report = types
    .find(({ type }) => type === connection?.type)
    ?.reports.find(({ name }) => name === report_type)
  const isThere = status === 'completed' || (stale && result !== undefined)
  const records = result?.records_fetched ?? 0
  return (
    <div className="stack">
      <section className="card" aria-labelledby="standing">
        <header>
          <h2 id="standing">{connection === undefined ? 'Request' : platformName(connection.type)}</h2>
          <RequestChip status={status} />
          <span className="side-note">
            {standing.date_range && `${standing.date_range.start} – ${standing.date_range.end} · `}
            {connection?.account_id}
          </span>
        </header>
        <div className="body stack">
          {!hasEnded(standing) && <Progress standing={standing} />}
          {status === 'failed' && <Failed standing={standing} />}
          {status === 'cancelled' && <p>It was stopped before it had ended.</p>}
          {result && <ReadAt result={result} ageSeconds={standing.rows_age_seconds ?? null} />}
          <div className="row">
            {isThere && <Downloads standing={standing} />}
            <Again standing={standing} />
          </div>
        </div>
      </section>
      {isThere && records > MOST_SHOWN && (
        <p className="card body">
          {count(records)} rows are more than a page can show; download them instead.
        </p>
      )}
      {isThere && records <= MOST_SHOWN && report && (
        <Rows
          requestId={request_id}
          isStale={status !== 'completed'}
          report={report}
          currency={connection?.currency ?? null}
        />
      )}
    </div>
  )
}

function Progress({ standing }: { standing: ReportStanding }) {
  const { progress, queue_position: place = 0, estimated_wait_seconds: waitSeconds = 0, message } = standing
  return (
    <div className="progress" role="status">
      <progress max={100} value={progress} aria-label="Progress" />
      <span>
        {place > 0 ? `Place ${count(place)} in the queue` : `${progress} %`}
        {waitSeconds > 0 && `; its rows are there in about ${duration(waitSeconds * 1_000)}`}
      </span>
      {message !== undefined && <p className="stale">{message}</p>}
    </div>
  )
}

function Failed({ standing: { error } }: { standing: ReportStanding }) {
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{error ?? 'It has failed'}</strong>
      </p>
      <p>
        Try it again; where the account is not connected any more, reconnect it on{' '}
        <Link href="/console/integrations">Integrations</Link> first.
      </p>
    </div>
  )
}

interface ReadAtProps {
  readonly result: NonNullable<ReportStanding['result']>
  /** Seconds since the rows were read; null where that is not known. */
  readonly ageSeconds: number | null
}

function ReadAt({
  result: { records_fetched, fetched_at, watermark, final_through },
  ageSeconds,
}: ReadAtProps) {
  return (
    <dl className="facts">
      <dt>Rows</dt>
      <dd>{count(records_fetched)}</dd>
      <dt>Read</dt>
      <dd>
        <Time at={fetched_at} />
        {ageSeconds !== null && <span className="soft"> {duration(ageSeconds * 1_000)} ago</span>}
      </dd>
      <dt>Data through</dt>
      <dd>{watermark ?? '—'}</dd>
      <dt>Final through</dt>
      <dd>{final_through ?? <span className="soft">the platform may still change all of it</span>}</dd>
    </dl>
  )
}

function Again({ standing }: { standing: ReportStanding }) {
  const { request_id: id, status } = standing
  const queries = useQueryClient()
  const [, goTo] = useLocation()
  const onSettled = () => queries.invalidateQueries({ queryKey: REPORTS_KEY })
  const about = { params: { path: { id } } }
  const cancel = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/connectors/requests/{id}/cancel', about)),
    onError: (error) => failed('The request goes on', error),
    onSettled,
  })
  const retry = useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/connectors/requests/{id}/retry', about)),
    onSuccess: ({ request_id }) => goTo(`/console/reports/${request_id}`),
    onError: (error) => failed('It was not asked for again', error),
    onSettled,
  })
  if (status === 'completed') return null
  return hasEnded(standing) ? (
    <button type="button" className="button" disabled={retry.isPending} onClick={() => retry.mutate()}>
      Try again
    </button>
  ) : (
    <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
      Stop it
    </button>
  )
}
