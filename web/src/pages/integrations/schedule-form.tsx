import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { CONNECTIONS_KEY, type Connection, schedulesQuery } from '../../api/connections.ts'
import { Answer } from '../../ui/answer.tsx'
import { viewersZone } from '../../ui/format.ts'
import { ProblemBox } from '../../ui/problem-box.tsx'
import { Time } from '../../ui/time.tsx'
import { told } from '../../ui/toasts.tsx'

const COMMON: readonly (readonly [string, string])[] = [
  ['0 * * * *', 'every hour'],
  ['0 6 * * *', 'every day at 6:00'],
  ['0 6 * * 1', 'every Monday at 6:00'],
]
const ZONES = Intl.supportedValuesOf('timeZone')

interface SetSchedule {
  readonly cron: string
  readonly timezone: string
  readonly next_at: string
}

/** When the connection is read by itself. */
export function ScheduleForm({ connection }: { connection: Connection }) {
  const query = useQuery(schedulesQuery)
  return (
    <section className="card" aria-labelledby="schedule">
      <Answer query={query}>
        {({ schedules }) => {
          const set = schedules.find(({ connector_id }) => connector_id === connection.id)
          return (
            <>
              <header>
                <h2 id="schedule">Schedule</h2>
                <span className={set ? 'chip ok' : 'chip'}>{set ? 'is read by itself' : 'by hand only'}</span>
                {set && (
                  <span className="side-note">
                    next at <Time at={set.next_at} zone={set.timezone} />
                  </span>
                )}
              </header>
              <Fields key={`${set?.cron} ${set?.timezone}`} connection={connection} set={set} />
            </>
          )
        }}
      </Answer>
    </section>
  )
}

function Fields({
  connection: { id, timezone },
  set,
}: {
  connection: Connection
  set: SetSchedule | undefined
}) {
  const [cron, setCron] = useState(set?.cron ?? '0 6 * * *')
  const [zone, setZone] = useState(set?.timezone ?? timezone ?? viewersZone)
  const { mutate, isPending, error } = useSetSchedule(id)
  return (
    <form
      className="body stack"
      onSubmit={(event) => {
        event.preventDefault()
        mutate({ cron: cron.trim(), timezone: zone.trim() })
      }}
    >
      <div className="fields schedule-fields">
        <label className="field">
          <span>When (cron)</span>
          <input
            className="mono"
            required
            list="common-crons"
            value={cron}
            onChange={(event) => setCron(event.target.value)}
          />
          <span className="hint">minute, hour, day, month, day of the week</span>
        </label>
        <label className="field">
          <span>Time zone</span>
          <input required list="zones" value={zone} onChange={(event) => setZone(event.target.value)} />
          <span className="hint">of the clock that the schedule follows</span>
        </label>
      </div>
      <datalist id="common-crons">
        {COMMON.map(([value, means]) => (
          <option key={value} value={value}>
            {means}
          </option>
        ))}
      </datalist>
      <datalist id="zones">
        {ZONES.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      {error && <ProblemBox problem={error} />}
      <div className="row">
        <button type="submit" className="button main" disabled={isPending}>
          {set ? 'Change the schedule' : 'Set the schedule'}
        </button>
        {set && (
          <button
            type="button"
            className="button"
            disabled={isPending}
            onClick={() => mutate({ cron: null, timezone: set.timezone })}
          >
            End it
          </button>
        )}
      </div>
    </form>
  )
}

function useSetSchedule(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: { cron: string | null; timezone: string }) =>
      dataOf(api.PUT('/api/v1/connectors/{id}/schedule', { params: { path: { id } }, body })),
    onSuccess: (_, { cron }) => told(cron === null ? 'The schedule has ended' : 'The schedule is set'),
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS_KEY }),
  })
}
