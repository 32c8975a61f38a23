import type { MessageAnswer } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { type ConnectionRow, restConnection, stopConnection } from '../connections.ts'
import { type Base, MESSAGE_PLATFORM } from '../conversions.ts'
import {
  type CallOutcome,
  type ConversionCallDeps,
  type ConversionTraffic,
  retryDelayMs,
  THROTTLED_MS,
  UNREADABLE_MS,
  withoutPersonal,
} from '../delivery/index.ts'
import { storable } from '../json-rows.ts'
import { type MessageContent, type MessageRow, openContent } from './message.ts'
import { finishMessage, type MessageOutcome } from './outbox.ts'
import type { MessageSender } from './senders.ts'

export interface MessageDeps extends Base {
  readonly calls: ConversionCallDeps
  readonly traffic: ConversionTraffic
  /** Called when a connection is stopped because the platform no longer accepts its credentials. */
  readonly onStopped: (row: ConnectionRow, detail: string) => Promise<void>
}

/** How long a message waits after its connection was stopped, in milliseconds, before the connection is read again. */
const STOPPED_MS = 1_000
/**
 * The wait when WhatsApp protects the recipient or restricts the sender, in milliseconds: sending again soon makes it
 * worse.
 */
const LONG_MS = 6 * 3_600_000

/** Sends one claimed message once, and stores the outcome. */
export async function sendClaimedMessage(
  deps: MessageDeps,
  sender: MessageSender,
  row: ConnectionRow,
  claimed: MessageRow,
): Promise<void> {
  const prepared = prepare(deps, sender, claimed)
  if (prepared.is === 'ended') return finishMessage(deps, claimed, prepared.outcome)
  const { recipient, template } = prepared.content
  const sent = await sender.send(deps.calls, { recipient, template, callbackId: claimed.callback_id })
  note(deps, sender, sent)
  const clean = (words: string) => withoutPersonal(words, prepared.content)
  await finishMessage(deps, claimed, outcomeOf(sent, claimed, clean))
  await applyStop(deps, sender, row, sent, clean)
}

type Prepared =
  | { readonly is: 'content'; readonly content: MessageContent }
  | { readonly is: 'ended'; readonly outcome: MessageOutcome }

const ended = (outcome: MessageOutcome): Prepared => ({ is: 'ended', outcome })
const held = (afterMs: number, detail: string): Prepared =>
  ended({ is: 'again', isOurs: true, afterMs, code: 'held', detail })

/** Checks whether a message may be sent now. */
function prepare({ keyring, clock }: MessageDeps, sender: MessageSender, claimed: MessageRow): Prepared {
  if (claimed.expires_ms < clock.nowMs())
    return ended({ is: 'failed', code: 'too_old', detail: 'it has waited for too long, and was not sent' })
  let content: MessageContent
  try {
    content = openContent(keyring, claimed, claimed.sealed ?? '')
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'credentials_unreadable') throw error
    return held(UNREADABLE_MS, 'no key decrypts its stored content')
  }
  if (clock.elapsedMs() < sender.heldUntilMs)
    return held(sender.heldUntilMs - clock.elapsedMs(), 'the connection waits')
  const pairMs = sender.takeRecipient(content.recipient)
  if (pairMs > 0) return held(pairMs, 'the recipient was just written to')
  const paceMs = sender.pace.take(1)
  if (paceMs > 0) {
    sender.heldUntilMs = clock.elapsedMs() + paceMs
    return held(Math.ceil(paceMs), 'the messages of a minute are used up')
  }
  return { is: 'content', content }
}

function note({ traffic }: MessageDeps, sender: MessageSender, sent: CallOutcome<MessageAnswer>): void {
  if (!('latencyMs' in sent)) return
  const { latencyMs } = sent
  const is = sent.is === 'answered' ? sent.answer.is : sent.is
  traffic.note({
    orgId: sender.orgId,
    platform: MESSAGE_PLATFORM,
    circuitState: sender.breaker.state.is,
    call: { hasFailed: is !== 'accepted' && is !== 'refused', latencyMs },
    events: 1,
    failedEvents: Number(is !== 'accepted'),
  })
}

function outcomeOf(
  sent: CallOutcome<MessageAnswer>,
  { attempts }: MessageRow,
  clean: (words: string) => string,
): MessageOutcome {
  switch (sent.is) {
    case 'held':
      return { is: 'again', isOurs: true, afterMs: Math.ceil(sent.waitMs), code: 'held', detail: sent.why }
    case 'auth_lost':
      return { is: 'again', afterMs: STOPPED_MS, code: 'auth_lost', detail: clean(sent.detail) }
    case 'not_sent':
      return { is: 'again', afterMs: retryDelayMs(attempts), code: 'not_sent', detail: clean(sent.detail) }
    case 'no_answer':
      return { is: 'unknown', detail: clean(sent.detail) }
    case 'answered':
      return answered(sent.answer, clean)
  }
}

function answered(answer: MessageAnswer, clean: (words: string) => string): MessageOutcome {
  if (answer.is === 'accepted') return { is: 'accepted', platformId: answer.messageId }
  const detail = clean(answer.detail)
  switch (answer.is) {
    case 'throttled':
      return { is: 'again', afterMs: answer.retryAfterMs ?? THROTTLED_MS, code: answer.code, detail }
    case 'wait_long':
      return { is: 'again', afterMs: LONG_MS, code: answer.code, detail }
    case 'refused':
      return { is: 'failed', code: answer.code, detail }
    case 'account_refused':
      return { is: 'again', afterMs: STOPPED_MS, code: answer.code, detail }
    case 'auth_lost':
      return { is: 'again', afterMs: STOPPED_MS, code: 'auth_lost', detail }
    case 'transient':
      return { is: 'unknown', detail }
  }
}

/** Stops or pauses the connection as the answer requires. */
async function applyStop(
  { clock, store, onStopped }: MessageDeps,
  sender: MessageSender,
  row: ConnectionRow,
  sent: CallOutcome<MessageAnswer>,
  clean: (words: string) => string,
): Promise<void> {
  if (sent.is === 'held') {
    sender.heldUntilMs = clock.elapsedMs() + sent.waitMs
    return
  }
  const answer = sent.is === 'answered' ? sent.answer : sent
  if (answer.is === 'throttled' && answer.of === 'number') {
    const waitMs = answer.retryAfterMs ?? THROTTLED_MS
    sender.heldUntilMs = clock.elapsedMs() + waitMs
    await restConnection(store, row, clock.nowMs() + waitMs)
  }
  if (answer.is === 'auth_lost' || answer.is === 'account_refused') {
    const detail = storable(clean(answer.detail), 300)
    if (await stopConnection(store, row, detail)) await onStopped(row, detail)
  }
}
