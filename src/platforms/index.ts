export { amazon } from './amazon.ts'
export { GOOGLE_TOKEN_URL, PLATFORM_DEFAULTS, type PlatformDefaults } from './defaults.ts'
export { detailOf } from './detail.ts'
export { dv360 } from './dv360.ts'
export { ga4 } from './ga4.ts'
export { type GoogleMicros, googleAds, googleAdsErrors, toGoogleMicros } from './google-ads.ts'
export { GOOGLE_OAUTH } from './google-oauth.ts'
export { at, listAt, numberAt, textAt } from './json.ts'
export { fromMetaUnits, type MetaUnits, meta, toMetaUnits } from './meta.ts'
export { type Answer, PLATFORMS, type Platform, type PlatformName } from './platform.ts'
export { resend } from './resend.ts'
export { sheets } from './sheets.ts'
export {
  type Cpm,
  TRADE_DESK_READS,
  type TradeDeskMoney,
  toCpm,
  toTradeDeskMoney,
  tradeDesk,
} from './trade-desk.ts'
export { type Sunset, sunsetOf, VERSION_CALENDAR, type VersionLife } from './versions.ts'
