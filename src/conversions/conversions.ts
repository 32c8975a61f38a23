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

/** The platform that takes messages instead of events. */
export const MESSAGE_PLATFORM = 'whatsapp'

/** Tables of messages with a limit on their rows, per organisation. */
export const MESSAGE_TABLES = ['messages', 'waiting_messages'] as const
export type MessageTable = (typeof MESSAGE_TABLES)[number]
export type MessageTableLimits = Pick<TableLimits, MessageTable>

/** Tables of conversions with a limit on their rows, per organisation. */
export const CONVERSION_TABLES = ['conversions', 'waiting_conversions'] as const
export type ConversionTable = (typeof CONVERSION_TABLES)[number]
export type ConversionTableLimits = Pick<TableLimits, ConversionTable>

/** A platform of conversions with its connector and settings. */
export interface PlatformRoom {
  readonly connector: ConversionConnector<unknown>
  /** The API targets by name, with the addresses that are configured. */
  readonly targets: Readonly<Record<string, ConversionTarget>>
  /** The address at which refresh tokens are exchanged. */
  readonly tokenUrl: string
  /** The most events per minute of one connection. */
  readonly eventsPerMinute: number
}

/** Where WhatsApp is reached, and how many messages it takes. */
export interface MessageRoom {
  readonly target: ConversionTarget
  /** The most messages per minute of one connection. */
  readonly messagesPerMinute: number
}

export type PlatformRooms = ReadonlyMap<string, PlatformRoom>

/** What accepting, delivery and the routes share. */
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
  /** Country of phone numbers without a country code, for connections that do not name one. */
  readonly defaultRegion: string | undefined
  /** The name of this process, new at every start. */
  readonly owner: string
}
