export { createTradeDeskConnector, type TradeDeskMemo } from './connector.ts'
