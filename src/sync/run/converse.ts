import { type Clock, sleep } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import {
  type Json,
  type ReadReply,
  type ReadStep,
  type ReadTalk,
  type Row,
  TalkRefused,
} from '../connectors/read-connector.ts'
import { type CallAnswer, type CallDeps, type CallerOf, type CallStep, call, StopDownload } from './call.ts'

/** What happens around a conversation, in the order it asks for it. */
export interface Listener {
  /** Once aborted, no other call of the platform is begun, and its reason is thrown. */
  readonly stopping: AbortSignal
  onRows(rows: readonly Row[]): Promise<void>
  /** Stored durably when this resolves. */
  onRemember(state: Json): Promise<void>
  onProgress(share: number): Promise<void>
  /** The platform needs time, nobody knows how much. */
  onWait(): Promise<void>
}

/** A conversation under way. Kept while it is parked, so that it goes on where it was. */
export interface Conversation<T> {
  readonly talk: ReadTalk<T>
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

export const begin = <T>(talk: ReadTalk<T>): Conversation<T> => ({
  talk,
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
      if (conversation.hasWritten) return { is: 'unknown', detail: messageOf(error) }
      const detail =
        error instanceof TalkRefused ? error.message : `the answer was not understood: ${messageOf(error)}`
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
        await pause(deps.clock, waitOf(deps, step), listener.stopping)
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
  const onRows = async (rows: readonly Row[]) => {
    await listener.onRows(rows).catch((cause) => {
      throw new StopDownload('', { cause })
    })
  }
  const writes = step.is === 'ask' && step.writes === true
  const isOnce = step.is === 'ask' && step.once === true
  for (;;) {
    listener.stopping.throwIfAborted()
    const answer = await call(deps, caller, step, onRows)
    if (answer.is !== 'later') conversation.calls += 1
    const came = judged(answer, step)
    if (came) {
      if (came.is === 'reply') conversation.failures = 0
      if (came.is !== 'parked' || came.waitMs > SHORT_MS) return came
      await pause(deps.clock, came.waitMs, listener.stopping)
      continue
    }
    const detail = 'detail' in answer ? answer.detail : ''
    const isUncertain = answer.is === 'transient' || answer.is === 'no_answer'
    if (writes && isUncertain) return { is: 'unknown', detail }
    if (isOnce && isUncertain) return { is: 'reply', reply: undefined }
    conversation.failures += 1
    if (conversation.failures > RETRIES) return { is: 'unavailable', detail }
    await pause(deps.clock, jittered(conversation.failures), listener.stopping)
  }
}

/** Resolves after so long, or at once when it is stopped. */
function pause(clock: Clock, delayMs: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, over)
    function over() {
      cancel()
      stopping.removeEventListener('abort', over)
      resolve()
    }
    stopping.addEventListener('abort', over)
    if (stopping.aborted) over()
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
  const conversation = begin(talk)
  const untilMs = deps.clock.elapsedMs() + patienceMs
  const ignore = async () => {}
  const { signal: stopping } = new AbortController()
  for (;;) {
    const talked = await converse(deps, caller, conversation, {
      stopping,
      onRows: ignore,
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
