import type { Selectable } from 'kysely'
import { z } from 'zod'
import { MessageTemplate, recipientOf } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { ConversionMessageTable, Keyring } from '../../sync/index.ts'
import { EventIdText, isSaid, NOT_SAID } from '../canonical-event.ts'

export type MessageRow = Selectable<ConversionMessageTable>

/** A message as a caller sends it. */
export const MessageInput = z.strictObject({
  /** The caller's: the same message again with it is not sent again. */
  message_id: EventIdText.refine(isSaid, NOT_SAID),
  /** Phone number; of the connection's region where it has no country code. */
  to: z.string().min(1).max(64),
  template: MessageTemplate,
  /** Whether the recipient wants messages, which WhatsApp demands. Left out, the caller answers for it. */
  consent: z.strictObject({ messaging: z.enum(['granted', 'denied']) }).optional(),
})
export type MessageInput = z.output<typeof MessageInput>

/** What of a message is sealed until it will not be sent again. */
export interface MessageContent {
  /** Digits alone. */
  readonly recipient: string
  readonly template: MessageTemplate
}

/** A number that has its country code for certain: after a plus, or in digits alone, as WhatsApp writes numbers. */
const HAS_COUNTRY = /^\s*(\+|\d+\s*$)/

/** Throws 400 for what would never be sent: no number, or a recipient who wants nothing. */
export function contentOf(
  { to, template, consent }: MessageInput,
  region: string | undefined,
): MessageContent {
  if (consent?.messaging === 'denied')
    throw new AppError(
      'invalid_request',
      'consent.messaging: without consent nothing is sent, and nothing was stored',
      'never',
      { field: 'consent.messaging' },
    )
  const recipient = region !== undefined || HAS_COUNTRY.test(to) ? recipientOf(to, region) : undefined
  if (recipient === undefined)
    throw new AppError(
      'invalid_request',
      `to: must be a phone number ${region === undefined ? '' : `of ${region}, or one `}with its country code, such as +16505551212`,
      'never',
      { field: 'to' },
    )
  return { recipient, template }
}

type MessageKey = Pick<MessageRow, 'org_id' | 'message_id'>

const contextOf = ({ org_id, message_id }: MessageKey): string =>
  JSON.stringify(['message', org_id, message_id])

export const sealContent = (keyring: Keyring, key: MessageKey, content: MessageContent): string =>
  keyring.seal(JSON.stringify(content), contextOf(key))

/** Throws `credentials_unreadable` where the key is not known. */
export function openContent(keyring: Keyring, key: MessageKey, sealed: string): MessageContent {
  // The message was checked before it was sealed, perhaps by an earlier version; if that took too much, WhatsApp refuses it.
  const content: MessageContent = parseJson(keyring.open(sealed, contextOf(key)))
  return content
}

/** Digests of a message by every key: those of the same message are the same, and they tell nobody its recipient. */
export const contentDigests = (keyring: Keyring, key: MessageKey, content: MessageContent) =>
  keyring.digests(JSON.stringify([content.recipient, content.template]), contextOf(key))
