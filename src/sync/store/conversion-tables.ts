import type { Generated } from 'kysely'

/**
 * Tables of conversions. Times are milliseconds since the epoch, in columns ending in `_ms`; JSON is text. `sealed` is
 * personal data, encrypted for its row only.
 */
export interface ConversionTables {
  conversion_connections: ConversionConnectionTable
  conversion_mappings: { org_id: number; version: number; mappings: string; created_ms: number }
  conversion_events: ConversionEventTable
  conversion_deliveries: ConversionDeliveryTable
  conversion_calls: ConversionCallTable
  conversion_minutes: ConversionMinuteTable
  conversion_messages: ConversionMessageTable
  conversion_former_numbers: FormerNumberTable
  conversion_quality_days: ConversionQualityTable
}

export type ConversionConnectionStatus = 'connected' | 'disconnected' | 'error' | 'pending'

export interface ConversionConnectionTable {
  org_id: number
  platform: string
  status: ConversionConnectionStatus
  /** Explains the status; null if there is nothing to explain. */
  message: string | null
  /** Encrypted JSON; null after the connection was ended. */
  credentials: string | null
  settings: string
  /** Nothing is sent before this time, because the platform has asked for a pause. */
  resting_until_ms: number | null
  /** The health that the organisation was last told. */
  health: Generated<string>
  updated_ms: number
  /** The account's name in webhooks; null if the platform sends none. */
  account: string | null
  /** Keyed digest of the token by which the platform checks our address. */
  verify_digest: string | null
}

export interface ConversionEventTable {
  seq: Generated<number>
  org_id: number
  event_name: string
  event_id: string
  event_time_ms: number
  action_source: string
  /** The part of the event without personal data: value, currency, items, consent. */
  data: string
  bid_id: string | null
  created_ms: number
  worth: WorthState
  /** Null if the event has no value. */
  value_micros: number | null
  /** Currency of the value; null if the event has none. */
  currency: string | null
  /**
   * When the bid that bought the conversion was decided. This and the following columns are null until the bid is
   * known.
   */
  bid_at_ms: number | null
  bid_platform: string | null
  bid_campaign: string | null
  bid_source: string | null
  bid_currency: string | null
}

/**
 * Whether a conversion is joined to the bid that bought it. `waiting`: the bid was not looked up yet, or has not ended.
 * `unknown_bid`: no decision with its id is stored. `no_spend`: the bid spent nothing.
 */
export const WORTH_STATES = ['no_bid', 'waiting', 'joined', 'unknown_bid', 'no_spend'] as const
export type WorthState = (typeof WORTH_STATES)[number]

/** Sums of the match-quality estimates of the deliveries of one day (UTC). */
export interface ConversionQualityTable {
  org_id: number
  platform: string
  day_ms: number
  events: number
  /** Sum of estimates from 0 to 10. */
  quality_sum: number
}

/**
 * `sent`: in a call without an answer yet, or accepted by a platform that processes it later. `acknowledged` and `dead`
 * are final, except that a dead delivery can be replayed.
 */
export const DELIVERY_STATES = ['pending', 'sent', 'acknowledged', 'retrying', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export interface ConversionDeliveryTable {
  seq: Generated<number>
  org_id: number
  platform: string
  event_name: string
  event_id: string
  state: DeliveryState
  /** When it may be claimed; while it is being sent, when its lease ends; null if nothing more will be done. */
  due_ms: number | null
  /** From this time on the platform does not take the event. */
  expires_ms: number
  attempts: Generated<number>
  /** The reason of its state. */
  code: string | null
  detail: string | null
  request_id: string | null
  latency_ms: number | null
  first_attempt_ms: number | null
  last_attempt_ms: number | null
  /** The first attempt with an unknown outcome; null if there is none. */
  unknown_since_ms: number | null
  /** The process that is sending it. */
  lease_owner: string | null
  mapping_version: number
  /** 0 to 10. */
  match_quality: number
  /** Encrypted identifiers and free text for this platform; null when they are no longer needed. */
  sealed: string | null
  created_ms: number
  ended_ms: number | null
}

/** A call that a platform has accepted and will process later. */
export interface ConversionCallTable {
  org_id: number
  platform: string
  request_id: string
  events: number
  due_ms: number
  attempts: Generated<number>
  created_ms: number
}

/** Counts of the deliveries of a connection in one minute. */
export interface ConversionMinuteTable {
  org_id: number
  platform: string
  minute_ms: number
  calls: number
  failed_calls: number
  events: number
  failed_events: number
  latency_ms: number
  circuit_state: string
}

/**
 * `sending`: a process has it, and the call may have been sent. `unknown`: a call was sent and its outcome is unknown,
 * so the message is never sent again. From `accepted` on the platform has it and reports the rest. States are in their
 * order: no message moves back, except from `sending` to `pending` if it is certain that the platform did not take it.
 */
export const MESSAGE_STATES = [
  'pending',
  'sending',
  'unknown',
  'accepted',
  'sent',
  'failed',
  'delivered',
  'read',
] as const
export type MessageState = (typeof MESSAGE_STATES)[number]

/** A WhatsApp number with its app secret, as they were before the connection was changed. */
export interface FormerNumberTable {
  seq: Generated<number>
  org_id: number
  account: string
  /** Encrypted. */
  secret: string
  changed_ms: number
  /** After this time no webhook about earlier messages is expected. */
  until_ms: number
}

export interface ConversionMessageTable {
  seq: Generated<number>
  org_id: number
  /** Chosen by the caller. */
  message_id: string
  /** Keyed digest of the message's content, which tells a repetition from another message. */
  body_digest: string
  template: string
  language: string
  /** Sent with the message; comes back with every status. */
  callback_id: string
  state: MessageState
  /** When it may be claimed; while it is being sent, when its lease ends; for an unknown one, when it is given up. */
  due_ms: number | null
  /** After this time it is not sent. */
  expires_ms: number
  attempts: Generated<number>
  code: string | null
  detail: string | null
  /** The number that it was sent from. */
  account: string | null
  /** The platform's id of the message. */
  platform_id: string | null
  last_attempt_ms: number | null
  /** When the present status was reached, according to the platform. */
  status_ms: number | null
  lease_owner: string | null
  /** Encrypted recipient and texts; null when it will not be sent again. */
  sealed: string | null
  created_ms: number
}
