import { messageOf } from '../../errors.ts'
import type { HttpClient } from '../../http/http.ts'
import type { Failure, Outcome } from '../../outcome.ts'
import type { Called, Priority, RateLimiter } from '../../shield/index.ts'
import type { Clock } from '../../time/clock.ts'
import { isTheCheck, rememberedGrants } from '../conversation/grant-check.ts'
import { type Channel, type Result, sendRequest, verdictOf } from '../conversation/send-request.ts'
import type { TokenSource } from '../conversation/token-source.ts'
import type { Protocol } from '../platform/answer.ts'
import { type Operation, type OperationReply, refused, unavailable, unknown } from '../platform/bids.ts'
import { reasonOf } from '../platform/caveats.ts'
import { type AskStep, TalkRefused } from '../platform/steps.ts'

export interface RunnerDeps {
  readonly clock: Clock
  readonly protocol: Protocol
  readonly http: HttpClient
  readonly tokens: TokenSource
  readonly limiter: RateLimiter
  /** Asks whether the credentials work at all. */
  readonly checkGrant: () => Operation<unknown>
  /** Longest time for one request, from the first byte sent to the last received, in milliseconds. */
  readonly timeoutMs: number
  /** Called after every request with the class of its answer. */
  readonly onRequest: (outcome: string, latencyMs: number) => void
}

/**
 * Runs an operation; all I/O is in here. Nothing is repeated and nothing waits, because money is held meanwhile: a
 * failure is reported to the caller at once.
 */
export type Runner = <T>(operation: Operation<T>, priority: Priority) => Promise<Called<T>>

export function createRunner(deps: RunnerDeps): Runner {
  const remembered = rememberedGrants(deps.clock, 1)
  /** If the check itself fails, the grant is not blamed. */
  const grantWorks = (priority: Priority) => async () => {
    const check = () => run(deps, deps.checkGrant(), channelOf(deps, priority, isTheCheck))
    return remembered('', async () => (await check()).outcome.is !== 'auth_lost')
  }
  return (operation, priority) => run(deps, operation, channelOf(deps, priority, grantWorks(priority)))
}

function channelOf(deps: RunnerDeps, priority: Priority, grantWorks: Channel['grantWorks']): Channel {
  const { clock, protocol, tokens, limiter } = deps
  return {
    clock,
    protocol,
    tokens,
    limits: {
      async take() {
        if (priority !== 'lowering') return limiter.takeSoon(priority)
        limiter.count()
        return { is: 'admitted' }
      },
      block: (afterMs) => limiter.block(afterMs),
      observe: ({ share }) => limiter.observe(share),
    },
    // The guard asks the platform's breaker once for the whole operation.
    enter: undefined,
    grantWorks,
    onSent: deps.onRequest,
  }
}

async function run<T>(
  { http, protocol, timeoutMs }: RunnerDeps,
  operation: Operation<T>,
  channel: Channel,
): Promise<Called<T>> {
  let latencyMs = 0
  /** Something was changed on the platform, so a later failure must not free the money. */
  let changed = false
  let reply: OperationReply | undefined
  for (;;) {
    const turn = next(operation, reply)
    if (turn instanceof Thrown)
      return { outcome: failureOfThrown(turn.error, changed), verdict: 'healthy', latencyMs }
    if (turn.done) return { outcome: turn.value, verdict: 'healthy', latencyMs }
    const step = turn.value
    const sent = await sendRequest(channel, {
      send: (accessToken) => http.send(protocol.authorize(step.request, accessToken), timeoutMs),
      mayForbid: step.mayForbid === true,
      isLong: false,
    })
    latencyMs = Math.max(latencyMs, sent.latencyMs)
    const { result } = sent
    const { writes = false } = step
    if (result.is === 'ok') {
      changed ||= writes
      reply = result
    } else if ((result.is === 'refused' && step.mayRefuse) || (result.is === 'forbidden' && step.mayForbid))
      reply = { is: 'refused', detail: result.detail }
    else return { outcome: failureOf(result, writes, changed), verdict: verdictOf[result.is], latencyMs }
  }
}

class Thrown {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

function next<T>(
  operation: Operation<T>,
  reply: OperationReply | undefined,
): IteratorResult<AskStep, Outcome<T>> | Thrown {
  try {
    return reply ? operation.next(reply) : operation.next()
  } catch (error) {
    return new Thrown(error)
  }
}

function failureOfThrown(error: unknown, changed: boolean): Failure {
  if (changed) return unknown(reasonOf(error))
  return error instanceof TalkRefused ? refused(messageOf(error)) : unavailable(reasonOf(error))
}

type Problem = Exclude<Result, { is: 'ok' }>

/** @param changed whether an earlier request of the operation changed something */
function failureOf(result: Problem, writes: boolean, changed: boolean): Failure {
  const failure = failureOfLast(result, writes)
  return changed ? unknown(`applied in part, then ${failure.detail}`) : failure
}

function failureOfLast(result: Problem, writes: boolean): Failure {
  const { detail } = result
  switch (result.is) {
    case 'refused':
    case 'auth_lost':
    case 'throttled':
      return result
    case 'limited':
      return { ...result, is: 'throttled' }
    case 'breaker_open':
      return { is: 'throttled', detail, retryAfterMs: result.retryAfterMs }
    case 'forbidden':
      return refused(detail)
    case 'not_applied':
    case 'not_sent':
    case 'no_token':
      return unavailable(detail)
    case 'transient':
    case 'failed':
    case 'no_answer':
    case 'too_much':
      return writes ? unknown(detail) : unavailable(detail)
  }
}
