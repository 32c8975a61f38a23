import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, useEffect, useRef } from 'react'
import { Link, useLocation } from 'wouter'
import { keepLive } from '../api/live.ts'
import { useLive } from '../api/live-state.ts'
import { killSwitchQuery } from '../api/queries.ts'
import { type Session, useMay } from '../api/session.ts'
import icon from '../icon.svg'
import { ROUTES } from '../routes.ts'
import { Empty, Waiting } from '../ui/answer.tsx'
import { viewersZone } from '../ui/format.ts'
import { Time } from '../ui/time.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { Banners } from './banners.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { useKillSwitch } from './kill-switch.ts'
import { SignOut } from './sign-in.tsx'
import { useTheme } from './theme.ts'

/** What stands around every page. */
export function Shell({ session }: { session: Session }) {
  const [location] = useLocation()
  const route = ROUTES.find(({ path }) => isAt(location, path))
  const content = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const title = route?.title ?? 'Not found'
  const queries = useQueryClient()
  useEffect(() => keepLive(queries), [queries])
  useEffect(() => {
    document.title = `${title} · Bidwarden`
  }, [title])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a screen reader is to go on from the page that was gone to
  useEffect(() => {
    if (!isFirst.current) content.current?.focus()
    isFirst.current = false
  }, [location])
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <div className="shell">
        <Side location={location} />
        <div>
          <Top session={session} />
          <Banners />
          <main id="content" className="content" tabIndex={-1} ref={content}>
            <ErrorBoundary key={location}>
              <Suspense fallback={<Waiting />}>{route ? <route.Page /> : <NotFound />}</Suspense>
            </ErrorBoundary>
          </main>
        </div>
      </div>
      <Toasts />
    </>
  )
}

const isAt = (location: string, path: string): boolean =>
  location === path ||
  (path !== '/' && location.startsWith(`${path}/`)) ||
  (path === '/' && location === '/console')

function Side({ location }: { location: string }) {
  const nav = useRef<HTMLElement>(null)
  // Where the pages stand in a line that scrolls, the one that is shown is to be seen.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page may be the current one after each move
  useEffect(() => {
    const line = nav.current
    const current = line?.querySelector<HTMLElement>('[aria-current]')
    if (line && current) line.scrollLeft = current.offsetLeft - (line.clientWidth - current.clientWidth) / 2
  }, [location])
  return (
    <header className="side">
      <Link href="/" className="brand" aria-label="Bidwarden">
        <img src={icon} alt="" />
        <span>Bidwarden</span>
      </Link>
      <nav aria-label="Pages" ref={nav}>
        <ul>
          {ROUTES.map(({ path, title }) => (
            <li key={path}>
              <Link href={path} aria-current={isAt(location, path) ? 'page' : undefined}>
                {title}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="side-foot">
        <a href="/docs">API documentation</a>
        <span>Times: {viewersZone}</span>
      </div>
    </header>
  )
}

function Top({ session }: { session: Session }) {
  const { may, isOperator } = useMay()
  const [theme, changeTheme] = useTheme()
  return (
    <div className="top">
      {session.mode === 'mock' && (
        <span className="chip accent" title="A sandbox plays the platforms; nothing is spent">
          mock mode
        </span>
      )}
      {session.mode === 'live' && <span className="chip warn">live: real money</span>}
      <Feed />
      <span className="grow" />
      <button type="button" className="button quiet" onClick={changeTheme}>
        {theme === 'dark' ? 'Light' : 'Dark'} <span className="wide">theme</span>
      </button>
      {session.signedIn && <SignOut name={session.name} />}
      {isOperator && may('operate') && <StopButton />}
    </div>
  )
}

/** Says that what is shown is asked for, where it does not come by itself. */
function Feed() {
  const live = useLive()
  if (live.is !== 'away' || live.isOffline) return null
  return (
    <span
      className="chip warn"
      title="What happens does not come by itself; figures are asked for every few seconds"
    >
      no live feed{' '}
      <span className="wide">
        since <Time at={live.sinceMs} />
      </span>
    </span>
  )
}

/** Stopping takes one action, on every page. */
function StopButton() {
  const { data } = useQuery(killSwitchQuery)
  const { mutate, isPending } = useKillSwitch()
  if (!data || data.engaged) return null
  return (
    <button
      type="button"
      className="button danger"
      disabled={isPending}
      onClick={() => mutate({ engaged: true })}
    >
      Stop all bidding
    </button>
  )
}

function NotFound() {
  return (
    <Empty title="There is no such page">
      Go on from <Link href="/">Overview</Link>.
    </Empty>
  )
}
