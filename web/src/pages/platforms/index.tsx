import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Platform } from '../../api/client.ts'
import { platformsQuery } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Answer, Empty } from '../../ui/answer.tsx'
import { count, duration, money, percent, words } from '../../ui/format.ts'
import { platformName } from '../../ui/platform-name.ts'
import './platforms.css'

/** How every platform that bids are placed on is doing. */
export default function Platforms() {
  const { isOperator } = useMay()
  return (
    <>
      <div className="page-head">
        <h1>Platforms</h1>
        <p>Whether they take bids, how quickly, and what is bid where no prediction can be had</p>
      </div>
      {isOperator ? (
        <List />
      ) : (
        <section className="card">
          <Empty title="Only the operator sees how platforms are doing">
            What your own bids came to is on <Link href="/console/bids">Bids</Link>.
          </Empty>
        </section>
      )}
    </>
  )
}

function List() {
  const query = useQuery(platformsQuery)
  return (
    <Answer query={query}>
      {({ platforms }) => (
        <div className="platforms">
          {platforms.map((platform) => (
            <PlatformCard key={platform.platform} platform={platform} />
          ))}
        </div>
      )}
    </Answer>
  )
}

function PlatformCard({ platform: one }: { platform: Platform }) {
  const name = platformName(one.platform)
  return (
    <section className="card" aria-labelledby={one.platform}>
      <header>
        <h2 id={one.platform}>{name}</h2>
        <Standing platform={one} />
      </header>
      <dl className="facts body">
        <dt>Credentials</dt>
        <dd>{credentials(one)}</dd>
        <dt>Breaker</dt>
        <dd>{breaker(one)}</dd>
        <dt>Calls left</dt>
        <dd>
          {count(one.rateLimit.remaining)} of {count(one.rateLimit.calls)} in any{' '}
          {duration(one.rateLimit.windowSeconds * 1_000)}
        </dd>
        <dt>A call takes</dt>
        <dd>
          {one.latencyMs === undefined
            ? 'no call was made yet'
            : `${duration(one.latencyMs.p50)}; 95 of 100 within ${duration(one.latencyMs.p95)}`}
        </dd>
        <dt>Bids that wait</dt>
        <dd>{count(one.deferred)}</dd>
        <dt>Median lifetime value</dt>
        <dd>
          {one.medianLtv === undefined
            ? 'not known: too few predictions came'
            : `${money(one.medianLtv, one.currency)} of ${count(one.ltvSamples)} predictions`}
        </dd>
        <dt>Bids by the fallback</dt>
        <dd>
          {one.fallbackShare === undefined
            ? 'no bid was decided yet'
            : `${percent(one.fallbackShare)}, ${count(one.fallbackCount)} since the start`}
        </dd>
      </dl>
      <footer className="platform-links">
        <Link href={`/console/budgets/${encodeURIComponent(`platform:${one.platform}`)}`}>
          Budget of {name}
        </Link>
      </footer>
    </section>
  )
}

/** The one word that an operator looks for. */
function Standing({
  platform: {
    auth,
    breaker: { state },
    mode,
  },
}: {
  platform: Platform
}) {
  if (auth === 'none') return <span className="chip">off</span>
  if (auth === 'lost') return <span className="chip danger">refuses our credentials</span>
  if (state === 'open') return <span className="chip danger">fails</span>
  if (state === 'half_open') return <span className="chip warn">is tried again</span>
  return <span className="chip ok">{mode === 'live' ? 'takes bids' : 'takes bids, in mock mode'}</span>
}

function credentials({ auth, authDetail }: Platform): string {
  if (auth === 'ok') return 'taken'
  if (auth === 'none') return 'none are configured; docs/configuration.md names the variables'
  return `refused${authDetail === undefined ? '' : `: ${authDetail}`}`
}

function breaker({ breaker: { state, retryAfterMs } }: Platform): string {
  if (state === 'closed') return 'closed: calls go out'
  const again = retryAfterMs === undefined ? '' : `; tried again in ${duration(retryAfterMs)}`
  return `${words(state)}${again}`
}
