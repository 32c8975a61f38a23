import type { HttpResponse } from '../../http/http.ts'
import { type Admission, type BreakerAnswer, limitDetail, type Verdict } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { Answer, Protocol, UsedShare } from '../platform/answer.ts'
import type { Token, TokenSource } from './token-source.ts'

/**
 * What every request to an account passes. Whoever talks to platforms (bids, reads, deliveries) makes one and keeps its
 * own rules about what to repeat, and about what a missing answer means.
 */
export interface Channel {
  readonly clock: Clock
  readonly protocol: Protocol
  readonly tokens: TokenSource
  readonly limits: {
    /** Counts a call, or refuses it. A call that lowers risk is counted and always admitted. */
    take(): Promise<Admission>
    /** Notes that the platform asked for a pause of `afterMs` milliseconds. */
    block(afterMs: number): void
    /** Notes the used share of the platform's own quota. */
    observe(used: UsedShare): void
  }
  /**
   * Asks the breaker of the endpoint. Undefined where a breaker guards the whole operation, and for calls that lower
   * risk, which no breaker stops.
   */
  readonly enter: (() => BreakerAnswer) | undefined
  /** Whether the grant works at all; asked after one request was forbidden. True where that cannot be found out. */
  grantWorks(): Promise<boolean>
  /** Called after every request with the class of its answer. */
  onSent(outcome: string, latencyMs: number): void
  /** Called when our limit or the platform's refuses a call. */
  onLimited?(retryAfterMs: number): void
}

/** A request as its channel sends it. */
export interface Sending {
  /** Sends it once with this access token, never again by itself. */
  send(accessToken: string): Promise<Arrival>
  /** Whether a missing permission is an answer like others; the grant is then not checked. */
  readonly mayForbid: boolean
  /** Whether the answer may be long (a file, rows), so that its duration does not count as slowness of the platform. */
  readonly isLong: boolean
  /** Signal by which we break the request off; that says nothing about the platform. */
  readonly cancelled?: AbortSignal
}

/** What came back for one request, before it is classed. Only `not_sent` proves that the platform did nothing. */
export type Arrival = { readonly latencyMs: number } & (
  | { readonly is: 'answered'; readonly response: HttpResponse }
  /** A file, whose rows have been passed on. */
  | { readonly is: 'whole' }
  /** A complete file that is not the ordered one: repeating would bring the same. */
  | { readonly is: 'not_as_ordered'; readonly detail: string }
  | { readonly is: 'failed' | 'not_sent' | 'no_answer' | 'too_much'; readonly detail: string }
)

/** A platform's {@link Answer}, or why there is none. */
type Classed =
  | Answer
  | { readonly is: 'not_sent' | 'no_answer' | 'too_much'; readonly detail: string }
  /** Our own limit, or a pause that the platform has asked for; `isStoreAway`: the budget store grants no calls. */
  | {
      readonly is: 'limited'
      readonly detail: string
      readonly retryAfterMs: number
      readonly isStoreAway: boolean
    }
  | { readonly is: 'breaker_open' | 'no_token'; readonly detail: string; readonly retryAfterMs: number }

/** As {@link Classed}, after expired tokens and missing permissions were dealt with. */
export type Result = Exclude<Classed, { is: 'auth_expired' }>

/** What each class says about the platform's health. Our own mistakes and limits do not count against it. */
export const verdictOf: Readonly<Record<Classed['is'], Verdict>> = {
  ok: 'healthy',
  refused: 'healthy',
  forbidden: 'healthy',
  too_much: 'healthy',
  throttled: 'neutral',
  auth_expired: 'neutral',
  auth_lost: 'neutral',
  not_applied: 'neutral',
  failed: 'neutral',
  limited: 'neutral',
  breaker_open: 'neutral',
  transient: 'failing',
  not_sent: 'failing',
  no_answer: 'failing',
  no_token: 'failing',
}

export interface Sent<R = Result> {
  readonly result: R
  /** Of the last attempt; 0 where nothing was sent. */
  readonly latencyMs: number
}

/**
 * Sends one request: token, breaker, limit, the request itself, class of the answer. It is sent once more only after
 * the answer said that the token expired, with a fresh one. A missing permission is one object's (`refused`), unless
 * the check finds that the grant does not work at all (`auth_lost`).
 */
export async function sendRequest(channel: Channel, sending: Sending): Promise<Sent> {
  const token = await channel.tokens.get()
  if (token.is !== 'token') return { result: withoutToken(token), latencyMs: 0 }
  let sent = await attempt(channel, sending, token.accessToken)
  if (sent.result.is === 'auth_expired') {
    const fresh = await channel.tokens.renew(token.accessToken)
    if (fresh.is !== 'token') return { result: withoutToken(fresh), latencyMs: sent.latencyMs }
    sent = await attempt(channel, sending, fresh.accessToken)
  }
  const result = await judged(channel, sending, sent.result)
  if (result.is === 'auth_lost') await channel.tokens.lose?.(result.detail)
  return { result, latencyMs: sent.latencyMs }
}

/** When the provider gives no token now, the grant is not blamed. */
const withoutToken = (token: Exclude<Token, { is: 'token' }>): Result =>
  token.is === 'auth_lost' ? token : { ...token, is: 'no_token' }

async function judged(channel: Channel, { mayForbid }: Sending, result: Classed): Promise<Result> {
  if (result.is === 'auth_expired') return { ...result, is: 'auth_lost' }
  if (result.is !== 'forbidden' || mayForbid) return result
  return { ...result, is: (await channel.grantWorks()) ? 'refused' : 'auth_lost' }
}

async function attempt(channel: Channel, sending: Sending, accessToken: string): Promise<Sent<Classed>> {
  const entry = channel.enter?.()
  if (entry?.is === 'open') {
    const { retryAfterMs } = entry
    return { result: { is: 'breaker_open', detail: 'the platform is failing', retryAfterMs }, latencyMs: 0 }
  }
  let verdict: Verdict = 'neutral'
  let latencyMs = 0
  try {
    const admission = await channel.limits.take()
    if (admission.is === 'limited') {
      channel.onLimited?.(admission.retryAfterMs)
      return { result: limited(admission), latencyMs }
    }
    const arrival = await sending.send(accessToken)
    latencyMs = arrival.latencyMs
    const result = classed(channel, arrival)
    if (!sending.cancelled?.aborted) verdict = verdictOf[result.is]
    if (result.is === 'throttled') {
      channel.limits.block(result.retryAfterMs)
      channel.onLimited?.(result.retryAfterMs)
    }
    channel.onSent(result.is, latencyMs)
    return { result, latencyMs }
  } finally {
    entry?.passage.report(verdict, sending.isLong ? 0 : latencyMs)
  }
}

function limited(admission: Extract<Admission, { is: 'limited' }>): Classed {
  const { retryAfterMs, detail } = admission
  const isStoreAway = detail !== undefined
  return { is: 'limited', detail: detail ?? limitDetail(admission), retryAfterMs, isStoreAway }
}

function classed({ clock, protocol, limits }: Channel, arrival: Arrival): Classed {
  switch (arrival.is) {
    case 'answered': {
      const answer = protocol.read(arrival.response, clock.nowMs())
      // A refusal for too many calls already says how long to wait.
      const used = answer.is === 'throttled' ? undefined : protocol.usedShare(arrival.response)
      if (used) limits.observe(used)
      return answer
    }
    case 'whole':
      return { is: 'ok', body: undefined }
    case 'not_as_ordered':
      return { is: 'refused', detail: arrival.detail }
    default:
      return { is: arrival.is, detail: arrival.detail }
  }
}
