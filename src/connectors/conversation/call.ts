import { messageOf } from '../../errors.ts'
import type { HttpRequest, StreamingClient } from '../../http/http.ts'
import type { Priority } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import type { Answer } from '../platform/answer.ts'
import type { Connector } from '../platform/connector.ts'
import type { Step } from '../platform/steps.ts'
import { type Bounds, TooMuch } from './bounds.ts'
import type { Breakers, Calling } from './breakers.ts'
import { download, type RowsStep, type Sink } from './download.ts'
import type { LimitedAccount, Limits } from './limits.ts'
import { readAnswer } from './read-answer.ts'
import { type Arrival, type Channel, type Result, type Sent, sendRequest } from './send-request.ts'
import type { ConnectionTokens } from './token-source.ts'

export interface CallDeps {
  readonly clock: Clock
  readonly http: StreamingClient
  readonly tokens: ConnectionTokens
  readonly limits: Limits
  readonly breakers: Breakers
  /** Whether a connection's grant works at all; true where that cannot be found out. */
  readonly grantWorks: (caller: CallerOf) => Promise<boolean>
  readonly bounds: Bounds
  /** Refuses files at addresses of this machine or its network, whatever an answer names. */
  readonly publicFilesOnly: boolean
  /** Longest wait between two polls for a report, in milliseconds; undefined for the connector's own. */
  readonly longestWaitMs?: number | undefined
  readonly onCall: (caller: CallerOf, outcome: string, latencyMs: number) => void
  readonly onLimited: (caller: CallerOf, retryAfterMs: number) => void
  /** Called when a request may have changed something at the platform. */
  readonly onWrite: (caller: CallerOf) => void
}

/** The connection and organisation of a call. */
export interface CallerOf {
  readonly connector: Connector
  readonly connectorId: string
  readonly account: LimitedAccount
  readonly priority: Priority
}

const callingOf = ({ connector, connectorId, account }: CallerOf): Calling => ({
  type: connector.type,
  orgId: account.orgId,
  connectorId,
})

export type CallStep = Extract<Step, { is: 'ask' }> | RowsStep

/**
 * An {@link Answer}, or why there is none. `forbidden` only for steps with `mayForbid`. `later`: nothing was done; the
 * same call may be allowed after `waitMs` milliseconds.
 */
export type CallAnswer =
  | Exclude<Answer, { is: 'throttled' | 'auth_expired' }>
  | { readonly is: 'later'; readonly waitMs: number; readonly waitsFor: 'rate_limit' | 'recovery' }
  | { readonly is: 'not_sent' | 'no_answer' | 'too_much'; readonly detail: string }

/**
 * Sends one request of a conversation about a connection. Its latency leaves out the time that it waited on our side
 * before it was sent.
 */
export async function call(
  deps: CallDeps,
  caller: CallerOf,
  step: CallStep,
  sink: Sink,
): Promise<Sent<CallAnswer>> {
  const { connector } = caller
  const { result, latencyMs } = await sendRequest(channelOf(deps, caller, step.bucket), {
    mayForbid: step.is !== 'download' && step.mayForbid === true,
    isLong: step.is !== 'ask',
    cancelled: sink.cancelled,
    send: (accessToken) =>
      step.is === 'ask'
        ? ask(deps, connector.authorize(step.request, accessToken), sink.cancelled)
        : rows(deps, step, { connector, request: step.request, accessToken }, sink),
  })
  return { result: asCallAnswer(result), latencyMs }
}

function asCallAnswer(result: Result): CallAnswer {
  switch (result.is) {
    case 'limited':
    case 'throttled':
      return { is: 'later', waitMs: result.retryAfterMs, waitsFor: 'rate_limit' }
    case 'breaker_open':
    case 'no_token':
      return { is: 'later', waitMs: result.retryAfterMs, waitsFor: 'recovery' }
    default:
      return result
  }
}

function channelOf(deps: CallDeps, caller: CallerOf, bucket: string): Channel {
  const { connector, connectorId, account, priority } = caller
  const { tokens, limits } = deps
  return {
    clock: deps.clock,
    protocol: connector,
    tokens: {
      get: () => tokens.get(connectorId),
      renew: (stale) => tokens.renew(connectorId, stale),
      lose: (detail) => tokens.lose(connectorId, detail),
    },
    limits: {
      take: () => limits.take(account, bucket, priority),
      block: (afterMs) => limits.block(account, bucket, afterMs),
      observe: (used) => limits.observe(account, used.bucket || bucket, used.share),
    },
    enter: priority === 'lowering' ? undefined : () => deps.breakers.enter(callingOf(caller), bucket),
    grantWorks: () => deps.grantWorks(caller),
    onSent: (outcome, latencyMs) => deps.onCall(caller, outcome, latencyMs),
    onLimited: (retryAfterMs) => deps.onLimited(caller, retryAfterMs),
  }
}

async function ask(
  { clock, http, bounds }: CallDeps,
  request: HttpRequest,
  cancelled: AbortSignal,
): Promise<Arrival> {
  const startedMs = clock.elapsedMs()
  const tookMs = () => clock.elapsedMs() - startedMs
  const opening = await http.open(request, bounds.answerMs, cancelled)
  if (opening.is !== 'opened') return opening
  const { body } = opening
  const stop = clock.after(bounds.answerMs - tookMs(), () => body.destroy(new Error('no answer in time')))
  try {
    const response = await readAnswer(opening, body, bounds.answerBytes)
    return { is: 'answered', response, latencyMs: tookMs() }
  } catch (error) {
    const is = error instanceof TooMuch ? 'too_much' : 'no_answer'
    return { is, detail: messageOf(error), latencyMs: tookMs() }
  } finally {
    stop()
    body.on('error', () => {}).destroy()
  }
}

async function rows(
  deps: CallDeps,
  step: RowsStep,
  first: Parameters<typeof download>[2],
  sink: Sink,
): Promise<Arrival> {
  const startedMs = deps.clock.elapsedMs()
  const came = await download(deps, step, first, sink)
  return { ...came, latencyMs: deps.clock.elapsedMs() - startedMs }
}
