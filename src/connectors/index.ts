export { CALL_TERMS } from './bidding/call-terms.ts'
export { type ConnectorDeps, createConnector, type SmartConnectorDeps } from './bidding/factory.ts'
export type { PlatformConnector, PlatformStatus } from './bidding/platform-connector.ts'
export type { SmartConnector, SmartStatus } from './bidding/smart.ts'
export type { ConnectorTarget, PlatformSettings } from './bidding/target.ts'
export { refreshedToken } from './bidding/token-refresh.ts'
export { type Bounds, DEFAULT_BOUNDS } from './conversation/bounds.ts'
export { type Breakers, type Calling, createBreakers } from './conversation/breakers.ts'
export type { CallDeps, CallerOf } from './conversation/call.ts'
export {
  begin,
  type Conversation,
  converse,
  converseNow,
  type Listener,
  type Signals,
  type Talked,
} from './conversation/converse.ts'
export { asGrantCheck, createGrantCheck } from './conversation/grant-check.ts'
export { type Health, HealthRecord } from './conversation/health.ts'
export type { LimitedAccount, LimitStatus, Limits } from './conversation/limits.ts'
export { type Channel, type Result, sendRequest } from './conversation/send-request.ts'
export type { ConnectionTokens, Token, TokenSource } from './conversation/token-source.ts'
export { conversionConnectors } from './conversion-connectors.ts'
export type * from './conversions/conversion-connector.ts'
export {
  EXTINFO_PARTS,
  e164,
  isPlaceholder,
  isPlaceholderOfId,
  isRegion,
  type LeftOut,
  type ReadPerson,
  readPerson,
} from './conversions/index.ts'
export { GOOGLE_TOKEN_URL } from './google/oauth.ts'
export type { GoogleAdsAccount, GoogleAuth } from './google-ads/account.ts'
export type { MetaAccount } from './meta/account.ts'
export type { Answer } from './platform/answer.ts'
export type { BidIntent, Verification } from './platform/bids.ts'
export { Caveats, reasonOf } from './platform/caveats.ts'
export type {
  AccountRef,
  Auth,
  CallLimit,
  CampaignChange,
  Connector,
  CreateConnector,
  DateRange,
  OauthClient,
  PlatformAccount,
  ReportResult,
  ReportSpec,
  SpendReport,
  Upserted,
} from './platform/connector.ts'
export {
  bidPlatformOf,
  CONNECTOR_TYPES,
  type ConnectorType,
  otherNames,
  PLATFORMS,
  type PlatformName,
  typeNamed,
} from './platform/ids.ts'
export type { Cell, Json, Row } from './platform/rows.ts'
export { EVERY_CALL, type Talk, TalkRefused, WRITES } from './platform/steps.ts'
export {
  type CommonSource,
  commonReportNames,
  commonSources,
  describeFields,
  ownFields,
  ownReport,
} from './reading/common-names.ts'
export { dateIn, daysOf, zoneOf } from './reading/dates.ts'
export { costOf } from './reading/figures.ts'
export { inHalves } from './reading/halves.ts'
export { connectorMaker, PLATFORM_DEFAULTS, sunsetOf } from './registry.ts'
export type { TradeDeskAccount } from './tradedesk/account.ts'
export {
  type MessageAnswer,
  MessageTemplate,
  readMessage,
  readWhatsAppTest,
  recipientOf,
  sendMessage,
  testWhatsApp,
  WHATSAPP_API,
  WHATSAPP_API_NAME,
  WHATSAPP_LIMITS,
  WhatsAppCredentials,
} from './whatsapp/messages.ts'
export {
  challengeOf,
  isSigned,
  laterStatus,
  MESSAGE_STATUSES,
  type MessageStatus,
  numbersNamed,
  type StatusUpdate,
  statusesIn,
} from './whatsapp/webhook.ts'
