import { z } from 'zod'
import { type HttpRequest, type HttpResponse, retryAfterMs } from '../../http/http.ts'
import { type ConversionTarget, present, SECRET, validE164 } from '../conversions/index.ts'
import {
  GRAPH_THROTTLES,
  GRAPH_TOKEN_DEAD,
  graphWaitMs,
  isGraphPermission,
  wantsAppSecret,
} from '../graph/errors.ts'
import { detailOf } from '../platform/detail.ts'
import { at, jsonBody, listAt, numberAt, textAt } from '../platform/json.ts'

export const WhatsAppCredentials = z.strictObject({
  phone_number_id: z.string().regex(/^\w{1,64}$/),
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  webhook_verify_token: z.string().min(1),
  /** Verifies webhooks; without it, no webhook is accepted. */
  app_secret: SECRET.optional(),
})
export type WhatsAppCredentials = z.output<typeof WhatsAppCredentials>

/** Whether a text is not blank and has no NUL characters or unpaired surrogates, which no database stores. */
const isText = (said: string): boolean => said.isWellFormed() && !said.includes('\0') && said.trim() !== ''
const TEXT_FAULT = 'must be text that is not blank, without the character 0 or halves of characters'
/** WhatsApp refuses placeholder values with line breaks, tabs or more than four spaces in a row. */
const UNWANTED = /[\n\r\t]| {5}/

const Placeholder = z.strictObject({
  type: z.literal('text'),
  text: z
    .string()
    .min(1)
    .max(1024)
    .refine(isText, TEXT_FAULT)
    .refine(
      (said) => !UNWANTED.test(said),
      'must have no line break, tab or more than four spaces in a row: WhatsApp refuses them',
    ),
  /** Name of the placeholder, for a template with named placeholders. */
  parameter_name: z
    .string()
    .regex(/^[a-z0-9_]{1,64}$/)
    .optional(),
})
/** A reply button has a payload, a link button the end of its path. */
const ButtonPlaceholder = z.discriminatedUnion('type', [
  Placeholder,
  z.strictObject({
    type: z.literal('payload'),
    payload: z.string().min(1).max(1024).refine(isText, TEXT_FAULT),
  }),
])

const Component = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['header', 'body']), parameters: z.array(Placeholder).min(1).max(20) }),
  z.strictObject({
    type: z.literal('button'),
    sub_type: z.enum(['url', 'quick_reply']),
    /** Counted from 0. */
    index: z.string().regex(/^[0-9]$/),
    parameters: z.array(ButtonPlaceholder).length(1),
  }),
])

/** Refuses combinations of components that WhatsApp accepts only separately. */
function checkTogether(components: readonly z.output<typeof Component>[], ctx: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string) =>
    ctx.addIssue({ code: 'custom', path, message })
  const seen = new Set<string>()
  let isNamed: boolean | undefined
  for (const [at, component] of components.entries()) {
    const { type } = component
    const key = type === 'button' ? `button ${component.index}` : type
    if (seen.has(key)) refuse([at], `there is another ${key}`)
    seen.add(key)
    if (component.type === 'button') continue
    for (const [place, { parameter_name }] of component.parameters.entries()) {
      isNamed ??= parameter_name !== undefined
      if (isNamed === (parameter_name !== undefined)) continue
      refuse(
        [at, 'parameters', place, 'parameter_name'],
        'must be there for all placeholders of a template or for none',
      )
    }
  }
}

/**
 * A template that WhatsApp has approved, with the values of its placeholders. No other kind of message may begin a
 * conversation.
 */
export const MessageTemplate = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]{1,512}$/),
  /** For example `en_US`. */
  language: z.string().regex(/^[a-z]{2,3}(_[A-Z]{2,3})?$/),
  /** By the names of WhatsApp's documentation. */
  components: z.array(Component).min(1).max(12).superRefine(checkTogether).optional(),
})
export type MessageTemplate = z.output<typeof MessageTemplate>

/** The name of WhatsApp's only API in the configuration. */
export const WHATSAPP_API_NAME = 'cloud'
export const WHATSAPP_API: ConversionTarget = { baseUrl: 'https://graph.facebook.com', version: 'v26.0' }

export const WHATSAPP_LIMITS = {
  /** By the interface's specification. */
  messagesPerMinute: 80,
  /** WhatsApp's limit for one number; a few numbers have a lower one. */
  messagesPerSecond: 80,
  /** The shortest interval between messages to one recipient, in milliseconds; WhatsApp refuses earlier ones. */
  pairMs: 6_000,
  maxCallbackChars: 512,
} as const

/** The recipient's number in WhatsApp's form, digits only; undefined if its country has no such number. */
export const recipientOf = (to: string, defaultRegion: string | undefined): string | undefined =>
  validE164(to, defaultRegion).slice(1) || undefined

const authorized = (access_token: string) => ({ authorization: `Bearer ${access_token}` })

/**
 * The request that sends a message.
 * @param recipient a result of {@link recipientOf}
 * @param callbackData comes back with every status of the message. If a send has no answer, the statuses show whether
 * it arrived; sending again would deliver the message twice.
 */
export function sendMessage(
  { baseUrl, version }: ConversionTarget,
  { phone_number_id, access_token }: WhatsAppCredentials,
  { name, language, components }: MessageTemplate,
  recipient: string,
  callbackData: string,
): HttpRequest {
  const template = present({ name, language: { code: language }, components })
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

export type MessageAnswer =
  | {
      readonly is: 'accepted'
      readonly messageId: string
      /** Whether WhatsApp reviews the template first. */
      readonly isHeld: boolean
    }
  /**
   * It may be sent again after a while. `number`: too many messages of this number. `recipient`: too many to this
   * person.
   */
  | {
      readonly is: 'throttled'
      readonly of: 'number' | 'recipient'
      readonly code: string
      readonly detail: string
      readonly retryAfterMs: number | undefined
    }
  /** WhatsApp protects the recipient or restricts the sender: sending again soon makes it worse. */
  | { readonly is: 'wait_long'; readonly code: string; readonly detail: string }
  /** WhatsApp will never take this message. */
  | { readonly is: 'refused'; readonly code: string; readonly detail: string }
  /** WhatsApp takes nothing from this account until somebody mends it. */
  | { readonly is: 'account_refused'; readonly code: string; readonly detail: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  /** WhatsApp failed; the message may have been sent. */
  | { readonly is: 'transient'; readonly detail: string }

/** Error code of too many messages from one number to one recipient. */
const PAIR = 131056
/** Error codes of limits on all messages of a number. */
const THROTTLES = new Set([...GRAPH_THROTTLES, 130429, 131057])
/** Error codes of limits that protect recipients, and of restricted senders. */
const WAIT_LONG = new Set([131048, 131049])
/** Error codes of a token that does not work. */
const AUTH = new Set([0, ...GRAPH_TOKEN_DEAD])
/** Error codes of an account that may not send: blocked, unpaid, not registered. */
const OF_THE_ACCOUNT = new Set([368, 131005, 131031, 131042, 131045, 133010])
/** Error code of an invalid parameter. */
const INVALID = 100
/** Subcode of {@link INVALID}: the token may not use the object in the address, which is the phone number. */
const NO_SUCH_NUMBER = 33
/** Error codes of failures inside WhatsApp. */
const FAILED = new Set([1, 2, 131000, 131016])
/** What to do about an error whose own message does not say. */
const ADVICE: ReadonlyMap<number, string> = new Map([
  [131047, 'more than 24 hours have passed since the recipient wrote; only a template may be sent'],
])

export function readMessage(response: HttpResponse, nowMs: number): MessageAnswer {
  const body = jsonBody(response)
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
  const waits = (of: 'number' | 'recipient', waitMs: number | undefined) =>
    ({ is: 'throttled', of, code: name, detail, retryAfterMs: waitMs }) as const
  if (AUTH.has(code)) return { is: 'auth_lost', detail }
  if (code === PAIR) return waits('recipient', WHATSAPP_LIMITS.pairMs)
  if (THROTTLES.has(code)) return waits('number', graphWaitMs(response, nowMs))
  if (WAIT_LONG.has(code)) return { is: 'wait_long', code: name, detail }
  const isOfTheNumber = code === INVALID && numberAt(error, 'error_subcode') === NO_SUCH_NUMBER
  const isOfTheAccount = OF_THE_ACCOUNT.has(code) || isGraphPermission(code) || wantsAppSecret(error)
  if (isOfTheAccount || isOfTheNumber) return { is: 'account_refused', code: name, detail }
  if (FAILED.has(code) || response.status >= 500) return { is: 'transient', detail }
  // An unlisted code; the answer itself says that the error will pass.
  if (response.status === 429 || at(error, 'is_transient') === true)
    return waits('number', graphWaitMs(response, nowMs))
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
  const body = jsonBody(response)
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
