import type { ConversionConnector, ConversionPlatform } from './conversions/index.ts'
import { googleConversions } from './google-ads/conversions.ts'
import { metaConversions } from './meta/conversions.ts'
import { snapchatConversions } from './snapchat/conversions.ts'
import { tiktokConversions } from './tiktok/conversions.ts'

/** How each platform gets conversions. Credentials are what the connector's own schema has made of them. */
export const conversionConnectors: Readonly<Record<ConversionPlatform, ConversionConnector<unknown>>> = {
  meta: metaConversions,
  google: googleConversions,
  tiktok: tiktokConversions,
  snapchat: snapchatConversions,
}
