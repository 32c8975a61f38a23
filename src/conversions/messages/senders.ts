import {
  type MessageAnswer,
  type MessageTemplate,
  readMessage,
  readWhatsAppTest,
  sendMessage,
  testWhatsApp,
  WHATSAPP_LIMITS,
  WhatsAppCredentials,
} from '../../connectors/index.ts'
import type { CallLimits, CircuitBreaker, RateLimiter, Verdict } from '../../shield/index.ts'
import { Pace } from '../../time/pace.ts'
import { type ConnectionRow, credentialsOf } from '../connections.ts'
import type { Base } from '../conversions.ts'
import { type CallOutcome, type ConversionCallDeps, exchange, newBreaker } from '../delivery/index.ts'

const MINUTE_MS = 60_000
const PER_SECOND = { calls: WHATSAPP_LIMITS.messagesPerSecond, windowMs: 1_000 }
/**
 * The most recipients whose last message is remembered: more than a number can write to within the time that matters.
 */
const MAX_RECENT = 1_000

/** What this process knows about sending messages for one connection. */
export interface MessageSender {
  readonly orgId: number
  readonly account: string
  readonly breaker: CircuitBreaker
  /** Limits the messages per minute. */
  readonly pace: Pace
  /** The number of messages that are being sent. */
  underWay: number
  /** Nothing is sent before this time (elapsed ms). */
  heldUntilMs: number
  /** Milliseconds until this recipient may be written to again. If it is 0, a message to it is counted. */
  takeRecipient(recipient: string): number
  send(deps: ConversionCallDeps, message: MessageToSend): Promise<CallOutcome<MessageAnswer>>
  test(deps: ConversionCallDeps): Promise<CallOutcome<ReturnType<typeof readWhatsAppTest>>>
}

interface MessageToSend {
  readonly template: MessageTemplate
  readonly recipient: string
  readonly callbackId: string
}

interface SenderDeps extends Pick<Base, 'clock' | 'keyring' | 'messageRoom'> {
  readonly callLimits: CallLimits
  readonly onBreaker: (orgId: number, from: string, to: string) => void
}

interface KeptSender {
  readonly sender: MessageSender
  readonly updatedMs: number
}

/** The connections that this process sends messages for. */
export class MessageSenders {
  readonly #deps: SenderDeps
  readonly #kept = new Map<number, KeptSender>()

  constructor(deps: SenderDeps) {
    this.#deps = deps
  }

  /** Undefined before this process has sent a message for the organisation. */
  find(orgId: number): MessageSender | undefined {
    return this.#kept.get(orgId)?.sender
  }

  /**
   * The sender with the present credentials of the connection. Throws `credentials_unreadable` if no key decrypts them.
   */
  of(row: ConnectionRow): MessageSender {
    const known = this.#kept.get(row.org_id)
    if (known?.updatedMs === row.updated_ms) return known.sender
    const credentials = credentialsOf(this.#deps.keyring, WhatsAppCredentials, row)
    const sender = newSender(this.#deps, row.org_id, credentials, known?.sender)
    this.#kept.set(row.org_id, { sender, updatedMs: row.updated_ms })
    return sender
  }
}

/** @param before the sender with the earlier credentials, whose limits and breaker are kept */
function newSender(
  { clock, messageRoom: { target, messagesPerMinute }, callLimits, onBreaker }: SenderDeps,
  orgId: number,
  credentials: WhatsAppCredentials,
  before: MessageSender | undefined,
): MessageSender {
  const account = credentials.phone_number_id
  const limiter: RateLimiter = callLimits.of('conversions_whatsapp', account, PER_SECOND)
  const breaker = before?.breaker ?? newBreaker(clock, (from, to) => onBreaker(orgId, from, to))
  const lastMs = new Map<string, number>()
  return {
    orgId,
    account,
    breaker,
    underWay: 0,
    heldUntilMs: 0,
    pace: before?.pace ?? new Pace(clock, { calls: messagesPerMinute, windowMs: MINUTE_MS }),
    takeRecipient(recipient) {
      const nowMs = clock.elapsedMs()
      const waitMs = (lastMs.get(recipient) ?? Number.NEGATIVE_INFINITY) + WHATSAPP_LIMITS.pairMs - nowMs
      if (waitMs > 0) return Math.ceil(waitMs)
      lastMs.delete(recipient)
      lastMs.set(recipient, nowMs)
      const [oldest] = lastMs.size > MAX_RECENT ? lastMs.keys() : []
      if (oldest !== undefined) lastMs.delete(oldest)
      return 0
    },
    send: (deps, { template, recipient, callbackId }) =>
      called(
        deps,
        { breaker, limiter },
        {
          request: () => sendMessage(target, credentials, template, recipient, callbackId),
          read(response) {
            const answer = readMessage(response, clock.nowMs())
            return { answer, verdict: VERDICTS[answer.is] }
          },
        },
      ),
    test: (deps) =>
      called(
        deps,
        { breaker, limiter },
        {
          request: () => testWhatsApp(target, credentials),
          read: (response) => ({ answer: readWhatsAppTest(response), verdict: 'neutral' as const }),
        },
      ),
  }
}

const VERDICTS: Readonly<Record<MessageAnswer['is'], Verdict>> = {
  accepted: 'healthy',
  refused: 'healthy',
  wait_long: 'healthy',
  throttled: 'neutral',
  auth_lost: 'neutral',
  account_refused: 'neutral',
  transient: 'failing',
}

type Exchange = Parameters<typeof exchange>

async function called<T>(
  deps: ConversionCallDeps,
  line: Pick<Exchange[1], 'breaker' | 'limiter'>,
  {
    request,
    read,
  }: {
    readonly request: Exchange[2]['request']
    readonly read: (response: Parameters<Exchange[2]['read']>[0]) => { answer: T; verdict: Verdict }
  },
): Promise<CallOutcome<T>> {
  return exchange<T>(
    deps,
    { ...line, tokens: undefined, bidsLimiter: () => undefined },
    { request, read: (response) => ({ is: 'read', ...read(response) }) },
  )
}
