import { Hono } from 'hono'
import { z } from 'zod'
import type { Clock } from '../../time/clock.ts'
import type { GoogleOauth, OauthCredentials } from '../google/oauth.ts'
import { CONVERSION_APIS, type ConversionApi, type Mounted, parseJson } from '../protocol.ts'
import { createDataManager } from './data-manager.ts'
import { createGoogleAdsConversions } from './google-ads.ts'
import { createMetaConversions } from './meta.ts'
import { createSnapchatConversions } from './snapchat.ts'
import type { EventTaker } from './taker.ts'
import type { Tally, TallyCounts } from './tally.ts'
import { createTikTokConversions } from './tiktok.ts'
import { createWhatsApp, type MessageTaker, type SentMessage } from './whatsapp.ts'

const META = { id: '1234567890123456', accessToken: 'EAAsandbox-conversions' }
const TIKTOK = { id: 'CSANDBOX0PIXEL', accessToken: 'tiktok-sandbox-conversions' }
const SNAPCHAT = { id: 'a1b2c3d4-0000-4000-8000-sandboxpixel', accessToken: 'snap-sandbox-conversions' }
const WHATSAPP = { id: '100000000000001', accessToken: 'EAAsandbox-whatsapp' }
const WHATSAPP_SECRETS = { appSecret: 'sandbox-whatsapp-secret', verifyToken: 'sandbox-verify' }
const GOOGLE = { customerId: '1234567890', actions: ['7000000001', '7000000002', '7000000003'] } as const

const APPS = {
  meta: { app_dataset_id: '1234567890123457' },
  tiktok: {
    app_id: '7000000000000000001',
    offline_event_set_id: '7000000000000000002',
    crm_event_set_id: '7000000000000000003',
  },
  snapchat: { snap_app_id: 'sandbox-snap-app', app_id: 'com.example.shop' },
} as const

export interface SandboxConversions {
  /** Addresses up to the version in the path. */
  readonly urls: Readonly<Record<ConversionApi, string>>
  /** By platform, with the members that our API calls them by. */
  readonly credentials: ReturnType<typeof credentialsOf>
  /** What credentials may have besides, for events from other sources than a website. */
  readonly apps: typeof APPS
  /** What each platform has counted since the start. */
  counts(): Readonly<Record<ConversionApi, TallyCounts>>
  /** The last events that the platform has taken, as they came. */
  recent(api: ConversionApi): Tally['recent']
  /**
   * Makes a platform refuse the event with this id (at Google: of the transaction), and with it the call.
   * @param isNamed whether its answer says which event it refuses
   */
  refuse(api: ConversionApi, eventId: string, isNamed: boolean): void
  /** Takes back every {@link refuse}. */
  refuseNothing(): void
  /** Answers the access token as revoked until it is restored. */
  revokeToken(api: ConversionApi): void
  restoreToken(api: ConversionApi): void
  readonly whatsapp: Pick<MessageTaker, 'sent' | 'webhook' | 'sendWebhooksTo'>
}

export interface ConversionPlatforms {
  readonly mounted: readonly Mounted[]
  /** @param url of the sandbox */
  at(url: string, oauth: OauthCredentials): SandboxConversions
  /** Their part of the sandbox's own routes. */
  readonly control: Hono
  close(): Promise<void>
}

const prefixOf = (api: ConversionApi) => `/conversions/${api.replaceAll('_', '-')}`

/**
 * The platforms that take conversions and messages.
 * @param processMs how long they take to process an event or message, in milliseconds
 */
export function createConversionPlatforms(
  clock: Clock,
  oauth: GoogleOauth,
  processMs: number,
): ConversionPlatforms {
  const whatsapp = createWhatsApp(clock, WHATSAPP, WHATSAPP_SECRETS, processMs)
  const takers: Readonly<Record<ConversionApi, EventTaker>> = {
    meta_conversions: createMetaConversions(clock, META, APPS.meta.app_dataset_id),
    google_data_manager: createDataManager(clock, oauth, GOOGLE, processMs),
    google_ads_conversions: createGoogleAdsConversions(clock, oauth, GOOGLE),
    tiktok_conversions: createTikTokConversions(clock, TIKTOK, {
      app: APPS.tiktok.app_id,
      offline: APPS.tiktok.offline_event_set_id,
      crm: APPS.tiktok.crm_event_set_id,
    }),
    snapchat_conversions: createSnapchatConversions(clock, SNAPCHAT, APPS.snapchat.snap_app_id),
    whatsapp,
  }
  const counts = () => byApi((api) => ({ ...takers[api].tally.counts }))
  const refuseNothing = () => {
    for (const api of CONVERSION_APIS) takers[api].refusals.clear()
  }

  return {
    mounted: CONVERSION_APIS.map((target) => ({ prefix: prefixOf(target), target, played: takers[target] })),
    control: createControl(takers, counts, refuseNothing, whatsapp),
    close: whatsapp.close,
    at: (url, credentials) => ({
      urls: byApi((api) => `${url}${prefixOf(api)}`),
      credentials: credentialsOf(credentials),
      apps: APPS,
      counts,
      recent: (api) => takers[api].tally.recent,
      refuse: (api, eventId, isNamed) => takers[api].refusals.add(eventId, isNamed),
      refuseNothing,
      revokeToken: (api) => {
        takers[api].isRevoked = true
      },
      restoreToken: (api) => {
        takers[api].isRevoked = false
      },
      whatsapp,
    }),
  }
}

function byApi<T>(make: (api: ConversionApi) => T): Record<ConversionApi, T> {
  return {
    meta_conversions: make('meta_conversions'),
    google_data_manager: make('google_data_manager'),
    google_ads_conversions: make('google_ads_conversions'),
    tiktok_conversions: make('tiktok_conversions'),
    snapchat_conversions: make('snapchat_conversions'),
    whatsapp: make('whatsapp'),
  }
}

const credentialsOf = ({ clientId, clientSecret, refreshToken }: OauthCredentials) => ({
  meta: { pixel_id: META.id, access_token: META.accessToken },
  google: {
    customer_id: GOOGLE.customerId,
    conversion_action_id: GOOGLE.actions[0],
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  },
  tiktok: { pixel_code: TIKTOK.id, access_token: TIKTOK.accessToken },
  snapchat: { pixel_id: SNAPCHAT.id, access_token: SNAPCHAT.accessToken },
  whatsapp: {
    phone_number_id: WHATSAPP.id,
    access_token: WHATSAPP.accessToken,
    webhook_verify_token: WHATSAPP_SECRETS.verifyToken,
    app_secret: WHATSAPP_SECRETS.appSecret,
  },
})

const RefuseBody = z.strictObject({
  api: z.enum(CONVERSION_APIS),
  event_id: z.string().min(1).max(256),
  is_named: z.boolean().default(false),
})

function createControl(
  takers: Readonly<Record<ConversionApi, EventTaker>>,
  counts: SandboxConversions['counts'],
  refuseNothing: () => void,
  { sent, webhook }: SandboxConversions['whatsapp'],
): Hono {
  return new Hono()
    .get('/', (c) => c.json({ counts: counts() }))
    .post('/refuse', async (c) => {
      const asked = RefuseBody.safeParse(parseJson(await c.req.text()))
      if (!asked.success) return c.json({ error: 'bad_request', issues: asked.error.issues }, 400)
      const { api, event_id, is_named } = asked.data
      takers[api].refusals.add(event_id, is_named)
      return c.json({ refused: asked.data }, 201)
    })
    .delete('/refuse', (c) => {
      refuseNothing()
      return c.body(null, 204)
    })
    .get('/whatsapp/:status', (c) => {
      const last: SentMessage | undefined = sent.at(-1)
      return last ? c.json(webhook(last, c.req.param('status'))) : c.json({ error: 'nothing was sent' }, 404)
    })
}
