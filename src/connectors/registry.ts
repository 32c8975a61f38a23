import { createAmazonDsp } from './amazon-dsp/amazon-dsp.ts'
import { createDv360 } from './dv360/dv360.ts'
import { createGa4 } from './ga4/ga4.ts'
import { GOOGLE_ADS_API } from './google-ads/api.ts'
import { googleAdsBids } from './google-ads/bid.ts'
import { createGoogleAds } from './google-ads/google-ads.ts'
import { META_API } from './meta/api.ts'
import { metaBids } from './meta/bid.ts'
import { createMeta } from './meta/meta.ts'
import { type ApiFacts, type Sunset, sunsetIn } from './platform/api-facts.ts'
import type { CreateConnector } from './platform/connector.ts'
import { type ConnectorType, type PlatformId, type PlatformName, platformIdOf } from './platform/ids.ts'
import { createResend } from './resend/resend.ts'
import { createSheets } from './sheets/sheets.ts'
import { TRADE_DESK_API } from './tradedesk/api.ts'
import { tradeDeskBids } from './tradedesk/bid.ts'
import { createTradeDesk } from './tradedesk/tradedesk.ts'

/**
 * What can be done at a platform. `connect` makes the connector for connected accounts, which says itself whether it has
 * reports, changes campaigns, stores records or sends mail. `bids` are separate: they are placed on the one account of the
 * configuration, with credentials and a memo of their own types.
 */
interface Abilities {
  readonly connect: CreateConnector
  /** Where the configuration may name another address or version. */
  readonly api?: ApiFacts
  readonly bids?: object
}

/** Every platform. A new one is its folder, its names in `platform/ids.ts`, and a line here. */
export const REGISTRY = {
  amazon_dsp: { connect: createAmazonDsp },
  dv360: { connect: createDv360 },
  ga4: { connect: createGa4 },
  google_ads: { connect: createGoogleAds, api: GOOGLE_ADS_API, bids: googleAdsBids },
  meta: { connect: createMeta, api: META_API, bids: metaBids },
  resend: { connect: createResend },
  sheets: { connect: createSheets },
  tradedesk: { connect: createTradeDesk, api: TRADE_DESK_API, bids: tradeDeskBids },
} as const satisfies Readonly<Record<PlatformId, Abilities> & Record<PlatformName, Required<Abilities>>>

/** Makes the connector of a platform, by its name in the API. */
export const connectorMaker = (type: ConnectorType): CreateConnector => REGISTRY[platformIdOf(type)].connect

/** Addresses, versions and limits of the platforms that take bids; the configuration may name others. */
export const PLATFORM_DEFAULTS = {
  google_ads: REGISTRY.google_ads.api,
  meta: REGISTRY.meta.api,
  tradedesk: REGISTRY.tradedesk.api,
} as const satisfies Readonly<Record<PlatformName, ApiFacts>>

/** When a version of a platform's API ends. */

export const sunsetOf = (platform: PlatformName, version: string): Sunset =>
  sunsetIn(PLATFORM_DEFAULTS[platform], version)
