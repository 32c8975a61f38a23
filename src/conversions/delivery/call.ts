import type {
  BatchAnswer,
  Conversion,
  ConversionTarget,
  LaterStatus,
  TokenSource,
} from '../../connectors/index.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../../http/http.ts'
import { CircuitBreaker, type RateLimiter, type Verdict } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import { Pace } from '../../time/pace.ts'
import type { PlatformRoom } from '../conversions.ts'

/** How long a platform has for its answer, in milliseconds. */
const TIMEOUT_MS = 30_000
/** Failures in a row, milliseconds and successful probes, as the interface's document has them. */
const BREAKER = { failures: 5, slowMs: TIMEOUT_MS, resetMs: 60_000, successes: 3 }
/** While the one probe of a breaker is under way, others look again after this, in milliseconds. */
const PROBE_MS = 1_000
const MINUTE_MS = 60_000

/** One connection as it is called: its credentials, and what holds calls to it back. */
export interface ConversionLine {
  readonly connector: PlatformRoom['connector']
  readonly target: ConversionTarget
  readonly credentials: unknown
  readonly tokens: TokenSource | undefined
  readonly breaker: CircuitBreaker
  /** Calls to the account, with everything else in this service that calls it. */
  readonly limiter: RateLimiter
  readonly events: Pace
}

export interface ConversionCallDeps {
  readonly clock: Clock
  readonly http: HttpClient
}

/** What a call came to. `held`: nothing was sent, and it may be after `waitMs`. `not_sent`: nothing was taken. */
export type CallOutcome<T> =
  | { readonly is: 'answered'; readonly answer: T; readonly latencyMs: number }
  | { readonly is: 'held'; readonly waitMs: number; readonly why: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'not_sent' | 'no_answer'; readonly detail: string; readonly latencyMs: number }

export const newBreaker = (clock: Clock, onChange: (from: string, to: string) => void): CircuitBreaker =>
  new CircuitBreaker(clock, BREAKER, onChange)

export const newPace = (clock: Clock, { eventsPerMinute }: PlatformRoom): Pace =>
  new Pace(clock, { calls: eventsPerMinute, windowMs: MINUTE_MS })

export type SentBatch = CallOutcome<Exclude<BatchAnswer, { is: 'auth_expired' }>>

/**
 * Sends one batch. It is sent again only once, with a new token, if the answer says that the old one expired.
 * @param isCounted whether the events were counted already: in a call that was refused, of which nothing was taken
 */
export async function sendBatch(
  deps: ConversionCallDeps,
  line: ConversionLine,
  batch: readonly Conversion[],
  isCounted: boolean,
): Promise<SentBatch> {
  const { connector, target } = line
  if (!line.breaker.admits)
    return { is: 'held', waitMs: openMs(line.breaker, deps.clock), why: 'the circuit breaker is open' }
  const waitMs = isCounted ? 0 : line.events.take(batch.length)
  if (waitMs > 0) return { is: 'held', waitMs, why: 'the events of a minute are used up' }
  return withToken(line, (accessToken) =>
    exchange(deps, line, {
      request: () => connector.send(target, line.credentials, batch, accessToken),
      read(response): Read<Exclude<BatchAnswer, { is: 'auth_expired' }>> {
        const answer = connector.read(response, batch, deps.clock.nowMs())
        if (answer.is === 'auth_expired') return { is: 'expired', detail: answer.detail }
        return { is: 'read', answer, verdict: VERDICTS[answer.is] }
      },
    }),
  )
}

const VERDICTS: Record<Exclude<BatchAnswer['is'], 'auth_expired'>, Verdict> = {
  taken: 'healthy',
  batch_refused: 'healthy',
  throttled: 'neutral',
  auth_lost: 'neutral',
  account_refused: 'neutral',
  transient: 'failing',
}

/** `unclear`: the platform failed, or had no time, so that it says nothing of the connection. */
type Tested =
  | ReturnType<PlatformRoom['connector']['readTest']>
  | { readonly is: 'unclear'; readonly detail: string }

/** Asks whether a connection works, without the limits of deliveries. */
export async function sendTest(deps: ConversionCallDeps, line: ConversionLine): Promise<CallOutcome<Tested>> {
  const { connector, target } = line
  return withToken(line, (accessToken) =>
    exchange<Tested>(deps, line, {
      request: () => connector.test(target, line.credentials, accessToken),
      read(response) {
        const answer = connector.readTest(response)
        const isUnclear = answer.is === 'fails' && (response.status === 429 || response.status >= 500)
        return {
          is: 'read',
          answer: isUnclear ? { is: 'unclear', detail: answer.detail } : answer,
          verdict: 'neutral',
        }
      },
    }),
  )
}

/** Asks what became of a call that was accepted before it was processed. */
export async function askStatus(
  deps: ConversionCallDeps,
  line: ConversionLine,
  requestId: string,
): Promise<CallOutcome<LaterStatus>> {
  const { connector, target } = line
  const { later } = connector
  if (!later) return { is: 'answered', answer: { is: 'unavailable', detail: 'no status' }, latencyMs: 0 }
  return withToken(line, (accessToken) =>
    exchange<LaterStatus>(deps, line, {
      request: () => later.status(target, requestId, accessToken),
      read(response) {
        const answer = later.readStatus(response)
        return { is: 'read', answer, verdict: answer.is === 'unavailable' ? 'failing' : 'healthy' }
      },
    }),
  )
}

/** An answer as it was read, and what it says about the health of the platform. */
type Read<T> =
  | { readonly is: 'read'; readonly answer: T; readonly verdict: Verdict }
  | { readonly is: 'expired'; readonly detail: string }

interface Asking<T> {
  readonly request: () => HttpRequest
  readonly read: (response: HttpResponse) => Read<T>
}

type Exchanged<T> = CallOutcome<T> | { readonly is: 'expired'; readonly detail: string }

async function exchange<T>(
  { clock, http }: ConversionCallDeps,
  { breaker, limiter }: ConversionLine,
  { request, read }: Asking<T>,
): Promise<Exchanged<T>> {
  const entry = breaker.enter()
  if (entry.is === 'open')
    return { is: 'held', waitMs: openMs(breaker, clock), why: 'the circuit breaker is open' }
  let verdict: Verdict = 'neutral'
  let latencyMs = 0
  try {
    const admission = await limiter.takeSoon('scheduled')
    if (admission.is === 'limited')
      return { is: 'held', waitMs: admission.retryAfterMs, why: 'the limit of calls is used up' }
    const sent = await http.send(request(), TIMEOUT_MS)
    latencyMs = sent.latencyMs
    if (sent.is !== 'answered') {
      verdict = 'failing'
      return { is: sent.is, detail: sent.detail, latencyMs }
    }
    const came = read(sent.response)
    if (came.is === 'expired') return came
    verdict = came.verdict
    return { is: 'answered', answer: came.answer, latencyMs }
  } finally {
    entry.passage.report(verdict, latencyMs)
  }
}

/** Milliseconds until calls are tried again. */
function openMs({ state }: CircuitBreaker, clock: Clock): number {
  return state.is === 'open' ? Math.max(1, state.untilMs - clock.elapsedMs()) : PROBE_MS
}

async function withToken<T>(
  { tokens }: ConversionLine,
  call: (accessToken: string | undefined) => Promise<Exchanged<T>>,
): Promise<CallOutcome<T>> {
  const token = await tokens?.get()
  if (token && token.is !== 'token') return withoutToken(token)
  const called = await call(token?.accessToken)
  if (called.is !== 'expired') return called
  const fresh = token && (await tokens?.renew(token.accessToken))
  if (!fresh) return { is: 'auth_lost', detail: called.detail }
  if (fresh.is !== 'token') return withoutToken(fresh)
  const again = await call(fresh.accessToken)
  return again.is === 'expired' ? { is: 'auth_lost', detail: again.detail } : again
}

function withoutToken(token: {
  readonly is: 'auth_lost' | 'unavailable'
  readonly detail: string
}): CallOutcome<never> {
  if (token.is === 'auth_lost') return { is: 'auth_lost', detail: token.detail }
  return { is: 'not_sent', detail: token.detail, latencyMs: 0 }
}
