import {
  type AcceptedCallStatus,
  type BatchAnswer,
  type Channel,
  type Conversion,
  type ConversionTarget,
  type Result,
  sendRequest,
  type TokenSource,
} from '../../connectors/index.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../../http/http.ts'
import {
  type Admission,
  type BreakerAnswer,
  CircuitBreaker,
  type RateLimiter,
  type Verdict,
} from '../../shield/index.ts'
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
  /** Calls of the account that bids are placed on; undefined where it is not the same account. */
  readonly bidsLimiter: () => RateLimiter | undefined
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
  return exchange(deps, line, {
    request: (accessToken) => connector.send(target, line.credentials, batch, accessToken),
    read(response): Read<Exclude<BatchAnswer, { is: 'auth_expired' }>> {
      const answer = connector.read(response, batch, deps.clock.nowMs())
      if (answer.is === 'auth_expired') return { is: 'expired', detail: answer.detail }
      return { is: 'read', answer, verdict: VERDICTS[answer.is] }
    },
  })
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
  return exchange<Tested>(deps, line, {
    request: (accessToken) => connector.test(target, line.credentials, accessToken),
    read(response) {
      const answer = connector.readTest(response)
      const isUnclear = answer.is === 'fails' && (response.status === 429 || response.status >= 500)
      return {
        is: 'read',
        answer: isUnclear ? { is: 'unclear', detail: answer.detail } : answer,
        verdict: 'neutral',
      }
    },
  })
}

/** Asks what became of a call that was accepted before it was processed. */
export async function askStatus(
  deps: ConversionCallDeps,
  line: ConversionLine,
  requestId: string,
): Promise<CallOutcome<AcceptedCallStatus>> {
  const { connector, target } = line
  const { later } = connector
  if (!later) return { is: 'answered', answer: { is: 'unavailable', detail: 'no status' }, latencyMs: 0 }
  return exchange<AcceptedCallStatus>(deps, line, {
    request: (accessToken) => later.status(target, requestId, accessToken),
    read(response) {
      const answer = later.readStatus(response)
      return { is: 'read', answer, verdict: answer.is === 'unavailable' ? 'failing' : 'healthy' }
    },
  })
}

/** An answer as it was read, and what it says about the health of the platform. */
type Read<T> =
  | { readonly is: 'read'; readonly answer: T; readonly verdict: Verdict }
  | { readonly is: 'expired'; readonly detail: string }

interface Asking<T> {
  readonly request: (accessToken: string | undefined) => HttpRequest
  readonly read: (response: HttpResponse) => Read<T>
}

/** What holds a call back, and its tokens. */
type CallLine = Pick<ConversionLine, 'breaker' | 'limiter' | 'bidsLimiter' | 'tokens'>

/** Sends one request as everything else that is sent to platforms, and reads its answer as the connector does. */
export async function exchange<T>(
  deps: ConversionCallDeps,
  line: CallLine,
  asking: Asking<T>,
): Promise<CallOutcome<T>> {
  const { clock, http } = deps
  let came: Read<T> | undefined
  const channel: Channel = {
    clock,
    protocol: {
      authorize: (request) => request,
      // Only the connector can read what an answer says of each event; the channel only sees whether the token has expired.
      read(response) {
        came = asking.read(response)
        return came.is === 'expired'
          ? { is: 'auth_expired', detail: came.detail }
          : { is: 'ok', body: undefined }
      },
      usedShare: () => undefined,
    },
    tokens: line.tokens ?? lasting(() => (came?.is === 'expired' ? came.detail : 'the token has expired')),
    limits: { take: () => takeCall(line), block: () => undefined, observe: () => undefined },
    enter: () => enter(deps, line, () => (came?.is === 'read' ? came.verdict : undefined)),
    grantWorks: async () => true,
    onSent: () => undefined,
  }
  const { result, latencyMs } = await sendRequest(channel, {
    send: (accessToken) => http.send(asking.request(line.tokens && accessToken), TIMEOUT_MS),
    mayForbid: true,
    isLong: false,
  })
  return came?.is === 'read' && result.is === 'ok'
    ? { is: 'answered', answer: came.answer, latencyMs }
    : withoutAnswer(result, latencyMs)
}

/** For platforms whose token is one of the credentials: there is no newer one. */
const lasting = (detail: () => string): TokenSource => ({
  get: async () => ({ is: 'token', accessToken: '' }),
  renew: async () => ({ is: 'auth_lost', detail: detail() }),
})

/** @param verdict what the answer said of the platform's health; undefined where none was read */
function enter(
  { clock }: ConversionCallDeps,
  { breaker }: Pick<ConversionLine, 'breaker'>,
  verdict: () => Verdict | undefined,
): BreakerAnswer {
  const entry = breaker.enter()
  if (entry.is === 'open') return { is: 'open', retryAfterMs: openMs(breaker, clock) }
  const { passage } = entry
  return {
    is: 'admitted',
    passage: { report: (usual, latencyMs) => passage.report(verdict() ?? usual, latencyMs) },
  }
}

/**
 * Counts a call for the connection, and for the account where bids are placed on it too: as a reading, so that the last
 * tenth of its limit stays with bids and pauses.
 */
async function takeCall({ limiter, bidsLimiter }: CallLine): Promise<Admission> {
  const shared = bidsLimiter()
  if (!shared) return limiter.takeSoon('scheduled')
  const own = limiter.admits('scheduled')
  if (own.is === 'limited') return own
  const passed = await shared.takeSoon('scheduled')
  return passed.is === 'limited' ? passed : limiter.takeSoon('scheduled')
}

function withoutAnswer(result: Result, latencyMs: number): CallOutcome<never> {
  switch (result.is) {
    case 'breaker_open':
      return { is: 'held', waitMs: result.retryAfterMs, why: 'the circuit breaker is open' }
    case 'limited':
      return { is: 'held', waitMs: result.retryAfterMs, why: 'the limit of calls is used up' }
    case 'auth_lost':
      return { is: 'auth_lost', detail: result.detail }
    case 'no_token':
      return { is: 'not_sent', detail: result.detail, latencyMs: 0 }
    case 'not_sent':
      return { is: 'not_sent', detail: result.detail, latencyMs }
    default:
      return { is: 'no_answer', detail: 'detail' in result ? result.detail : 'no answer', latencyMs }
  }
}

/** Milliseconds until calls are tried again. */
function openMs({ state }: CircuitBreaker, clock: Clock): number {
  return state.is === 'open' ? Math.max(1, state.untilMs - clock.elapsedMs()) : PROBE_MS
}
