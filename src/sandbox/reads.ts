import type { Clock } from '../time/clock.ts'
import { createAmazon } from './amazon-dsp/api.ts'
import { createAmazonOauth } from './amazon-dsp/oauth.ts'
import { createBidManager, createReportStorage } from './dv360/bid-manager.ts'
import { createDisplayVideo } from './dv360/display-video.ts'
import { createAnalytics } from './ga4/api.ts'
import type { GoogleOauth } from './google/oauth.ts'
import type { WritableLedger } from './ledger.ts'
import type { Mounted } from './protocol.ts'
import { createResend, RESEND_KEYS } from './resend/api.ts'
import { createSheets } from './sheets/api.ts'

/** How to reach a platform that is read. */
export interface ReadPlatform {
  /** By the names that its connector gives them. */
  readonly baseUrls: Readonly<Record<string, string>>
  /** The OAuth client to use. */
  readonly client?: { readonly clientId: string; readonly clientSecret: string }
  /** For platforms without OAuth. */
  readonly apiKey?: string
}

/** Types of connections as our API names them. */
type ReadType = 'DV360' | 'TTD' | 'META' | 'GOOGLE_ADS' | 'AMAZON_DSP' | 'SHEETS' | 'GA4' | 'RESEND'
export type SandboxReads = Readonly<Partial<Record<ReadType, ReadPlatform>>>

const AMAZON_CLIENT = { clientId: 'amzn1.application-oa2-client.sandbox', clientSecret: 'sandbox-lwa-secret' }

/**
 * The platforms that are only read.
 * @param reportMs how long a report takes to be made, in milliseconds
 */
export function createReadPlatforms(
  oauth: GoogleOauth,
  clock: Clock,
  ledger: WritableLedger,
  reportMs: number,
): readonly Mounted[] {
  const lwa = createAmazonOauth(clock, AMAZON_CLIENT)
  const amazon = createAmazon(lwa, clock, AMAZON_CLIENT.clientId, reportMs)
  const bidManager = createBidManager(oauth, clock, reportMs)
  return [
    { prefix: '/amazon', target: 'amazon', played: amazon.played },
    { prefix: '/amazon-oauth', target: 'amazon_oauth', played: lwa.played },
    { prefix: '/amazon-storage', target: 'amazon', played: amazon.storage },
    { prefix: '/analytics', target: 'ga4', played: createAnalytics(oauth) },
    { prefix: '/display-video', target: 'dv360', played: createDisplayVideo(oauth, clock, ledger, reportMs) },
    { prefix: '/bid-manager', target: 'bid_manager', played: bidManager.played },
    { prefix: '/report-storage', target: 'bid_manager', played: createReportStorage(bidManager.fileOf) },
    { prefix: '/resend', target: 'resend', played: createResend(clock) },
    { prefix: '/sheets', target: 'sheets', played: createSheets(oauth) },
  ]
}

type Client = NonNullable<ReadPlatform['client']>

/**
 * How to reach each platform that is read.
 * @param url of the sandbox
 */
export function readHosts(
  url: string,
  {
    googleAds,
    meta,
    tradedesk,
  }: { readonly googleAds: Client; readonly meta: Client; readonly tradedesk: { readonly apiKey: string } },
): SandboxReads {
  const clientOf = ({ clientId, clientSecret }: Client): Client => ({ clientId, clientSecret })
  const client = clientOf(googleAds)
  const oauth = {
    authorize: `${url}/google-oauth/authorize`,
    token: `${url}/google-oauth/token`,
    revoke: `${url}/google-oauth/revoke`,
  }
  return {
    AMAZON_DSP: { client: AMAZON_CLIENT, baseUrls: amazonHosts(url) },
    DV360: {
      client,
      baseUrls: { ...oauth, displayVideo: `${url}/display-video`, bidManager: `${url}/bid-manager` },
    },
    GA4: { client, baseUrls: { ...oauth, data: `${url}/analytics`, admin: `${url}/analytics` } },
    GOOGLE_ADS: { client, baseUrls: { ...oauth, googleAds: `${url}/google-ads` } },
    META: { client: clientOf(meta), baseUrls: { dialog: `${url}/meta`, graph: `${url}/meta` } },
    TTD: { apiKey: tradedesk.apiKey, baseUrls: { api: `${url}/tradedesk` } },
    RESEND: { apiKey: RESEND_KEYS.full, baseUrls: { resend: `${url}/resend` } },
    SHEETS: { client, baseUrls: { ...oauth, sheets: `${url}/sheets` } },
  }
}

const amazonHosts = (url: string): Record<string, string> =>
  Object.fromEntries(
    ['NA', 'EU', 'FE'].flatMap((region) => {
      const path = region.toLowerCase()
      const oauth = `${url}/amazon-oauth/${path}`
      return [
        [`api${region}`, `${url}/amazon/${path}`],
        [`authorize${region}`, `${oauth}/authorize`],
        [`token${region}`, `${oauth}/token`],
      ]
    }),
  )
