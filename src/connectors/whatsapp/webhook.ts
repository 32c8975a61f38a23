import { createHmac, timingSafeEqual } from 'node:crypto'
import { isSameSecret } from '../../http/same-secret.ts'
import { detailOf } from '../platform/detail.ts'
import { at, listAt, numberAt, textAt } from '../platform/json.ts'

/** What WhatsApp wants to read back when somebody enters our address at Meta; undefined where it is not WhatsApp that asks. */
export function challengeOf(query: URLSearchParams, verifyToken: string): string | undefined {
  const token = query.get('hub.verify_token') ?? ''
  const challenge = query.get('hub.challenge') ?? ''
  const isAsked = query.get('hub.mode') === 'subscribe' && /^[\w-]{1,256}$/.test(challenge)
  return isSameSecret(token, verifyToken) && isAsked ? challenge : undefined
}

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i

/**
 * Whether `X-Hub-Signature-256` is that of these bytes.
 * @param body the bytes as they came: JSON that is written anew has another signature
 */
export function isSigned(body: Uint8Array, header: string | undefined, appSecret: string): boolean {
  const found = SIGNATURE.exec(header ?? '')?.[1]
  if (found === undefined) return false
  return timingSafeEqual(Buffer.from(found, 'hex'), createHmac('sha256', appSecret).update(body).digest())
}

/** Numbers of one webhook that are looked at: Meta puts up to a thousand updates into one. */
const MAX_NUMBERS = 1_000

/**
 * Ids of the numbers that a webhook speaks of, found before it is known who has sent it: they say whose secret is tried. Nothing
 * is parsed for that.
 */
export function numbersNamed(body: Uint8Array): string[] {
  const found = new Set<string>()
  for (const [, id = ''] of Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString('latin1')
    .matchAll(/"phone_number_id"\s{0,8}:\s{0,8}"(\w{1,64})"/g)) {
    found.add(id)
    if (found.size === MAX_NUMBERS) break
  }
  return [...found]
}

/** `accepted` is ours: WhatsApp has taken the message and said nothing since. A later one stands to the right. */
export const MESSAGE_STATUSES = ['accepted', 'sent', 'failed', 'delivered', 'read'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]
type Told = Exclude<MessageStatus, 'accepted'>

const isTold = (status: string | undefined): status is Told =>
  status !== 'accepted' && MESSAGE_STATUSES.some((known) => known === status)

/**
 * What a status says of its message. A status with a `type` of its own is about something else, such as the payment that the message asked
 * for: a payment that has failed was asked for by a message that was delivered. A voice message that was played was read.
 */
function toldOf(each: unknown): Told | undefined {
  const type = textAt(each, 'type') ?? 'message'
  const status = textAt(each, 'status')
  if (type !== 'message') return undefined
  if (status === 'played') return 'read'
  return isTold(status) ? status : undefined
}

/**
 * The later of two statuses, which may come in any order and more than once. A message that has failed was not delivered, and one that
 * was delivered has not failed, whatever comes after.
 */
export const laterStatus = (before: MessageStatus, now: MessageStatus): MessageStatus =>
  MESSAGE_STATUSES.indexOf(now) > MESSAGE_STATUSES.indexOf(before) ? now : before

export interface StatusUpdate {
  readonly messageId: string
  readonly status: Told
  /** Unix time in milliseconds; undefined where it is told as no time that can be. */
  readonly atMs: number | undefined
  readonly phoneNumberId: string | undefined
  /** What was sent with the message. */
  readonly callbackData: string | undefined
  /** Why it has failed. */
  readonly error: { readonly code: string; readonly detail: string } | undefined
}

/** Statuses in the body of a webhook; what it has besides, and what cannot be read, is left out. */
export function statusesIn(body: unknown): StatusUpdate[] {
  if (textAt(body, 'object') !== 'whatsapp_business_account') return []
  const values = listAt(body, 'entry')
    .flatMap((entry) => listAt(entry, 'changes'))
    .filter((change) => textAt(change, 'field') === 'messages')
    .map((change) => at(change, 'value'))
  return values.flatMap((value) =>
    listAt(value, 'statuses').flatMap((each) => updateOf(each, textAt(value, 'metadata', 'phone_number_id'))),
  )
}

/** A number from here on is a time in milliseconds already; in seconds it would be thousands of years ahead. */
const MIN_MILLISECONDS = 100_000_000_000
/** Nothing was told before WhatsApp was there; after the other end, in 2100, it is no time but a mistake. */
const FIRST_MS = Date.UTC(2009, 0)
const LAST_MS = Date.UTC(2100, 0)

function timeOf(told: number): number | undefined {
  const ms = Math.round(told < MIN_MILLISECONDS ? told * 1_000 : told)
  return ms >= FIRST_MS && ms < LAST_MS ? ms : undefined
}

function updateOf(each: unknown, phoneNumberId: string | undefined): StatusUpdate[] {
  const messageId = textAt(each, 'id')
  const status = toldOf(each)
  if (messageId === undefined || messageId.length > 256 || status === undefined) return []
  const seconds = numberAt(each, 'timestamp')
  const [error] = listAt(each, 'errors')
  const words = textAt(error, 'error_data', 'details') ?? textAt(error, 'message') ?? textAt(error, 'title')
  return [
    {
      messageId,
      status,
      atMs: seconds === undefined ? undefined : timeOf(seconds),
      phoneNumberId,
      callbackData: textAt(each, 'biz_opaque_callback_data')?.slice(0, 512),
      error:
        error === undefined
          ? undefined
          : { code: String(numberAt(error, 'code') ?? 'unknown'), detail: detailOf(words ?? '') },
    },
  ]
}
