import type { Decisions } from '../agent/index.ts'
import type { Config } from '../config/config.ts'
import {
  conversionConnectors,
  GOOGLE_TOKEN_URL,
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
  /** Its database and keys are those of conversions as well. */
  readonly reads: RunningSync | undefined
  readonly decisions: Decisions
  readonly fallback: Fallback
}

/** Starts to send conversions; undefined where nothing is read, since then there is no database for them. */
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

/** The platforms at the addresses that are in force: those that are configured, the sandbox's, or the platforms' own. */
function roomsOf({ conversions }: Config, sandbox: Sandbox | undefined): ReadonlyMap<string, PlatformRoom> {
  return new Map(
    CONVERSION_PLATFORMS.flatMap((platform) => {
      const connector = conversionConnectors[platform]
      if (!connector) return []
      const targets = Object.fromEntries(
        Object.entries(connector.apis).map(([api, own]) => {
          const configured = conversions.apis[platform]?.[api]
          const baseUrl = configured?.baseUrl ?? playedUrl(sandbox, platform, api) ?? own.baseUrl
          return [api, { baseUrl, version: configured?.version ?? own.version }]
        }),
      )
      const room: PlatformRoom = {
        ...{ connector, targets },
        tokenUrl: sandbox?.urls.googleOauth ?? GOOGLE_TOKEN_URL,
        eventsPerMinute: conversions.eventsPerMinute[platform] ?? connector.limits.eventsPerMinute,
      }
      return [[platform, room]]
    }),
  )
}

/** As {@link roomsOf}, for messages; WhatsApp has one API. */
function messageRoomOf({ conversions }: Config, sandbox: Sandbox | undefined): MessageRoom {
  const configured = conversions.apis[MESSAGE_PLATFORM]?.[WHATSAPP_API_NAME]
  return {
    target: {
      baseUrl: configured?.baseUrl ?? sandbox?.conversions.urls.whatsapp ?? WHATSAPP_API.baseUrl,
      version: configured?.version ?? WHATSAPP_API.version,
    },
    messagesPerMinute: conversions.eventsPerMinute[MESSAGE_PLATFORM] ?? WHATSAPP_LIMITS.messagesPerMinute,
  }
}

/** What the sandbox calls the API of a platform. */
const SANDBOX_APIS: Readonly<Record<string, ConversionApi>> = {
  'meta.graph': 'meta_conversions',
  'google.data_manager': 'google_data_manager',
  'google.google_ads': 'google_ads_conversions',
  'tiktok.business': 'tiktok_conversions',
  'snapchat.conversions': 'snapchat_conversions',
}

function playedUrl(sandbox: Sandbox | undefined, platform: string, api: string): string | undefined {
  const played = SANDBOX_APIS[`${platform}.${api}`]
  return sandbox && played && sandbox.conversions.urls[played]
}
