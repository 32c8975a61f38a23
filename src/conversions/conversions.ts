import type { Authorize } from '../api/index.ts'
import type { Audit } from '../audit/index.ts'
import type { ConversionConnector, ConversionPlatform, ConversionTarget } from '../connectors/index.ts'
import type { Logger } from '../log.ts'
import type { TableLimits } from '../metrics/tables.ts'
import type { Keyring, Store } from '../sync/index.ts'
import type { Clock } from '../time/clock.ts'
import type { ConversionMeter } from './meter.ts'

/** Platforms in the order in which they are shown. */
export const CONVERSION_PLATFORMS = [
  'meta',
  'google',
  'tiktok',
  'snapchat',
] as const satisfies readonly ConversionPlatform[]

/** The platform that takes messages, and no events. */
export const MESSAGE_PLATFORM = 'whatsapp'

/** Tables of messages with a limit on their rows, per organisation. */
export const MESSAGE_TABLES = ['messages', 'waiting_messages'] as const
export type MessageTable = (typeof MESSAGE_TABLES)[number]
export type MessageTableLimits = Pick<TableLimits, MessageTable>

/** Tables of conversions with a limit on their rows, per organisation. */
export const CONVERSION_TABLES = ['conversions', 'waiting_conversions'] as const
export type ConversionTable = (typeof CONVERSION_TABLES)[number]
export type ConversionTableLimits = Pick<TableLimits, ConversionTable>

/** A platform as it is reached from here. */
export interface PlatformRoom {
  readonly connector: ConversionConnector<unknown>
  /** Its APIs by name, at the addresses that are in force. */
  readonly targets: Readonly<Record<string, ConversionTarget>>
  /** Where refresh tokens are exchanged. */
  readonly tokenUrl: string
  /** Most events a minute of one connection. */
  readonly eventsPerMinute: number
}

/** Where WhatsApp is reached, and how fast. */
export interface MessageRoom {
  readonly target: ConversionTarget
  /** Most messages a minute of one connection. */
  readonly messagesPerMinute: number
}

export type PlatformRooms = ReadonlyMap<string, PlatformRoom>

/** What door, delivery and routes share. */
export interface Base {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly keyring: Keyring
  readonly authorize: Authorize
  readonly audit: Audit
  readonly meter: ConversionMeter
  readonly rooms: PlatformRooms
  readonly messageRoom: MessageRoom
  readonly tableLimits: ConversionTableLimits & MessageTableLimits
  /** Region of phone numbers without a country code where the connection's settings name none. */
  readonly defaultRegion: string | undefined
  /** Name of this process, new at every start. */
  readonly owner: string
}
