import { dataOf } from '@bidwarden/client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import {
  CONNECTIONS_KEY,
  type Connection,
  connectionsQuery,
  connectorTypesQuery,
} from '../../api/connections.ts'
import { useMay } from '../../api/session.ts'
import { accountName } from '../../ui/account-name.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { count, percent } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { SyncNow } from '../../ui/sync-now.tsx'
import { Time } from '../../ui/time.tsx'
import { failed, told } from '../../ui/toasts.tsx'
import { HealthChip, HealthNote } from './health-chip.tsx'
import { useLoginEnds } from './login.ts'
import { LoginButton } from './login-button.tsx'
import { ScheduleForm } from './schedule-form.tsx'
import { SyncJobs } from './sync-jobs.tsx'

/** One connection: its account, its synchronisations, its schedule, and the ways to end it. */
export function ConnectionPage({ id }: { id: string }) {
  const query = useQuery(connectionsQuery)
  const { may } = useMay()
  useLoginEnds()
  return (
    <Answer query={query}>
      {({ connectors }) => {
        const connection = connectors.find((one) => one.id === id)
        if (connection === undefined)
          return (
            <Empty title="There is no such connection">
              It may have been removed. Go back to <Link href="/console/integrations">all connections</Link>.
            </Empty>
          )
        return (
          <>
            <div className="page-head">
              <h1>{platformName(connection.type)}</h1>
              <p>
                {accountName(connection)} · <Link href="/console/integrations">All connections</Link>
              </p>
              <div className="actions">
                <SyncNow connection={connection} />
              </div>
            </div>
            <div className="connection-page">
              <div className="stack">
                <SyncJobs id={id} />
                {may('connect') && <ScheduleForm connection={connection} />}
              </div>
              <div className="stack">
                <Account connection={connection} />
                {may('connect') && <Reconnect connection={connection} />}
                {may('connect') && <Ends connection={connection} />}
              </div>
            </div>
          </>
        )
      }}
    </Answer>
  )
}

function Account({ connection }: { connection: Connection }) {
  const { health, rate_limit: limit, currency, timezone, created_at } = connection
  const { mutate, isPending, data, error } = useTest(connection.id)
  return (
    <section className="card" aria-labelledby="account">
      <header>
        <h2 id="account">Account</h2>
        <HealthChip connection={connection} />
      </header>
      <div className="body stack">
        <HealthNote connection={connection} />
        <dl className="facts">
          <dt>Currency</dt>
          <dd>{currency ?? '—'}</dd>
          <dt>Time zone</dt>
          <dd>{timezone ?? '—'}</dd>
          <dt>Last call</dt>
          <dd>
            {health.last_check === null ? 'none yet' : <Time at={health.last_check} />}
            {health.latency_ms !== null && <span className="soft"> took {count(health.latency_ms)} ms</span>}
          </dd>
          <dt>Failed calls</dt>
          <dd>{percent(health.error_rate)}</dd>
          <dt>Calls left</dt>
          <dd>
            {count(limit.remaining)} of {count(limit.limit)}
          </dd>
          <dt>Connected</dt>
          <dd>
            <Time at={created_at} />
          </dd>
        </dl>
        <div className="row">
          <button type="button" className="button" disabled={isPending} onClick={() => mutate()}>
            Test now
          </button>
          <span role="status">
            {data && (data.ok ? `It works: ${data.detail}` : `It does not work: ${data.detail}`)}
            {error && 'It could not be tested; try again.'}
          </span>
        </div>
      </div>
    </section>
  )
}

function useTest(id: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: () => dataOf(api.POST('/api/v1/connectors/{id}/test', { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS_KEY }),
  })
}

/** Another login for the same connection: for a grant that was lost, or for another account that it reaches. */
function Reconnect({ connection: { id, type, account_id, accounts, status } }: { connection: Connection }) {
  const types = useQuery(connectorTypesQuery).data?.types ?? []
  const [account, setAccount] = useState(account_id ?? '')
  if (types.find((one) => one.type === type)?.auth !== 'oauth2') return null
  return (
    <section className="card" aria-labelledby="reconnect">
      <header>
        <h2 id="reconnect">Reconnect</h2>
      </header>
      <div className="body stack">
        <p className="soft">
          {status === 'connected'
            ? 'A new login replaces the grant, and can read another account that it reaches.'
            : 'Log in again: what was read stays, and the schedule goes on.'}
        </p>
        {accounts.length > 1 && (
          <label className="field">
            <span>Account</span>
            <select value={account} onChange={(event) => setAccount(event.target.value)}>
              {accounts.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name ?? one.id} ({one.id})
                </option>
              ))}
            </select>
          </label>
        )}
        <LoginButton login={{ type, connectorId: id, ...(account !== '' && { accountId: account }) }}>
          Log in again …
        </LoginButton>
      </div>
    </section>
  )
}

function Ends({ connection }: { connection: Connection }) {
  const { id, type, status } = connection
  const [, goTo] = useLocation()
  const { mutate, isPending } = useEnd(id, platformName(type), () => goTo('/console/integrations'))
  const name = `${platformName(type)}, ${accountName(connection)}`
  return (
    <section className="card" aria-labelledby="ends">
      <header>
        <h2 id="ends">Disconnect</h2>
      </header>
      <div className="body stack">
        {status !== 'disconnected' && (
          <Confirm
            trigger={
              <button type="button" className="button" disabled={isPending}>
                Disconnect …
              </button>
            }
            title={`Disconnect ${name}?`}
            action="Disconnect"
            onConfirm={(reason) => mutate({ removes: false, reason })}
          >
            <p>The grant is taken back, and nothing is read any more. What was read stays.</p>
          </Confirm>
        )}
        <Confirm
          trigger={
            <button type="button" className="button" disabled={isPending}>
              Remove with its data …
            </button>
          }
          title={`Remove ${name}?`}
          action="Remove it all"
          onConfirm={(reason) => mutate({ removes: true, reason })}
        >
          <p>The grant is taken back, and everything that was read is deleted. This cannot be undone.</p>
        </Confirm>
      </div>
    </section>
  )
}

function useEnd(id: string, name: string, onRemoved: () => void) {
  const queries = useQueryClient()
  return useMutation({
    async mutationFn({ removes, reason }: { removes: boolean; reason: string | undefined }) {
      const about = { params: { path: { id }, query: reason === undefined ? {} : { reason } } }
      await (removes
        ? dataOf(api.DELETE('/api/v1/connectors/{id}', about))
        : dataOf(api.DELETE('/api/v1/integrations/{id}', about)))
    },
    onSuccess(_, { removes }) {
      told(removes ? `${name} is removed with all its data` : `${name} is disconnected`)
      if (removes) onRemoved()
    },
    onError: (error) => failed(`${name} is still connected`, error),
    onSettled: () => queries.invalidateQueries({ queryKey: CONNECTIONS_KEY }),
  })
}
