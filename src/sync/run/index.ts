export { type Breakers, type Calling, createBreakers } from './breakers.ts'
export type { CallDeps, CallerOf } from './call.ts'
export {
  begin,
  type Conversation,
  converse,
  converseNow,
  type Listener,
  type Signals,
  type Talked,
} from './converse.ts'
export { type Health, HealthRecord } from './health.ts'
export {
  type Account,
  createLimits,
  forgetOldWindows,
  type LimitStatus,
  type Limits,
  type SharedLimiter,
} from './limits.ts'
