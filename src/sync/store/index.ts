export { StoreAway, type StoreState } from './availability.ts'
export { type Engine, openStore, type Store, type StoreAddress } from './open-store.ts'
export type * from './tables.ts'
export { REQUEST_STATUSES } from './tables.ts'
