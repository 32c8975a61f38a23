import { createHmac, timingSafeEqual } from 'node:crypto'
import { isSameSecret } from '../../http/same-secret.ts'
import { detailOf } from '../platform/detail.ts'
import { at, listAt, numberAt, textAt } from '../platform/json.ts'

/**
 * The challenge that Meta expects back when somebody enters our address there; undefined if the request is not Meta's.
 */
export function challengeOf(query: URLSearchParams, verifyToken: string): string | undefined {
  const token = query.get('hub.verify_token') ?? ''
  const challenge = query.get('hub.challenge') ?? ''
  const isAsked = query.get('hub.mode') === 'subscribe' && /^[\w-]{1,256}$/.test(challenge)
  return isSameSecret(token, verifyToken) && isAsked ? challenge : undefined
}

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i

/**
 * Whether `X-Hub-Signature-256` is the signature of these bytes.
 * @param body the bytes as they arrived: JSON that is serialised again has another signature
 */
export function isSigned(body: Uint8Array, header: string | undefined, appSecret: string): boolean {
  const found = SIGNATURE.exec(header ?? '')?.[1]
  if (found === undefined) return false
  return timingSafeEqual(Buffer.from(found, 'hex'), createHmac('sha256', appSecret).update(body).digest())
}

/** The most numbers of one webhook that are used: Meta puts up to a thousand updates into one. */
const MAX_NUMBERS = 1_000

/**
 * The ids of the numbers that a webhook names. They are searched before the signature is verified, to know whose secret
 * to try, so nothing is parsed for it.
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

/** Statuses in their order. `accepted` is ours: WhatsApp has taken the message and not reported a status since. */
export const MESSAGE_STATUSES = ['accepted', 'sent', 'failed', 'delivered', 'read'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]
type Told = Exclude<MessageStatus, 'accepted'>

const isTold = (status: string | undefined): status is Told =>
  status !== 'accepted' && MESSAGE_STATUSES.some((known) => known === status)

/**
 * What a status says about its message. A status with a `type` of its own is about something else: a failed payment,
 * for example, was asked for by a message that was delivered. A voice message that was played was read.
 */
function toldOf(each: unknown): Told | undefined {
  const type = textAt(each, 'type') ?? 'message'
  const status = textAt(each, 'status')
  if (type !== 'message') return undefined
  if (status === 'played') return 'read'
  return isTold(status) ? status : undefined
}

/**
 * The later of two statuses, which may arrive in any order and repeatedly. A failed message was not delivered, and a
 * delivered one has not failed, whatever is reported afterwards.
 */
export const laterStatus = (before: MessageStatus, now: MessageStatus): MessageStatus =>
  MESSAGE_STATUSES.indexOf(now) > MESSAGE_STATUSES.indexOf(before) ? now : before

export interface StatusUpdate {
  readonly messageId: string
  readonly status: Told
  /** Unix time in milliseconds; undefined if the reported time is impossible. */
  readonly atMs: number | undefined
  readonly phoneNumberId: string | undefined
  /** The callback data that were sent with the message. */
  readonly callbackData: string | undefined
  /** Why it has failed. */
  readonly error: { readonly code: string; readonly detail: string } | undefined
}

/** The statuses in the body of a webhook. Everything else, and what cannot be read, is ignored. */
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

/** From this number on, a time is in milliseconds already: in seconds it would lie thousands of years ahead. */
const MIN_MILLISECONDS = 100_000_000_000
/** Times before WhatsApp existed, and from 2100 on, are errors. */
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
