import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Budget, Platform } from '../../api/client.ts'
import { budgetsQuery, platformsQuery, troublesQuery } from '../../api/queries.ts'
import { duration, money, percent, words } from '../../ui/format.ts'
import { limitKey, limitName } from '../../ui/limit-name.ts'

/** Shares of a limit from which it is near its end, and from which it counts as used up: hardly a bid fits then. */
const NEAR_RATIO = 0.8
const USED_UP_RATIO = 0.99

interface Notice {
  readonly key: string
  readonly tone: 'danger' | 'warn'
  readonly text: string
  readonly href?: string
}

/** What keeps money from being spent or safe now; empty where nothing does. */
export function NeedsAttention({ isOperator }: { isOperator: boolean }) {
  const budgets = useQuery(budgetsQuery).data?.budgets ?? []
  const platforms = useQuery({ ...platformsQuery, enabled: isOperator }).data?.platforms ?? []
  const troubles = useQuery(troublesQuery).data
  if (troubles === undefined) return null
  const notices: Notice[] = [
    ...troubles.map((text): Notice => ({ key: text, tone: 'danger', text })),
    ...budgets.flatMap(ofBudget),
    ...platforms.flatMap(ofPlatform),
  ]
  return (
    <section className="card" aria-labelledby="attention">
      <header>
        <h2 id="attention">Needs attention</h2>
        <span className={notices.length === 0 ? 'chip ok' : 'chip warn'}>
          {notices.length === 0 ? 'nothing' : notices.length}
        </span>
        {notices.length === 0 && (
          <span className="side-note">Every part works, no limit is near its end, no platform fails.</span>
        )}
      </header>
      {notices.length > 0 && (
        <ul className="notices">
          {notices.map(({ key, tone, text, href }) => (
            <li key={key}>
              <span className={`chip ${tone}`}>{tone === 'danger' ? 'act' : 'watch'}</span>{' '}
              {href === undefined ? text : <Link href={href}>{text}</Link>}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function ofBudget({ scope, currency, limits, paused, overdraft, forfeited }: Budget): Notice[] {
  const href = `/console/budgets/${encodeURIComponent(scope)}`
  const notices: Notice[] = limits
    .filter(({ utilization }) => utilization >= NEAR_RATIO)
    .map((limit) => {
      const isUsedUp = limit.utilization >= USED_UP_RATIO
      const used = isUsedUp ? 'is used up' : `has ${percent(limit.utilization)} used`
      return {
        key: `${scope} ${limitKey(limit)}`,
        tone: isUsedUp ? 'danger' : 'warn',
        text: `${scope} ${used} of ${money(limit.max, currency)} ${limitName(limit)}`,
        href,
      }
    })
  if (paused) notices.push({ key: `${scope} paused`, tone: 'warn', text: `${scope} is paused`, href })
  if (overdraft > 0)
    notices.push({
      key: `${scope} overdraft`,
      tone: 'danger',
      text: `${scope} was billed ${money(overdraft, currency)} that no limit had room for`,
      href,
    })
  if (forfeited)
    notices.push({
      key: `${scope} forfeited`,
      tone: 'warn',
      text: `${scope}: ${money(forfeited.amount, currency)} of processes that are gone becomes spend in ${duration(forfeited.becomesSpendInMs)}`,
      href,
    })
  return notices
}

function ofPlatform({ platform, breaker, auth, authDetail, deferred }: Platform): Notice[] {
  const notices: Notice[] = []
  const name = words(platform)
  if (breaker.state !== 'closed') {
    const again =
      breaker.retryAfterMs === undefined ? '' : `; it is tried again in ${duration(breaker.retryAfterMs)}`
    const waiting = deferred > 0 ? `; ${deferred} bids wait` : ''
    notices.push({
      key: `${platform} breaker`,
      tone: 'danger',
      text: `${name} fails: its breaker is ${words(breaker.state)}${again}${waiting}`,
    })
  }
  if (auth === 'lost')
    notices.push({
      key: `${platform} auth`,
      tone: 'danger',
      text: `${name} does not take our credentials${authDetail === undefined ? '' : `: ${authDetail}`}`,
    })
  return notices
}
