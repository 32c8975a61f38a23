import type { Selectable } from 'kysely'
import { z } from 'zod'
import { MessageTemplate, recipientOf } from '../../connectors/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { parseJson } from '../../json/json.ts'
import type { ConversionMessageTable, Keyring } from '../../sync/index.ts'
import { EventIdText, isRealId, PLACEHOLDER_FAULT } from '../canonical-event.ts'

export type MessageRow = Selectable<ConversionMessageTable>

/** A message as a caller sends it. */
export const MessageInput = z.strictObject({
  /** Chosen by the caller. A message with an id that was used before is not sent again. */
  message_id: EventIdText.refine(isRealId, PLACEHOLDER_FAULT),
  /** Phone number. Without a country code it is taken to be of the connection's country. */
  to: z.string().min(1).max(64),
  template: MessageTemplate,
  /**
   * Whether the recipient has agreed to messages, which WhatsApp requires. Without it the caller is responsible for
   * that.
   */
  consent: z.strictObject({ messaging: z.enum(['granted', 'denied']) }).optional(),
})
export type MessageInput = z.output<typeof MessageInput>

/** The part of a message that is encrypted, and deleted when it will not be sent again. */
export interface MessageContent {
  /** Phone number, digits only. */
  readonly recipient: string
  readonly template: MessageTemplate
}

/** A number that certainly begins with its country code: after a plus, or digits only, as WhatsApp writes numbers. */
const HAS_COUNTRY = /^\s*(\+|\d+\s*$)/

/** Throws 400 for a message that could never be sent: no valid number, or a recipient who has not agreed. */
export function contentOf(
  { to, template, consent }: MessageInput,
  region: string | undefined,
): MessageContent {
  if (consent?.messaging === 'denied')
    throw invalidField('consent.messaging', 'without consent nothing is sent, and nothing was stored')
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

/** Decrypts the content. Throws `credentials_unreadable` if the key is missing. */
export function openContent(keyring: Keyring, key: MessageKey, sealed: string): MessageContent {
  // The message was checked before it was encrypted, perhaps by an earlier version. If that accepted too much, WhatsApp
  // refuses it.
  const content: MessageContent = parseJson(keyring.open(sealed, contextOf(key)))
  return content
}

/** Digests of a message by every key. They recognise a repetition without revealing the recipient. */
export const contentDigests = (keyring: Keyring, key: MessageKey, content: MessageContent) =>
  keyring.digests(JSON.stringify([content.recipient, content.template]), contextOf(key))
