export { createGoogleAdsConnector, type GoogleAdsMemo } from './connector.ts'
