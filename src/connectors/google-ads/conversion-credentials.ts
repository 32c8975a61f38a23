import { z } from 'zod'
import { type Conversion, dedupIdOf, SECRET } from '../conversions/index.ts'

const digits = z.string().regex(/^\d{1,20}$/)
/** People write it with dashes. */
const account = z
  .string()
  .regex(/^[\d-]{1,24}$/)
  .transform((text) => text.replaceAll('-', ''))
const text = z.string().regex(/^[\w .-]{1,64}$/)

export const GoogleConversionCredentials = z.strictObject({
  customer_id: account,
  conversion_action_id: digits,
  refresh_token: SECRET,
  client_id: SECRET,
  client_secret: SECRET,
  /** Google ignores it today. */
  developer_token: SECRET.optional(),
  /** The manager account through which the customer is accessed. */
  login_customer_id: account.optional(),
  /** The Merchant Center account with the items of orders; without it, items are not sent. */
  merchant_id: digits.optional(),
  merchant_feed_label: text.optional(),
  merchant_feed_language_code: text.optional(),
  /** Only accounts that used the Google Ads API for uploads before June 2026 may use it. */
  api: z.enum(['data_manager', 'google_ads']).default('data_manager'),
})
export type GoogleConversionCredentials = z.output<typeof GoogleConversionCredentials>

const ACTION_ID = /^\d{1,20}$/

/** The conversion action that counts the event: the one that the mapping names by id, or the connection's own. */
export const actionOf = ({ platformEvent }: Conversion, credentials: GoogleConversionCredentials): string =>
  hasOwnAction(platformEvent) ? platformEvent : credentials.conversion_action_id

export const hasOwnAction = (platformEvent: string | undefined): platformEvent is string =>
  platformEvent !== undefined && ACTION_ID.test(platformEvent)

/**
 * The id by which Google recognises the conversion. An order id is used if there is one, since tags on the page send it
 * too. Events of several kinds that share the connection's conversion action get different ids, because Google would
 * take the second for a correction of the first.
 */
export function transactionIdOf(conversion: Conversion): string {
  const { customData, eventId, eventName, platformEvent } = conversion
  if (customData.order_id !== undefined) return customData.order_id
  return hasOwnAction(platformEvent) || platformEvent === 'purchase' || platformEvent === undefined
    ? dedupIdOf(conversion)
    : `${eventName}:${eventId}`
}

const ADJUSTMENTS = ['ENHANCEMENT', 'RESTATEMENT', 'RETRACTION'] as const
export type Adjustment = (typeof ADJUSTMENTS)[number]

/** How the mapping says its event changes an earlier conversion; undefined for a conversion of its own. */
export const adjustmentOf = ({ parameters }: Conversion): Adjustment | undefined =>
  ADJUSTMENTS.find((known) => known === parameters['adjustment_type'])

/** Parameters of the mapping that are custom variables of the conversion action. */
export const variablesOf = ({ parameters }: Conversion): [string, string][] =>
  Object.entries(parameters).flatMap(([name, value]) =>
    name === 'adjustment_type' ? [] : [[name, String(value)]],
  )
