import type { Decisions } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import type { ConversionConfig } from '../config/conversions.ts'
import {
  type ConversionTarget,
  conversionConnectors,
  WHATSAPP_API,
  WHATSAPP_API_NAME,
  WHATSAPP_LIMITS,
} from '../connectors/index.ts'
import {
  CONVERSION_PLATFORMS,
  MESSAGE_PLATFORM,
  type MessageRoom,
  type PlatformRoom,
  type RunningConversions,
  startConversions,
} from '../conversions/index.ts'
import type { Fallback } from '../fallback/index.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { ConversionApi, Sandbox } from '../sandbox/index.ts'
import type { CallLimits } from '../shield/index.ts'
import type { RunningSync } from '../sync/index.ts'
import { bidBook } from './bid-book.ts'

export interface ConversionParts {
  readonly callLimits: CallLimits
  readonly metrics: Metrics
  readonly sandbox: Sandbox | undefined
  /** Reading, whose database and keys conversions use too. */
  readonly reads: RunningSync | undefined
  readonly decisions: Decisions
  readonly fallback: Fallback
}

/** Starts sending conversions; undefined if reading is off, since there is no database then. */
export async function startSending(
  config: Config,
  { callLimits, metrics, sandbox, reads, decisions, fallback }: ConversionParts,
): Promise<RunningConversions | undefined> {
  if (!reads) return undefined
  const { store, clock, log, keyring, authorize, audit } = reads.sync
  return startConversions(
    {
      keepDays: config.conversions.keepDays,
      ltvFeed: config.conversions.ltvFeed,
      played: sandbox && {
        orgs: [config.operatorOrg, ...config.orgs],
        credentials: sandbox.conversions.credentials,
      },
    },
    {
      ...{ store, clock, log, keyring, authorize, audit, callLimits, metrics },
      rooms: roomsOf(config, sandbox),
      messageRoom: messageRoomOf(config, sandbox),
      tableLimits: config.tables,
      defaultRegion: config.conversions.defaultRegion,
      bids: bidBook(config, decisions),
      onLtv: (org, platform, ltv) =>
        fallback.record(platform, ltv, org === config.operatorOrg ? undefined : org),
    },
  )
}

/** The platforms of events, with the API addresses in use. */
function roomsOf({ conversions }: Config, sandbox: Sandbox | undefined): ReadonlyMap<string, PlatformRoom> {
  return new Map(
    CONVERSION_PLATFORMS.flatMap((platform) => {
      const connector = conversionConnectors[platform]
      if (!connector) return []
      const targets = Object.fromEntries(
        Object.entries(connector.apis).map(([api, own]) => {
          return [api, targetOf(conversions, sandbox, { platform, api, own })]
        }),
      )
      const room: PlatformRoom = {
        ...{ connector, targets },
        tokenUrl: sandbox?.urls.googleOauth ?? conversions.liveUrls.googleToken,
        eventsPerMinute: conversions.eventsPerMinute[platform] ?? connector.limits.eventsPerMinute,
      }
      return [[platform, room]]
    }),
  )
}

/** {@link roomsOf} for messages; WhatsApp has one API. */
function messageRoomOf({ conversions }: Config, sandbox: Sandbox | undefined): MessageRoom {
  const api = { platform: MESSAGE_PLATFORM, api: WHATSAPP_API_NAME, own: WHATSAPP_API } as const
  return {
    target: targetOf(conversions, sandbox, api),
    messagesPerMinute: conversions.eventsPerMinute[MESSAGE_PLATFORM] ?? WHATSAPP_LIMITS.messagesPerMinute,
  }
}

interface KnownApi {
  readonly platform: keyof ConversionConfig['apis']
  readonly api: string
  /** The platform's own address and version. */
  readonly own: ConversionTarget
}

/**
 * The address of an API: the one configured for conversions, else the sandbox, else the one that bids use, else the
 * platform's own.
 */
function targetOf(
  { apis, liveUrls }: ConversionConfig,
  sandbox: Sandbox | undefined,
  { platform, api, own }: KnownApi,
): ConversionTarget {
  const configured = apis[platform]?.[api]
  const name = `${platform}.${api}`
  const baseUrl = playedUrl(sandbox, name) ?? liveUrls.apis.get(name) ?? own.baseUrl
  return { baseUrl: configured?.baseUrl ?? baseUrl, version: configured?.version ?? own.version }
}

/** The sandbox's name of each API. */
const SANDBOX_APIS: Readonly<Record<string, ConversionApi>> = {
  'meta.graph': 'meta_conversions',
  'google.data_manager': 'google_data_manager',
  'google.google_ads': 'google_ads_conversions',
  'tiktok.business': 'tiktok_conversions',
  'snapchat.conversions': 'snapchat_conversions',
  [`${MESSAGE_PLATFORM}.${WHATSAPP_API_NAME}`]: 'whatsapp',
}

function playedUrl(sandbox: Sandbox | undefined, name: string): string | undefined {
  const played = SANDBOX_APIS[name]
  return sandbox && played && sandbox.conversions.urls[played]
}
