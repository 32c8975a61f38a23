import { type Clock, sleep } from '../../time/clock.ts'
import { Caveats, reasonOf } from '../platform/caveats.ts'
import type { Json, Row } from '../platform/rows.ts'
import { type Reply, type Step, type Talk, TalkFailed, TalkRefused } from '../platform/steps.ts'
import type { Bounds } from './bounds.ts'
import { type CallAnswer, type CallDeps, type CallerOf, type CallStep, call } from './call.ts'
import { StopDownload } from './download.ts'

/** Signals that end a conversation from outside. */
export interface Signals {
  /** When aborted, no further call begins, and the signal's reason is thrown. */
  readonly stopping: AbortSignal
  /** When aborted, the present call is broken off too, and the signal's reason is thrown. */
  readonly cancelled: AbortSignal
}

/** Callbacks of a conversation. It waits for each of them before it continues. */
export interface Listener extends Signals {
  /** @param from for rows of a download: its number, and the fields that are added up */
  onRows(rows: readonly Row[], from?: Download): Promise<void>
  /** Called after a download with additive rows; `rows` were passed to `onRows`. */
  onDownloaded(download: { readonly number: number; readonly rows: number }): Promise<void>
  /** Resolves when the state is stored durably. */
  onRemember(state: Json): Promise<void>
  onProgress(share: number): Promise<void>
  /** Called when the platform needs an unknown time. */
  onWait(): Promise<void>
  /** Called when a failed call is repeated, and when that is over. */
  onRetry(isRetrying: boolean): Promise<void>
}

/** One try of one download. */
export interface Download {
  /** Number of the download in its conversation; a repeated download gets another one. */
  readonly number: number
  readonly sums: readonly string[]
}

/** A running conversation. It is kept while its job waits, so that it can continue. */
export interface Conversation<T> {
  readonly talk: Talk<T>
  readonly caveats: Caveats
  turn: IteratorResult<Step, T> | undefined
  calls: number
  failures: number
  /** Whether something was changed at the platform. */
  hasWritten: boolean
}

export type Talked<T> =
  | { readonly is: 'done'; readonly value: T }
  | {
      readonly is: 'parked'
      readonly waitMs: number
      readonly waitsFor: 'platform' | 'rate_limit' | 'recovery'
    }
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** Repeating will never work. */
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string }
  /** A write whose answer never came. */
  | { readonly is: 'unknown'; readonly detail: string }

/** Most repetitions of a failing call. */
const RETRIES = 3
/** Half of the longest wait before the first repetition, in milliseconds; each failure doubles that wait. */
const BACKOFF_MS = 500
/** Longest wait during which the job keeps its place, in milliseconds; for longer ones it gives the place up. */
const SHORT_MS = 1_000

/**
 * @param caveats the same object that `talk` got
 * @param calls number of calls made before a crash
 */
export const begin = <T>(talk: Talk<T>, caveats: Caveats, calls = 0): Conversation<T> => ({
  talk,
  caveats,
  turn: undefined,
  calls,
  failures: 0,
  hasWritten: false,
})

/** Runs a conversation until it ends, has to wait, or cannot continue. An exception of the listener ends it. */
export async function converse<T>(
  deps: CallDeps,
  caller: CallerOf,
  conversation: Conversation<T>,
  listener: Listener,
): Promise<Talked<T>> {
  const next = (reply?: Reply): FailedTalk | undefined => {
    try {
      conversation.turn = conversation.talk.next(reply)
      return undefined
    } catch (error) {
      // Something was changed, although its answer could not be read.
      if (conversation.hasWritten) return { is: 'unknown', detail: reasonOf(error) }
      if (error instanceof TalkFailed) return { is: 'unavailable', detail: error.message }
      const detail =
        error instanceof TalkRefused ? error.message : `the answer was not understood: ${reasonOf(error)}`
      return { is: 'refused', detail }
    }
  }
  let fault = conversation.turn ? undefined : next()
  for (;;) {
    if (fault) return fault
    const turn = conversation.turn
    if (!turn) return { is: 'refused', detail: 'the conversation did not begin' }
    if (turn.done) return { is: 'done', value: turn.value }
    const step = turn.value
    switch (step.is) {
      case 'rows':
        await listener.onRows(step.rows)
        fault = next()
        break
      case 'remember':
        await listener.onRemember(step.state)
        fault = next()
        break
      case 'progress':
        await listener.onProgress(step.share)
        fault = next()
        break
      case 'wait':
        if (!step.afterFailure) await listener.onWait()
        fault = next()
        if (fault) return fault
        if (waitOf(deps, step) > SHORT_MS)
          return {
            is: 'parked',
            waitMs: waitOf(deps, step),
            waitsFor: step.afterFailure ? 'recovery' : 'platform',
          }
        await pause(deps.clock, waitOf(deps, step), listener)
        break
      case 'ask':
      case 'download':
      case 'stream': {
        const came = await repeated(deps, caller, conversation, step, listener)
        if (step.is === 'ask' && step.writes) deps.onWrite(caller)
        if (came.is !== 'reply') {
          if (!conversation.hasWritten || came.is === 'parked') return came
          return { is: 'unknown', detail: came.detail }
        }
        if (step.is === 'ask' && step.writes && came.reply?.is === 'ok') conversation.hasWritten = true
        fault = next(came.reply)
      }
    }
  }
}

/** Milliseconds between two polls, which may be limited, or before a repetition of something that failed. */
const waitOf = ({ longestWaitMs }: CallDeps, { ms, afterFailure }: Extract<Step, { is: 'wait' }>): number =>
  afterFailure ? ms : Math.min(ms, longestWaitMs ?? ms)

type FailedTalk = Extract<Talked<never>, { is: 'refused' | 'unavailable' | 'unknown' }>
type Came = { readonly is: 'reply'; readonly reply: Reply } | Exclude<Talked<never>, { is: 'done' }>

async function repeated<T>(
  deps: CallDeps,
  caller: CallerOf,
  conversation: Conversation<T>,
  step: CallStep,
  listener: Listener,
): Promise<Came> {
  const { caveats } = conversation
  const sumsOf = step.is === 'download' ? step.sums : undefined
  let handedOn = 0
  const onRows = async (rows: readonly Row[]) => {
    handedOn += rows.length
    const from = sumsOf && { number: conversation.calls, sums: sumsOf }
    await listener.onRows(rows, from).catch((cause) => {
      throw new StopDownload('', { cause })
    })
  }
  const writes = step.is === 'ask' && step.writes === true
  const isOnce = step.is === 'ask' && step.once === true
  for (;;) {
    listener.stopping.throwIfAborted()
    listener.cancelled.throwIfAborted()
    if (conversation.calls >= deps.bounds.calls) return { is: 'refused', detail: tooManyCalls(deps.bounds) }
    const before = caveats.state
    const number = conversation.calls
    handedOn = 0
    const sent = await call(deps, caller, step, { onRows, caveats, cancelled: listener.cancelled })
    const { result: answer, latencyMs } = sent
    listener.cancelled.throwIfAborted()
    // A repeated download counts its caveats again.
    if (answer.is !== 'ok') caveats.state = before
    else if (sumsOf) await listener.onDownloaded({ number, rows: handedOn })
    if (answer.is !== 'later') conversation.calls += 1
    const came = judged(answer, step)
    if (came) {
      if (came.is === 'reply' && conversation.failures > 0) {
        conversation.failures = 0
        await listener.onRetry(false)
      }
      if (came.is !== 'parked' || came.waitMs > SHORT_MS) return came
      await pause(deps.clock, came.waitMs, listener)
      continue
    }
    const detail = 'detail' in answer ? answer.detail : ''
    const isUncertain = ['transient', 'failed', 'no_answer', 'too_much'].includes(answer.is)
    if (writes && isUncertain) return { is: 'unknown', detail }
    if (isOnce && isUncertain) return { is: 'reply', reply: undefined }
    conversation.failures += 1
    // A call that failed after its full time is not repeated here: others wait for this account.
    const wasSlow = latencyMs > deps.bounds.answerMs
    if (conversation.failures > RETRIES || wasSlow) return { is: 'unavailable', detail }
    await listener.onRetry(true)
    await pause(deps.clock, jittered(conversation.failures), listener)
  }
}

const tooManyCalls = ({ calls }: Bounds): string =>
  `it took ${calls} calls and was not over; ask for fewer dates`

/** Resolves after the delay, or at once when stopped or cancelled. */
function pause(clock: Clock, delayMs: number, { stopping, cancelled }: Signals): Promise<void> {
  const signals = [stopping, cancelled]
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, over)
    function over() {
      cancel()
      for (const signal of signals) signal.removeEventListener('abort', over)
      resolve()
    }
    for (const signal of signals) signal.addEventListener('abort', over)
    if (signals.some(({ aborted }) => aborted)) over()
  })
}

/** Result of an answer that ends the conversation; undefined for one after which the call is repeated. */
function judged(answer: CallAnswer, step: CallStep): Came | undefined {
  switch (answer.is) {
    case 'ok':
      return { is: 'reply', reply: step.is === 'download' ? undefined : answer }
    case 'too_much':
      // Without an answer nobody knows whether the change was made.
      return step.is === 'ask' && step.writes
        ? undefined
        : { is: 'reply', reply: { is: 'too_much', detail: answer.detail } }
    case 'refused':
      return step.is !== 'download' && step.mayRefuse ? { is: 'reply', reply: answer } : answer
    case 'forbidden':
      return { is: 'reply', reply: { is: 'refused', detail: answer.detail } }
    case 'auth_lost':
      return answer
    case 'later':
      return { is: 'parked', waitMs: answer.waitMs, waitsFor: answer.waitsFor }
    default:
      return undefined
  }
}

/** Full jitter: a random wait below a doubling bound, so that calls that failed together do not return together. */
const jittered = (failures: number): number => Math.random() * BACKOFF_MS * 2 ** failures

/** Runs a short conversation to its end, including waits, for at most `patienceMs` milliseconds. */
export async function converseNow<T>(
  deps: CallDeps & { readonly clock: Clock },
  caller: CallerOf,
  talk: Talk<T>,
  patienceMs: number,
): Promise<Exclude<Talked<T>, { is: 'parked' }>> {
  const conversation = begin(talk, new Caveats())
  const untilMs = deps.clock.elapsedMs() + patienceMs
  const ignore = async () => {}
  const { signal: never } = new AbortController()
  for (;;) {
    const talked = await converse(deps, caller, conversation, {
      stopping: never,
      cancelled: never,
      onRows: ignore,
      onDownloaded: ignore,
      onRemember: ignore,
      onProgress: ignore,
      onWait: ignore,
      onRetry: ignore,
    })
    if (talked.is !== 'parked') return talked
    if (deps.clock.elapsedMs() + talked.waitMs > untilMs) {
      return {
        is: conversation.hasWritten ? 'unknown' : 'unavailable',
        detail: `the platform can be asked again in ${Math.ceil(talked.waitMs / 1000)} s`,
      }
    }
    await sleep(deps.clock, talked.waitMs)
  }
}
