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

/** How long an answer of a platform is awaited, in milliseconds. */
const TIMEOUT_MS = 30_000
/**
 * Failures in a row until it opens, times in milliseconds, and successful probes until it closes, by the interface's
 * specification.
 */
const BREAKER = { failures: 5, slowMs: TIMEOUT_MS, resetMs: 60_000, successes: 3 }
/** While the one probe of a breaker is under way, other calls are tried again after this time, in milliseconds. */
const PROBE_MS = 1_000
const MINUTE_MS = 60_000

/** What a call to one connection needs: its credentials, breaker and limits. */
export interface ConversionLine {
  readonly connector: PlatformRoom['connector']
  readonly target: ConversionTarget
  readonly credentials: unknown
  readonly tokens: TokenSource | undefined
  readonly breaker: CircuitBreaker
  /** Limits the calls to the account, together with all other calls of this service to it. */
  readonly limiter: RateLimiter
  /** Limits the calls to the account on which bids are placed; undefined if that is another account. */
  readonly bidsLimiter: () => RateLimiter | undefined
  readonly events: Pace
}

export interface ConversionCallDeps {
  readonly clock: Clock
  readonly http: HttpClient
}

/**
 * The result of a call. `held`: nothing was sent; it can be tried after `waitMs`. `not_sent`: the platform took
 * nothing.
 */
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
 * Sends one batch. It is repeated once, with a fresh access token, if the answer says that the token has expired.
 * @param isCounted whether the events were counted already by an earlier call that the platform refused as a whole
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

/** `unclear`: the platform failed or did not answer in time, which says nothing about the connection. */
type Tested =
  | ReturnType<PlatformRoom['connector']['readTest']>
  | { readonly is: 'unclear'; readonly detail: string }

/** Tests whether a connection works. It is not subject to the limits of deliveries. */
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

/** Asks for the result of a call that was accepted to be processed later. */
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

/** A parsed answer, with its verdict on the health of the platform. */
type Read<T> =
  | { readonly is: 'read'; readonly answer: T; readonly verdict: Verdict }
  | { readonly is: 'expired'; readonly detail: string }

interface Asking<T> {
  readonly request: (accessToken: string | undefined) => HttpRequest
  readonly read: (response: HttpResponse) => Read<T>
}

/** What holds a call back, and its tokens. */
type CallLine = Pick<ConversionLine, 'breaker' | 'limiter' | 'bidsLimiter' | 'tokens'>

/**
 * Sends one request through the same channel as all other requests to platforms, and parses its answer with the
 * connector.
 */
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
      // Only the connector knows what the answer says about each event; the channel only has to know whether the token
      // has expired.
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

/** The token source of platforms whose credentials contain a permanent access token: it cannot be refreshed. */
const lasting = (detail: () => string): TokenSource => ({
  get: async () => ({ is: 'token', accessToken: '' }),
  renew: async () => ({ is: 'auth_lost', detail: detail() }),
})

/** @param verdict the answer's verdict on the platform's health; undefined if no answer was parsed */
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
 * Counts a call in the limit of the connection and, if bids are placed on the same account, in that account's limit
 * too. There it counts as a read, so that the last tenth of the limit is reserved for bids and pauses.
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

/** Milliseconds until the breaker admits a call again. */
function openMs({ state }: CircuitBreaker, clock: Clock): number {
  return state.is === 'open' ? Math.max(1, state.untilMs - clock.elapsedMs()) : PROBE_MS
}
