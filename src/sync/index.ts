export {
  addKeyInFolder,
  createKeyring,
  type Keyring,
  keysInFolder,
  parseKeys,
  reseal,
} from './credentials/index.ts'
export { emit } from './events/index.ts'
export type { OauthClient } from './oauth/index.ts'
export type { OwnSpendOf, SpendSummary } from './reconcile/index.ts'
export type { FileStore } from './reports/index.ts'
export { type RunningSync, startSync } from './start-sync.ts'
export {
  type ConversionConnectionTable,
  type ConversionDeliveryTable,
  type ConversionEventTable,
  type ConversionMessageTable,
  DELIVERY_STATES,
  type DeliveryState,
  MESSAGE_STATES,
  type MessageState,
  openStore,
  type Store,
  type StoreAddress,
  StoreAway,
  type SyncDatabase,
  WORTH_STATES,
  type WorthState,
} from './store/index.ts'
export type { Sync } from './sync.ts'
export type { SyncOptions } from './sync-options.ts'
export { SYNC_TABLES } from './table-limits.ts'
export { MIN_HUB_CHARS } from './webhooks/index.ts'
