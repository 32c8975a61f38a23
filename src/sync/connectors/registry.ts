import { createGa4 } from './ga4/index.ts'
import { createGoogleAds } from './google-ads/index.ts'
import { createMeta } from './meta/index.ts'
import type { ConnectorType, CreateReadConnector } from './read-connector.ts'
import { createSheets } from './sheets/index.ts'
import { createTradeDesk } from './tradedesk/index.ts'

/** Every platform that is read; a line each. */
export const READ_CONNECTORS: Partial<Record<ConnectorType, CreateReadConnector>> = {
  GA4: createGa4,
  GOOGLE_ADS: createGoogleAds,
  META: createMeta,
  SHEETS: createSheets,
  TTD: createTradeDesk,
}
