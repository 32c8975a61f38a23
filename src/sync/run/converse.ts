import { type Clock, sleep } from '../../clock.ts'
import { Caveats, reasonOf } from '../connectors/caveats.ts'
import {
  type Json,
  type ReadReply,
  type ReadStep,
  type ReadTalk,
  type Row,
  TalkRefused,
} from '../connectors/read-connector.ts'
import { type CallAnswer, type CallDeps, type CallerOf, type CallStep, call, StopDownload } from './call.ts'

/** What ends a conversation from outside. */
export interface Signals {
  /** Once aborted, no other call of the platform is begun, and its reason is thrown. */
  readonly stopping: AbortSignal
  /** Once aborted, the call under way is broken off as well, and its reason is thrown. */
  readonly cancelled: AbortSignal
}

/** What happens around a conversation, in the order it asks for it. */
export interface Listener extends Signals {
  /** @param from of rows that a download brings: which one it is, and what of them adds up */
  onRows(rows: readonly Row[], from?: Download): Promise<void>
  /** A download whose rows add up is over; `rows` were handed on. */
  onDownloaded(download: { readonly number: number; readonly rows: number }): Promise<void>
  /** Stored durably when this resolves. */
  onRemember(state: Json): Promise<void>
  onProgress(share: number): Promise<void>
  /** The platform needs time, nobody knows how much. */
  onWait(): Promise<void>
}

/** One try of one download. */
export interface Download {
  /** Of its conversation; a download that is repeated has another number. */
  readonly number: number
  readonly sums: readonly string[]
}

/** A conversation under way. Kept while it is parked, so that it goes on where it was. */
export interface Conversation<T> {
  readonly talk: ReadTalk<T>
  readonly caveats: Caveats
  turn: IteratorResult<ReadStep, T> | undefined
  calls: number
  failures: number
  /** Something was changed at the platform. */
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
  /** It will not work however often it is tried. */
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string }
  /** A write whose answer never came. */
  | { readonly is: 'unknown'; readonly detail: string }

/** Times a failing call is repeated. */
const RETRIES = 3
const BACKOFF_MS = 500
/** Waits up to here are slept through; longer ones give the turn up. */
const SHORT_MS = 1_000

/** @param caveats that `talk` was given as well */
export const begin = <T>(talk: ReadTalk<T>, caveats: Caveats): Conversation<T> => ({
  talk,
  caveats,
  turn: undefined,
  calls: 0,
  failures: 0,
  hasWritten: false,
})

/** Runs a conversation until it is done, has to wait, or cannot go on. What the listener throws ends it. */
export async function converse<T>(
  deps: CallDeps,
  caller: CallerOf,
  conversation: Conversation<T>,
  listener: Listener,
): Promise<Talked<T>> {
  const next = (reply?: ReadReply): Fault | undefined => {
    try {
      conversation.turn = conversation.talk.next(reply)
      return undefined
    } catch (error) {
      // What was written is written, even if the answer to it is not what it should be.
      if (conversation.hasWritten) return { is: 'unknown', detail: reasonOf(error) }
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
        await listener.onWait()
        fault = next()
        if (fault) return fault
        if (waitOf(deps, step) > SHORT_MS)
          return { is: 'parked', waitMs: waitOf(deps, step), waitsFor: 'platform' }
        await pause(deps.clock, waitOf(deps, step), listener)
        break
      case 'ask':
      case 'download': {
        const came = await repeated(deps, caller, conversation, step, listener)
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

/** Milliseconds between two looks. */
const waitOf = ({ longestWaitMs }: CallDeps, { ms }: { readonly ms: number }): number =>
  Math.min(ms, longestWaitMs ?? ms)

type Fault = Extract<Talked<never>, { is: 'refused' | 'unknown' }>
type Came = { readonly is: 'reply'; readonly reply: ReadReply } | Exclude<Talked<never>, { is: 'done' }>

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
    const before = caveats.state
    const number = conversation.calls
    handedOn = 0
    const answer = await call(deps, caller, step, { onRows, caveats, cancelled: listener.cancelled })
    listener.cancelled.throwIfAborted()
    // What is read again is counted again.
    if (answer.is !== 'ok') caveats.state = before
    else if (sumsOf) await listener.onDownloaded({ number, rows: handedOn })
    if (answer.is !== 'later') conversation.calls += 1
    const came = judged(answer, step)
    if (came) {
      if (came.is === 'reply') conversation.failures = 0
      if (came.is !== 'parked' || came.waitMs > SHORT_MS) return came
      await pause(deps.clock, came.waitMs, listener)
      continue
    }
    const detail = 'detail' in answer ? answer.detail : ''
    const isUncertain = answer.is === 'transient' || answer.is === 'no_answer'
    if (writes && isUncertain) return { is: 'unknown', detail }
    if (isOnce && isUncertain) return { is: 'reply', reply: undefined }
    conversation.failures += 1
    if (conversation.failures > RETRIES) return { is: 'unavailable', detail }
    await pause(deps.clock, jittered(conversation.failures), listener)
  }
}

/** Resolves after so long, or at once when it is stopped or cancelled. */
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

/** Undefined for what is tried again. */
function judged(answer: CallAnswer, step: CallStep): Came | undefined {
  switch (answer.is) {
    case 'ok':
      return { is: 'reply', reply: step.is === 'ask' ? answer : undefined }
    case 'refused':
      return step.is === 'ask' && step.mayRefuse ? { is: 'reply', reply: answer } : answer
    case 'auth_lost':
      return answer
    case 'later':
      return { is: 'parked', waitMs: answer.waitMs, waitsFor: answer.waitsFor }
    default:
      return undefined
  }
}

/** Full jitter: anywhere up to a bound that doubles, so that many that failed together do not come back together. */
const jittered = (failures: number): number => Math.random() * BACKOFF_MS * 2 ** failures

/** Runs a short conversation to its end, waiting where it has to, up to `patienceMs`. */
export async function converseNow<T>(
  deps: CallDeps & { readonly clock: Clock },
  caller: CallerOf,
  talk: ReadTalk<T>,
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
