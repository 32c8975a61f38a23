import { z } from 'zod'
import { type HttpRequest, type HttpResponse, retryAfterMs } from '../../http/http.ts'
import { type ConversionTarget, e164, present } from '../conversions/index.ts'
import { detailOf } from '../platform/detail.ts'
import { at, listAt, numberAt, parsed, textAt } from '../platform/json.ts'

export const WhatsAppCredentials = z.strictObject({
  phone_number_id: z.string().regex(/^\w{1,64}$/),
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  webhook_verify_token: z.string().min(1),
  /** Signs what WhatsApp sends; without it no webhook is believed. */
  app_secret: z.string().min(1).optional(),
})
export type WhatsAppCredentials = z.output<typeof WhatsAppCredentials>

const Texts = z.array(z.string().min(1).max(1024)).max(20)

/** A message of a template that WhatsApp has approved; no other kind may begin a conversation. */
export const TemplateMessage = z.strictObject({
  /** Phone number; the region of the connection where it has no country code. */
  to: z.string().min(1).max(64),
  template: z.string().regex(/^[a-z0-9_]{1,512}$/),
  /** For example `en_US`. */
  language: z.string().regex(/^[a-z]{2,3}(_[A-Z]{2})?$/),
  /** What is put in for the placeholders of header and body, in their order. */
  header: Texts.optional(),
  body: Texts.optional(),
  /** One for each button with a placeholder; `index` counts from 0. */
  buttons: z
    .array(
      z.strictObject({
        index: z.int().min(0).max(9),
        kind: z.enum(['url', 'quick_reply']),
        text: z.string().min(1).max(1024),
      }),
    )
    .max(10)
    .optional(),
})
export type TemplateMessage = z.output<typeof TemplateMessage>

export const WHATSAPP_API: ConversionTarget = { baseUrl: 'https://graph.facebook.com', version: 'v26.0' }

export const WHATSAPP_LIMITS = {
  messagesPerMinute: 80,
  /** To one recipient; WhatsApp refuses what comes sooner. */
  pairMs: 6_000,
  maxCallbackChars: 512,
} as const

/** The number of a recipient as WhatsApp wants it, digits alone; undefined where it is none. */
export const recipientOf = (to: string, defaultRegion: string | undefined): string | undefined =>
  e164(to, defaultRegion).slice(1) || undefined

const authorized = (access_token: string) => ({ authorization: `Bearer ${access_token}` })

/**
 * @param recipient as {@link recipientOf} makes it
 * @param callbackData comes back with every status of the message: how one learns what became of a send without an answer, since
 *   WhatsApp would deliver the same message twice
 */
export function sendMessage(
  { baseUrl, version }: ConversionTarget,
  { phone_number_id, access_token }: WhatsAppCredentials,
  message: TemplateMessage,
  recipient: string,
  callbackData: string,
): HttpRequest {
  const components = componentsOf(message)
  const template = present({
    name: message.template,
    language: { code: message.language },
    components: components.length > 0 ? components : undefined,
  })
  return {
    method: 'POST',
    url: `${baseUrl}/${version}/${phone_number_id}/messages`,
    headers: { ...authorized(access_token), 'content-type': 'application/json' },
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: recipient,
      type: 'template',
      template,
      biz_opaque_callback_data: callbackData,
    }),
  }
}

function componentsOf({ header = [], body = [], buttons = [] }: TemplateMessage): unknown[] {
  const texts = (all: readonly string[]) => all.map((text) => ({ type: 'text', text }))
  return [
    ...(header.length > 0 ? [{ type: 'header', parameters: texts(header) }] : []),
    ...(body.length > 0 ? [{ type: 'body', parameters: texts(body) }] : []),
    ...buttons.map(({ index, kind, text }) => ({
      type: 'button',
      sub_type: kind,
      index: String(index),
      // A reply carries a payload, an address the end of its path.
      parameters: [kind === 'url' ? { type: 'text', text } : { type: 'payload', payload: text }],
    })),
  ]
}

export type MessageAnswer =
  | {
      readonly is: 'accepted'
      readonly messageId: string
      /** Whether WhatsApp looks at the template first. */
      readonly isHeld: boolean
    }
  /** It may be sent again after a while: `number`: too many messages of ours, `recipient`: too many to this person. */
  | {
      readonly is: 'throttled'
      readonly of: 'number' | 'recipient'
      readonly code: string
      readonly detail: string
      readonly retryAfterMs: number | undefined
    }
  /** WhatsApp protects the recipient or has doubts about the sender: sending again soon makes it worse. */
  | { readonly is: 'wait_long'; readonly code: string; readonly detail: string }
  /** This message will never be taken. */
  | { readonly is: 'refused'; readonly code: string; readonly detail: string }
  /** Nothing is taken from this account until somebody does something about it. */
  | { readonly is: 'account_refused'; readonly code: string; readonly detail: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** WhatsApp failed; the message may have been sent. */
  | { readonly is: 'transient'; readonly detail: string }

const PAIR = 131056
const THROTTLES = new Set([4, 80007, 130429, PAIR])
const WAIT_LONG = new Set([131048, 131049])
const AUTH = new Set([0, 190])
const OF_THE_ACCOUNT = new Set([3, 10, 200, 368, 131031, 131042])
const FAILED = new Set([1, 2, 131000, 131016])
/** What the error does not say itself. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [131047, 'more than 24 hours have passed since the recipient wrote; only a template may be sent'],
])

export function readMessage(response: HttpResponse, nowMs: number): MessageAnswer {
  const answer = parsed(response)
  const body = answer.is === 'json' ? answer.body : undefined
  const code = numberAt(body, 'error', 'code')
  if (code !== undefined) return refusalOf(code, at(body, 'error'), response, nowMs)
  const [message] = listAt(body, 'messages')
  const messageId = textAt(message, 'id')
  if (response.status < 300 && messageId !== undefined)
    return {
      is: 'accepted',
      messageId,
      isHeld: textAt(message, 'message_status') === 'held_for_quality_assessment',
    }
  const detail = `HTTP ${response.status} without an answer of WhatsApp's`
  return response.status === 429
    ? {
        is: 'throttled',
        of: 'number',
        code: '429',
        detail,
        retryAfterMs: retryAfterMs(response.headers, nowMs),
      }
    : { is: 'transient', detail }
}

function refusalOf(code: number, error: unknown, response: HttpResponse, nowMs: number): MessageAnswer {
  const said = ADVICE.get(code) ?? textAt(error, 'error_data', 'details') ?? textAt(error, 'message') ?? ''
  const detail = detailOf(`code ${code}: ${said}`)
  const name = String(code)
  if (AUTH.has(code)) return { is: 'auth_lost', detail }
  if (THROTTLES.has(code)) {
    const waitMs = retryAfterMs(response.headers, nowMs)
    if (code === PAIR)
      return { is: 'throttled', of: 'recipient', code: name, detail, retryAfterMs: WHATSAPP_LIMITS.pairMs }
    return { is: 'throttled', of: 'number', code: name, detail, retryAfterMs: waitMs }
  }
  if (WAIT_LONG.has(code)) return { is: 'wait_long', code: name, detail }
  if (OF_THE_ACCOUNT.has(code)) return { is: 'account_refused', code: name, detail }
  if (FAILED.has(code) || response.status >= 500) return { is: 'transient', detail }
  return { is: 'refused', code: name, detail }
}

export const testWhatsApp = (
  { baseUrl, version }: ConversionTarget,
  { phone_number_id, access_token }: WhatsAppCredentials,
): HttpRequest => ({
  method: 'GET',
  url: `${baseUrl}/${version}/${phone_number_id}?fields=id,verified_name`,
  headers: authorized(access_token),
})

export function readWhatsAppTest(
  response: HttpResponse,
): { readonly is: 'works'; readonly detail: string } | { readonly is: 'fails'; readonly detail: string } {
  const answer = parsed(response)
  const body = answer.is === 'json' ? answer.body : undefined
  if (response.status < 300 && textAt(body, 'id') !== undefined)
    return {
      is: 'works',
      detail: detailOf(`the number of ${textAt(body, 'verified_name') ?? 'the account'} answers`),
    }
  return {
    is: 'fails',
    detail: detailOf(`HTTP ${response.status} ${textAt(body, 'error', 'message') ?? ''}`),
  }
}
