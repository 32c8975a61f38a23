export type { GoogleAdsAccount, GoogleAuth, MetaAccount, TradeDeskAccount } from './accounts.ts'
export type { BidIntent, Verification } from './connector.ts'
export {
  type ConnectorDeps,
  type ConnectorType,
  createConnector,
  type PlatformSettings,
  type SmartConnectorDeps,
  type Target,
} from './factory.ts'
export type { PlatformConnector, PlatformStatus } from './platform-connector.ts'
export type { SmartConnector, SmartStatus } from './smart.ts'
