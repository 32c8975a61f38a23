import type { Generated } from 'kysely'

/**
 * Tables of conversions. Times are milliseconds since the epoch, in columns that end in `_ms`; JSON is text. `sealed` is
 * personal data, encrypted for its row alone.
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
  /** Why the status is what it is; null where there is nothing to say. */
  message: string | null
  /** Sealed JSON; null after the connection was ended. */
  credentials: string | null
  settings: string
  /** Nothing is sent before this time, because the platform asked for it. */
  resting_until_ms: number | null
  /** Health of which the organisation was told last. */
  health: Generated<string>
  updated_ms: number
  /** What a webhook calls the account; null where the platform sends none. */
  account: string | null
  /** Keyed digest of the token by which the platform proves that it asks for our address. */
  verify_digest: string | null
}

export interface ConversionEventTable {
  seq: Generated<number>
  org_id: number
  event_name: string
  event_id: string
  event_time_ms: number
  action_source: string
  /** What of the event is about nobody in particular: value, currency, items, consent. */
  data: string
  bid_id: string | null
  created_ms: number
  worth: WorthState
  /** Null where the event names no value. */
  value_micros: number | null
  /** Of the value; null where the event names none. */
  currency: string | null
  /** Of the bid that bought the conversion, once that is known; null before, as are the others. */
  bid_at_ms: number | null
  bid_platform: string | null
  bid_campaign: string | null
  bid_source: string | null
  bid_currency: string | null
}

/**
 * Whether a conversion is joined to the bid that bought it. `waiting`: its bid is not looked up yet, or has not ended.
 * `unknown_bid`: no decision of that id is kept. `no_spend`: the bid bought nothing.
 */
export const WORTH_STATES = ['no_bid', 'waiting', 'joined', 'unknown_bid', 'no_spend'] as const
export type WorthState = (typeof WORTH_STATES)[number]

/** Estimates of match quality of the deliveries that came on one day (UTC), added up. */
export interface ConversionQualityTable {
  org_id: number
  platform: string
  day_ms: number
  events: number
  /** Each is from 0 to 10. */
  quality_sum: number
}

/**
 * `sent`: given to a call without an answer yet, or accepted by a platform that processes later. `acknowledged` and
 * `dead` are final, except that a dead delivery can be replayed.
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
  /** When it may be claimed; of one that is being sent, when its lease ends. Null when nothing is to be done. */
  due_ms: number | null
  /** After this time the platform does not take the event. */
  expires_ms: number
  attempts: Generated<number>
  /** Why it is in its state. */
  code: string | null
  detail: string | null
  request_id: string | null
  latency_ms: number | null
  first_attempt_ms: number | null
  last_attempt_ms: number | null
  /** The first attempt of which nobody can say whether the platform took the event; null where there is none. */
  unknown_since_ms: number | null
  /** Process that sends it. */
  lease_owner: string | null
  mapping_version: number
  /** 0 to 10. */
  match_quality: number
  /** Identifiers and free text for this platform; null once they are not needed any more. */
  sealed: string | null
  created_ms: number
  ended_ms: number | null
}

/** A call that a platform accepted before it processed the events. */
export interface ConversionCallTable {
  org_id: number
  platform: string
  request_id: string
  events: number
  due_ms: number
  attempts: Generated<number>
  created_ms: number
}

/** What the deliveries of a connection came to in one minute. */
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
 * `sending`: a process has it, and the call may have left. `unknown`: a call has left, and nobody can say what became of it: it is
 * never sent again. From `accepted` on the platform has it, and tells the rest. What stands to the right is later: no message goes
 * back to the left but from `sending` to `pending`, when it is certain that the platform did not take it.
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

/** A number of WhatsApp, with the app's secret, until its connection was changed. */
export interface FormerNumberTable {
  seq: Generated<number>
  org_id: number
  account: string
  /** Sealed. */
  secret: string
  changed_ms: number
  /** After this time nothing is told any more of what was sent before. */
  until_ms: number
}

export interface ConversionMessageTable {
  seq: Generated<number>
  org_id: number
  /** The caller's. */
  message_id: string
  /** Keyed digest of what the caller sent, by which a repetition is told from another message. */
  body_digest: string
  template: string
  language: string
  /** Goes with the message and comes back with every status. */
  callback_id: string
  state: MessageState
  /** When it may be claimed; of one that is being sent, when its lease ends; of an unknown one, when it is given up. */
  due_ms: number | null
  /** After this time it is not sent any more. */
  expires_ms: number
  attempts: Generated<number>
  code: string | null
  detail: string | null
  /** The number that it was sent from. */
  account: string | null
  /** The platform's id of it. */
  platform_id: string | null
  last_attempt_ms: number | null
  /** When the platform says that the present status came to be. */
  status_ms: number | null
  lease_owner: string | null
  /** Recipient and texts; null once it will not be sent again. */
  sealed: string | null
  created_ms: number
}
