import type { Clock } from '../clock.ts'
import type { HttpClient, HttpRequest } from '../http.ts'
import type { Failure } from '../outcome.ts'
import type { Answer, Platform } from '../platforms/index.ts'
import type { Called, Priority, RateLimiter, Verdict } from '../shield/index.ts'
import type { Conversation, Step } from './connector.ts'
import type { TokenSource } from './tokens.ts'

export interface RunnerDeps {
  readonly clock: Clock
  readonly platform: Platform
  readonly http: HttpClient
  readonly tokens: TokenSource
  readonly limiter: RateLimiter
  /** For one request, from the first byte sent to the last received. */
  readonly timeoutMs: number
  /** Called after every request with how it was classed. */
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

/** Runs a conversation; all its I/O is here. */
export type Runner = <T>(conversation: Conversation<T>, priority: Priority) => Promise<Called<T>>

/** An {@link Answer}, or why there is none. */
type Reply =
  | Answer
  | { readonly is: 'limited'; readonly detail: string; readonly retryAfterMs: number }
  | { readonly is: 'not_sent'; readonly detail: string }
  | { readonly is: 'no_answer'; readonly detail: string }

type Problem = Exclude<Reply, { is: 'ok' }>

/** What a reply says of the platform's health. Our own mistakes and limits say nothing against it. */
const verdictOf: Record<Reply['is'], Verdict> = {
  ok: 'healthy',
  refused: 'healthy',
  throttled: 'neutral',
  auth_expired: 'neutral',
  auth_lost: 'neutral',
  not_applied: 'neutral',
  limited: 'neutral',
  transient: 'failing',
  not_sent: 'failing',
  no_answer: 'failing',
}

export function createRunner(deps: RunnerDeps): Runner {
  return async (conversation, priority) => {
    let latencyMs = 0
    /** Something has changed on the platform, so nothing that fails later may free the money. */
    let changed = false
    let verdict: Verdict = 'healthy'

    let turn = conversation.next()
    while (!turn.done) {
      const step = turn.value
      const asked = await ask(deps, step, priority)
      latencyMs = Math.max(latencyMs, asked.latencyMs)
      const { reply } = asked
      if (reply.is !== 'ok' && !(reply.is === 'refused' && step.mayRefuse)) {
        verdict = verdictOf[reply.is]
        return { outcome: failureOf(reply, step.writes, changed), verdict, latencyMs }
      }
      changed ||= reply.is === 'ok' && step.writes
      turn = conversation.next(reply)
    }
    return { outcome: turn.value, verdict, latencyMs }
  }
}

interface Asked {
  readonly reply: Reply
  readonly latencyMs: number
}

/** One step: counted, authorised, sent once; sent again only with a fresh token after the old one was called expired. */
async function ask(deps: RunnerDeps, step: Step, priority: Priority): Promise<Asked> {
  const token = await deps.tokens.get()
  if (token.is !== 'token') return { reply: withoutToken(token), latencyMs: 0 }

  const first = await send(deps, step.request, token.accessToken, priority)
  if (first.reply.is !== 'auth_expired') return first

  const fresh = await deps.tokens.renew(token.accessToken)
  if (fresh.is !== 'token') return { reply: withoutToken(fresh), latencyMs: first.latencyMs }
  const second = await send(deps, step.request, fresh.accessToken, priority)
  if (second.reply.is !== 'auth_expired') return second
  return { reply: { is: 'auth_lost', detail: second.reply.detail }, latencyMs: second.latencyMs }
}

function withoutToken(token: { readonly is: 'auth_lost' | 'unavailable'; readonly detail: string }): Reply {
  return { is: token.is === 'auth_lost' ? 'auth_lost' : 'not_sent', detail: token.detail }
}

async function send(
  deps: RunnerDeps,
  request: HttpRequest,
  token: string,
  priority: Priority,
): Promise<Asked> {
  // Pausing and lowering are counted, but never wait for a limit.
  if (priority === 'lowering') deps.limiter.count()
  else {
    const admission = await deps.limiter.takeSoon(priority)
    if (admission.is === 'limited') {
      const detail = 'our own limit of calls to the platform is reached'
      return { reply: { is: 'limited', detail, retryAfterMs: admission.retryAfterMs }, latencyMs: 0 }
    }
  }

  const exchange = await deps.http.send(deps.platform.authorize(request, token), deps.timeoutMs)
  const reply =
    exchange.is === 'answered' ? deps.platform.read(exchange.response, deps.clock.nowMs()) : exchange
  // A refusal for too many calls says itself how long to stay away.
  if (exchange.is === 'answered' && reply.is !== 'throttled') {
    const used = deps.platform.usedShare(exchange.response.headers)
    if (used !== undefined) deps.limiter.observe(used)
  }
  if (reply.is === 'throttled') deps.limiter.block(reply.retryAfterMs)
  deps.onRequest(reply.is, exchange.latencyMs)
  return { reply, latencyMs: exchange.latencyMs }
}

/** @param changed an earlier request of the operation has changed something */
function failureOf(problem: Problem, writes: boolean, changed: boolean): Failure {
  const failure = failureOfLast(problem, writes)
  return changed ? { is: 'unknown', detail: `applied in part, then ${failure.detail}` } : failure
}

function failureOfLast(problem: Problem, writes: boolean): Failure {
  switch (problem.is) {
    case 'refused':
    case 'auth_lost':
    case 'throttled':
      return problem
    case 'limited':
      return { is: 'throttled', detail: problem.detail, retryAfterMs: problem.retryAfterMs }
    case 'auth_expired':
      return { is: 'auth_lost', detail: problem.detail }
    case 'not_applied':
    case 'not_sent':
      return { is: 'unavailable', detail: problem.detail }
    case 'transient':
    case 'no_answer':
      return { is: writes ? 'unknown' : 'unavailable', detail: problem.detail }
  }
}
