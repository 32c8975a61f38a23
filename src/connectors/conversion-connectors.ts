import type { ConversionConnector, ConversionPlatform } from './conversions/index.ts'
import { googleConversions } from './google-ads/conversions.ts'
import { metaConversions } from './meta/conversions.ts'
import { snapchatConversions } from './snapchat/conversions.ts'
import { tiktokConversions } from './tiktok/conversions.ts'

/** The conversion connector of each platform. It is given credentials that its own schema has parsed. */
export const conversionConnectors: Readonly<Record<ConversionPlatform, ConversionConnector<unknown>>> = {
  meta: metaConversions,
  google: googleConversions,
  tiktok: tiktokConversions,
  snapchat: snapchatConversions,
}
