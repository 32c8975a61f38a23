export type { MetaMemo } from './bid.ts'
export { createMetaConnector } from './connector.ts'
