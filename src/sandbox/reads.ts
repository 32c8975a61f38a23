import { createAnalytics } from './analytics.ts'
import type { Played } from './exchange.ts'
import type { GoogleOauth } from './google-oauth.ts'
import type { Target } from './protocol.ts'
import { createSheets } from './sheets.ts'

/** How a platform that is read is reached: its hosts by the names its connector gives them, and who we are there. */
export interface ReadPlatform {
  readonly baseUrls: Readonly<Record<string, string>>
  readonly client?: { readonly clientId: string; readonly clientSecret: string }
  /** Where no OAuth is needed. */
  readonly apiKey?: string
}

/** The types as the API names them. */
type ReadType = 'DV360' | 'TTD' | 'META' | 'GOOGLE_ADS' | 'AMAZON_DSP' | 'SHEETS' | 'GA4' | 'RESEND'
export type SandboxReads = Readonly<Partial<Record<ReadType, ReadPlatform>>>

interface Mounted {
  readonly prefix: string
  readonly target: Target
  readonly played: Played
}

/** The platforms that are only read. */
export function createReadPlatforms(oauth: GoogleOauth): readonly Mounted[] {
  return [
    { prefix: '/analytics', target: 'ga4', played: createAnalytics(oauth) },
    { prefix: '/sheets', target: 'sheets', played: createSheets(oauth) },
  ]
}

type Client = NonNullable<ReadPlatform['client']>

/** @param url of the sandbox */
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
    GA4: { client, baseUrls: { ...oauth, data: `${url}/analytics`, admin: `${url}/analytics` } },
    GOOGLE_ADS: { client, baseUrls: { ...oauth, googleAds: `${url}/google-ads` } },
    META: { client: clientOf(meta), baseUrls: { dialog: `${url}/meta`, graph: `${url}/meta` } },
    TTD: { apiKey: tradedesk.apiKey, baseUrls: { api: `${url}/tradedesk` } },
    SHEETS: { client, baseUrls: { ...oauth, sheets: `${url}/sheets` } },
  }
}
