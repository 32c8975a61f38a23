export { BudgetManager, type BudgetManagerOptions, type Ending, type HoldResult } from './budget-manager.ts'
export type { Billed } from './budgets.ts'
export { type CallLimits, createCallLimits } from './call-limits.ts'
export {
  type BreakerAnswer,
  type BreakerOptions,
  type BreakerState,
  CircuitBreaker,
  DEFAULT_BREAKER,
  type Passage,
  type Verdict,
} from './circuit-breaker.ts'
export { freeUnheld, type RecordedHold, type RecordedHolds, type RecordedOwner } from './forfeits.ts'
export {
  type BeforeCall,
  type Called,
  type GuardDeps,
  type Guarded,
  guard,
  type NotCalled,
  prepare,
  type Spend,
} from './guard.ts'
export type { Hold, HoldTerms, OnExpiry } from './hold.ts'
export { HoldBook, type HoldEntry } from './hold-book.ts'
export {
  type HoldMode,
  type HoldModeNow,
  MAX_OVERSPEND_PROBABILITY,
} from './hold-mode.ts'
export type { LimitSpec } from './limits.ts'
export { type Admission, PRIORITIES, type Priority, type RateLimit, RateLimiter } from './rate-limiter.ts'
export type { Scope } from './scope.ts'
export { SharedTally, type TallyFigures } from './shared-tally.ts'
export { type LimitStats, type ScopeStats, tightest } from './stats.ts'
export { stoppedError, vetoError } from './stopped-error.ts'
export { exportJournal, type JournalReader } from './store/journal-export.ts'
export { verifyLedger } from './store/journal-verify.ts'
export type { HandleLetter, OwnerMail } from './store/mail.ts'
export { MemoryStore } from './store/memory-store.ts'
export { openStore, type StoreSettings } from './store/open-store.ts'
export { type RedisClient, reach, redisClient } from './store/redis-client.ts'
export { RedisStore, type RedisStoreOptions } from './store/redis-store.ts'
export {
  type Bill,
  type BillReply,
  type BudgetStore,
  type Control,
  type ForfeitDesk,
  type KillSwitch,
  type PauseState,
  type ScopeDefinition,
  StoreUnavailable,
  type SyncLine,
  type SyncReply,
} from './store/store.ts'
export type { LinkState } from './store-link.ts'
export type { Short, Veto } from './veto.ts'
