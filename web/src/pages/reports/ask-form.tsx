import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { type Connection, type ConnectorType, connectorTypesQuery } from '../../api/connections.ts'
import { type FetchBody, REPORTS_KEY } from '../../api/reports.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { lastDays } from '../../ui/days.ts'
import { count, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'

type Report = ConnectorType['reports'][number]

/** Asks for a report: of which connection, which one, over which days, with which fields. */
export function AskForm({ connections }: { connections: readonly Connection[] }) {
  const types = useQuery(connectorTypesQuery)
  const [chosen, setChosen] = useState(connections[0]?.id)
  const connection = connections.find(({ id }) => id === chosen) ?? connections[0]
  if (connection === undefined) return null
  return (
    <div className="body ask">
      <label className="field">
        <span>Connection</span>
        <select value={connection.id} onChange={(event) => setChosen(event.target.value)}>
          {connections.map(({ id, type, account_id }) => (
            <option key={id} value={id}>
              {platformName(type)} {account_id}
            </option>
          ))}
        </select>
      </label>
      <Answer query={types}>
        {(known) => {
          const reports = known.types.find(({ type }) => type === connection.type)?.reports ?? []
          return <ReportChoice key={connection.id} connection={connection} reports={reports} />
        }}
      </Answer>
    </div>
  )
}

function ReportChoice({ connection, reports }: { connection: Connection; reports: readonly Report[] }) {
  const usual = reports.find(({ dated }) => dated) ?? reports[0]
  const [chosen, setChosen] = useState(usual?.name)
  const report = reports.find(({ name }) => name === chosen)
  if (report === undefined)
    return <Empty title="This platform has no report">Choose another connection.</Empty>
  return (
    <>
      <label className="field">
        <span>Report</span>
        <select value={report.name} onChange={(event) => setChosen(event.target.value)}>
          {reports.map(({ name }) => (
            <option key={name} value={name}>
              {words(name)}
            </option>
          ))}
        </select>
      </label>
      <Details key={report.name} connection={connection} report={report} />
    </>
  )
}

function Details({ connection, report }: { connection: Connection; report: Report }) {
  const [days, setDays] = useState(() => lastDays(connection.timezone))
  const [fields, setFields] = useState<readonly string[]>(report.default_fields)
  const [isFresh, setFresh] = useState(false)
  const { mutate, isPending, error } = useAsk()
  const { dated, max_days, history_months } = report
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        mutate({
          connector_id: connection.id,
          report_type: report.name,
          ...(dated && { date_range: days }),
          ...(fields.length > 0 && { fields: [...fields] }),
          priority: 'normal',
          fresh: isFresh,
        })
      }}
    >
      {dated && (
        <>
          <div className="fields ask-fields">
            {(['start', 'end'] as const).map((end) => (
              <label key={end} className="field">
                <span>{end === 'start' ? 'From' : 'Through'}</span>
                <input
                  type="date"
                  required
                  value={days[end]}
                  onChange={(event) => setDays({ ...days, [end]: event.target.value })}
                />
              </label>
            ))}
          </div>
          <p className="side-note">
            Days of {connection.timezone ?? 'UTC'}
            {max_days !== null && `, at most ${count(max_days)} at once`}
            {history_months !== null && `; the platform keeps ${count(history_months)} months`}.
          </p>
        </>
      )}
      <FieldChoice report={report} fields={fields} onChange={setFields} />
      <label className="check">
        <input type="checkbox" checked={isFresh} onChange={(event) => setFresh(event.target.checked)} />
        <span>Read anew, whatever was read in the last five minutes</span>
      </label>
      {error && <ProblemBox problem={error} />}
      <div className="row">
        <button type="submit" className="button main" disabled={isPending}>
          Ask for it
        </button>
      </div>
    </form>
  )
}

interface FieldChoiceProps {
  readonly report: Report
  readonly fields: readonly string[]
  onChange(fields: readonly string[]): void
}

/** What names a row is always read; the rest can be chosen. */
function FieldChoice({
  report: { key, fields: all, default_fields: usual },
  fields,
  onChange,
}: FieldChoiceProps) {
  const free = all.filter(({ name }) => !key.includes(name))
  return (
    <fieldset className="field-choice">
      <legend>Fields</legend>
      <div className="row">
        <span className="side-note">{key.map(words).join(', ')} always come with them.</span>
        <button type="button" className="button quiet" onClick={() => onChange(usual)}>
          The usual
        </button>
        <button type="button" className="button quiet" onClick={() => onChange(free.map(({ name }) => name))}>
          All
        </button>
      </div>
      <div className="field-boxes">
        {free.map(({ name, means }) => (
          <label key={name} className="check">
            <input
              type="checkbox"
              checked={fields.includes(name)}
              onChange={({ target }) =>
                onChange(target.checked ? [...fields, name] : fields.filter((one) => one !== name))
              }
            />
            <span>
              {words(name)}
              {means !== null && <span className="side-note means">{means}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function useAsk() {
  const queries = useQueryClient()
  const [, goTo] = useLocation()
  return useMutation({
    mutationFn: (body: FetchBody) => dataOf(api.POST('/api/v1/connectors/fetch', { body })),
    onSuccess: ({ request_id }) => goTo(`/console/reports/${request_id}`),
    onSettled: () => queries.invalidateQueries({ queryKey: REPORTS_KEY }),
  })
}
