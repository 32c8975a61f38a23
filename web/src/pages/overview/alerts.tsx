import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Alert, Budget } from '../../api/client.ts'
import { alertsQuery, budgetsQuery, troublesQuery } from '../../api/queries.ts'
import { count, duration, money } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import { Time } from '../../ui/time.tsx'

interface Notice {
  readonly key: string
  readonly text: string
  readonly href?: string
}

/** The alerts that fire, and what besides keeps money from being spent; says so where nothing does. */
export function Alerts() {
  const query = useQuery(alertsQuery)
  const budgets = useQuery(budgetsQuery).data?.budgets ?? []
  const troubles = useQuery(troublesQuery).data
  // What is not ready is an alert half a minute later.
  const isTold = (line: string) =>
    query.data?.alerts.some(({ about, detail }) => line.startsWith(about.name) || line.includes(detail))
  const notices: Notice[] = [
    ...(troubles ?? []).filter((line) => !isTold(line)).map((text) => ({ key: text, text })),
    ...budgets.flatMap(ofBudget),
  ]
  if (query.data === undefined || troubles === undefined) return null
  const { alerts, left } = query.data
  const all = alerts.length + left + notices.length
  return (
    <section className="card" aria-labelledby="attention">
      <header>
        <h2 id="attention">Needs attention</h2>
        <span className={all === 0 ? 'chip ok' : 'chip warn'}>{all === 0 ? 'nothing' : count(all)}</span>
        {all === 0 && (
          <span className="side-note">Every part works, no limit is near its end, no platform fails.</span>
        )}
      </header>
      {all > 0 && (
        <ul className="notices">
          {alerts.map((alert) => (
            <AlertRow key={`${alert.code} ${alert.about.name} ${alert.about.limit}`} alert={alert} />
          ))}
          {left > 0 && <li className="soft">{count(left)} more alerts fire.</li>}
          {notices.map(({ key, text, href }) => (
            <li key={key}>
              <span className="chip warn">watch</span>{' '}
              {href === undefined ? text : <Link href={href}>{text}</Link>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const TONES = { critical: 'danger', warning: 'warn', info: 'accent' } as const

function AlertRow({ alert }: { alert: Alert }) {
  const { severity, about, code, detail, since, whatToDo, runbook } = alert
  const href = pageOf(alert)
  const name = about.kind === 'platform' ? platformName(about.name) : about.name
  return (
    <li className="alert">
      <span className={`chip ${TONES[severity]}`}>{severity}</span>
      <div>
        <p>
          {href === undefined ? <strong>{name}</strong> : <Link href={href}>{name}</Link>}
          {': '}
          {detail}
        </p>
        <p className="soft">
          {whatToDo}{' '}
          <a href={runbook} target="_blank" rel="noreferrer">
            Runbook<span className="sr-only"> of {wordsOf(code)}</span>
          </a>
        </p>
      </div>
      <span className="side-note since">
        since <Time at={since} />
      </span>
    </li>
  )
}

/** `BudgetAt80Percent` as words. */
const wordsOf = (code: string): string => code.replaceAll(/(?<=[a-z])(?=[A-Z0-9])|(?<=\d)(?=[A-Z])/g, ' ')

/** The page on which something can be done about it. */
function pageOf({ code, about }: Alert): string | undefined {
  switch (about.kind) {
    case 'budget':
      return `/console/budgets/${encodeURIComponent(about.name)}`
    case 'platform':
      return code.startsWith('Conversion') ? '/console/conversions' : '/console/platforms'
    case 'seat':
      return `/console/exchanges/seats/${encodeURIComponent(about.name)}`
    case 'account':
      return '/console/reconciliation'
    case 'table':
    case 'part':
      return '/console/settings/service'
    case 'service':
      return code === 'KillSwitchEngaged' ? undefined : '/console/settings/service'
  }
}

function ofBudget({ scope, currency, paused, pauseReason, forfeited }: Budget): Notice[] {
  const href = `/console/budgets/${encodeURIComponent(scope)}`
  const notices: Notice[] = []
  if (paused)
    notices.push({
      key: `${scope} paused`,
      text: `${scope} is paused${pauseReason === undefined ? '' : `: ${pauseReason}`}`,
      href,
    })
  if (forfeited)
    notices.push({
      key: `${scope} forfeited`,
      text: `${scope}: ${money(forfeited.amount, currency)} of processes that are gone becomes spend in ${duration(forfeited.becomesSpendInMs)}`,
      href,
    })
  return notices
}
