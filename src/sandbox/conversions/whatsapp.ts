import { createHmac } from 'node:crypto'
import { createHttpClient } from '../../http/http.ts'
import type { Clock } from '../../time/clock.ts'
import { bearerToken, type Call, type JsonObject, parseJson, type SandboxReply } from '../protocol.ts'
import { isText, objectIn } from './checks.ts'
import { type EventTaker, newTaker, type TakerAccount } from './taker.ts'
import { createTally } from './tally.ts'

const MESSAGES: Readonly<Record<string, string>> = {
  '0': 'AuthException',
  '1': 'API Unknown',
  '2': 'API Service',
  '4': 'API Too Many Calls',
  '10': 'Permission Denied',
  '100': 'Invalid parameter',
  '190': 'Access token has expired',
  '368': 'Temporarily blocked for policies violations',
  '613': 'Calls to this API have exceeded the rate limit',
  '80007': 'Rate limit issues',
  '130429': 'Rate limit hit',
  '131005': 'Access denied',
  '131026': 'Message undeliverable',
  '131031': 'Business Account locked',
  '131042': 'Business eligibility payment issue',
  '131047': 'Re-engagement message',
  '131045': 'Incorrect certificate',
  '131048': 'Spam rate limit hit',
  '131049': 'This message was not delivered to maintain healthy ecosystem engagement.',
  '131056': 'Pair rate limit hit',
  '131057': 'Account in maintenance mode',
  '132000': 'Template Param Count Mismatch',
  '132001': 'Template does not exist',
  '133010': 'Phone number not registered',
}
export const isWhatsAppErrorName = (name: string): boolean => Object.hasOwn(MESSAGES, name)

const STATUSES: Readonly<Record<string, number>> = {
  '0': 401,
  '190': 401,
  '1': 500,
  '2': 503,
  '10': 403,
  '130429': 429,
  '131005': 403,
  '131045': 500,
  '131057': 500,
}

function errorOf(code: string, subcode?: number): SandboxReply {
  const title = MESSAGES[code] ?? 'API Unknown'
  const error = {
    message: `(#${code}) ${title}`,
    type: 'OAuthException',
    code: Number(code),
    ...(subcode !== undefined && { error_subcode: subcode }),
    error_data: { messaging_product: 'whatsapp', details: title },
    fbtrace_id: 'AsandboxTrace',
  }
  return { status: STATUSES[code] ?? 400, body: { error } }
}

/** The subcode if the address names nothing that the token may use. */
const NO_SUCH_OBJECT = 33

/** The approved templates, and how many texts the header and the body of each need. */
const TEMPLATES: Readonly<Record<string, readonly [header: number, body: number]>> = {
  hello_world: [0, 0],
  order_confirmation: [0, 2],
  shipping_update: [1, 1],
}
/** The most messages of one second. */
const PER_SECOND = 80
/** The shortest time between two messages to one recipient, in milliseconds. */
const PAIR_MS = 6_000
/** How many messages are kept, at least, and the most recipients that are remembered. */
const MAX_SENT = 10_000

export interface SentMessage {
  readonly id: string
  readonly to: string
  readonly callbackData: string | undefined
}

export interface MessageTaker extends EventTaker {
  /** The last messages that were taken. */
  readonly sent: readonly SentMessage[]
  /** What WhatsApp would POST to the webhook about a message, with its `X-Hub-Signature-256`. */
  webhook(message: SentMessage, status: string): { readonly body: string; readonly signature: string }
  /** Sends webhooks to this address from now on, once it has proved that it knows the verify token. */
  sendWebhooksTo(url: string): void
  close(): Promise<void>
}

interface WebhookSecrets {
  readonly appSecret: string
  readonly verifyToken: string
}

/** WhatsApp's Cloud API. It recognises no repetition: what is sent twice is delivered twice. */
export function createWhatsApp(
  clock: Clock,
  { id, accessToken }: TakerAccount,
  { appSecret, verifyToken }: WebhookSecrets,
  processMs: number,
): MessageTaker {
  // No message counts as a repetition.
  const tally = createTally(0)
  const sent: SentMessage[] = []
  const lastMs = new Map<string, number>()
  let second: number[] = []
  let count = 0
  const webhooks = createWebhookSender(clock, verifyToken, processMs)
  const taker: MessageTaker = {
    ...newTaker(),
    tally,
    sent,
    handle,
    errorNamed: (name: string) => errorOf(name),
    webhook,
    sendWebhooksTo: webhooks.sendTo,
    close: webhooks.close,
  }

  function handle({ method, path, headers, body }: Call): SandboxReply {
    if (taker.isRevoked || bearerToken(headers) !== accessToken) return errorOf('190')
    const asked = /^\/v\d+\.\d\/(\w+)(\/messages)?$/.exec(path)
    if (!asked || asked[1] !== id) return errorOf('100', NO_SUCH_OBJECT)
    if (method === 'GET' && asked[2] === undefined)
      return { status: 200, body: { id, verified_name: 'Sandbox Shop' } }
    if (method !== 'POST' || asked[2] === undefined) return errorOf('100')
    return taken(objectIn(parseJson(body)))
  }

  function taken(message: JsonObject): SandboxReply {
    const problem = problemOf(message)
    if (problem !== undefined) return errorOf(problem)
    const nowMs = clock.nowMs()
    const to = String(message['to'])
    second = second.filter((atMs) => nowMs - atMs < 1_000)
    if (second.length >= PER_SECOND) return errorOf('130429')
    if (nowMs - (lastMs.get(to) ?? Number.NEGATIVE_INFINITY) < PAIR_MS) return errorOf('131056')
    second.push(nowMs)
    lastMs.delete(to)
    lastMs.set(to, nowMs)
    const [oldest] = lastMs.size > MAX_SENT ? lastMs.keys() : []
    if (oldest !== undefined) lastMs.delete(oldest)
    count += 1
    const one = { id: `wamid.sandbox${count}`, to, callbackData: textOf(message['biz_opaque_callback_data']) }
    sent.push(one)
    if (sent.length > 2 * MAX_SENT) sent.splice(0, MAX_SENT)
    tally.take(one.id, message, nowMs)
    tally.called(1)
    webhooks.send(fateOf(to).map((status) => () => webhook(one, status)))
    return {
      status: 200,
      body: {
        messaging_product: 'whatsapp',
        contacts: [{ input: to, wa_id: to }],
        messages: [{ id: one.id, message_status: 'accepted' }],
      },
    }
  }

  function webhook({ id: messageId, to, callbackData }: SentMessage, status: string) {
    const one = {
      id: messageId,
      status,
      timestamp: String(Math.floor(clock.nowMs() / 1_000)),
      recipient_id: to,
      ...(callbackData !== undefined && { biz_opaque_callback_data: callbackData }),
      ...(status === 'failed' && { errors: [{ code: 131026, title: 'Message undeliverable' }] }),
    }
    const metadata = { display_phone_number: '15550000000', phone_number_id: id }
    const value = { messaging_product: 'whatsapp', metadata, statuses: [one] }
    const entry = [{ id: 'sandbox', changes: [{ field: 'messages', value }] }]
    const body = JSON.stringify({ object: 'whatsapp_business_account', entry })
    return { body, signature: `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}` }
  }

  return taker
}

/** Numbers with this ending have no WhatsApp: messages to them fail. */
const UNREACHED = /0026$/
const fateOf = (to: string): readonly string[] => (UNREACHED.test(to) ? ['failed'] : ['sent', 'delivered'])

/** How long an answer to a webhook may take, in milliseconds. */
const WEBHOOK_TIMEOUT_MS = 10_000
/** The most attempts to send a webhook; each pause between them is twice as long as the one before. */
const MAX_ATTEMPTS = 6

type Webhook = ReturnType<MessageTaker['webhook']>

/**
 * Sends webhooks about messages to our address as Meta does: after a challenge, signed, and again until one is answered
 * with status 200.
 */
function createWebhookSender(clock: Clock, verifyToken: string, processMs: number) {
  const http = createHttpClient(clock)
  let address: string | undefined
  let verified: Promise<boolean> | undefined
  let isClosed = false

  async function verify(url: string): Promise<boolean> {
    const challenge = '1158201444'
    const query = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.verify_token': verifyToken,
      'hub.challenge': challenge,
    })
    const request = { method: 'GET', url: `${url}?${query}`, headers: {} } as const
    const asked = await http.send(request, WEBHOOK_TIMEOUT_MS)
    return asked.is === 'answered' && asked.response.status === 200 && asked.response.body === challenge
  }

  async function sendOnce(url: string, { body, signature }: Webhook): Promise<boolean> {
    verified ??= verify(url)
    if (!(await verified)) {
      verified = undefined
      return false
    }
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
    const answer = await http.send({ method: 'POST', url, headers, body }, WEBHOOK_TIMEOUT_MS)
    return answer.is === 'answered' && answer.response.status === 200
  }

  function later(make: () => Webhook, afterMs: number, times: number): void {
    clock.after(afterMs, () => {
      if (address === undefined || isClosed) return
      void sendOnce(address, make()).then((isTaken) => {
        if (!isTaken && !isClosed && times < MAX_ATTEMPTS) later(make, afterMs * 2, times + 1)
      })
    })
  }

  return {
    sendTo(url: string) {
      address = url
    },
    /** Sends them one after the other, `processMs` milliseconds apart. */
    send(all: readonly (() => Webhook)[]) {
      for (const [at, make] of all.entries()) later(make, processMs * (at + 1), 1)
    },
    async close() {
      isClosed = true
      await http.close()
    },
  }
}

const textOf = (value: unknown): string | undefined => (isText(value) ? value : undefined)

const listIn = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.map(objectIn) : [])

/** WhatsApp takes no text for a placeholder that has a line break, a tab or five spaces in a row, or that is blank. */
const isReadable = (text: string): boolean =>
  text.trim() !== '' && text.isWellFormed() && !/[\n\r\t\0]| {5}/.test(text)

/** Whether there is one component of each kind, every text is readable, and either all placeholders have a name or none. */
function areValid(components: readonly JsonObject[]): boolean {
  const keys = components.map(({ type, index }) => (type === 'button' ? `${type} ${String(index)}` : type))
  if (new Set(keys).size < keys.length) return false
  const all = components.flatMap(({ type, parameters }) => listIn(parameters).map((one) => ({ type, one })))
  const texts = all.map(({ one }) => one['text']).filter((text) => text !== undefined)
  if (!texts.every((text) => isText(text) && isReadable(text))) return false
  const named = all.filter(({ type }) => type !== 'button').map(({ one }) => 'parameter_name' in one)
  return new Set(named).size < 2
}

function problemOf(message: JsonObject): string | undefined {
  const template = objectIn(message['template'])
  if (message['messaging_product'] !== 'whatsapp' || !/^\d{7,15}$/.test(String(message['to']))) return '100'
  if (message['type'] !== 'template' || !isText(objectIn(template['language'])['code'])) return '100'
  const wanted = TEMPLATES[String(template['name'])]
  if (!wanted) return '132001'
  const components = listIn(template['components'])
  if (!areValid(components)) return '100'
  const countIn = (type: string) => {
    const parameters = components.find((each) => each['type'] === type)?.['parameters']
    return Array.isArray(parameters) ? parameters.length : 0
  }
  return countIn('header') === wanted[0] && countIn('body') === wanted[1] ? undefined : '132000'
}
