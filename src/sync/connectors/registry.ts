import { createAmazonDsp } from './amazon-dsp/index.ts'
import { createDv360 } from './dv360/index.ts'
import { createGa4 } from './ga4/index.ts'
import { createGoogleAds } from './google-ads/index.ts'
import { createMeta } from './meta/index.ts'
import type { ConnectorType, CreateReadConnector } from './read-connector.ts'
import { createResend } from './resend/index.ts'
import { createSheets } from './sheets/index.ts'
import { createTradeDesk } from './tradedesk/index.ts'

/** Every platform that is read; a line each. */
export const READ_CONNECTORS: Partial<Record<ConnectorType, CreateReadConnector>> = {
  AMAZON_DSP: createAmazonDsp,
  DV360: createDv360,
  GA4: createGa4,
  GOOGLE_ADS: createGoogleAds,
  META: createMeta,
  RESEND: createResend,
  SHEETS: createSheets,
  TTD: createTradeDesk,
}
