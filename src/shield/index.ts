export { type KeptOutcomes, readOutcomes, writeOutcomes } from './budget/bounded/kept-outcomes.ts'
export type { Billed } from './budget/client/budget-manager.ts'
export {
  BudgetManager,
  type BudgetManagerOptions,
  type Ending,
  type HoldResult,
} from './budget/client/budget-manager.ts'
export type { Hold } from './budget/client/hold.ts'
export { HoldBook, type HoldEntry } from './budget/client/hold-book.ts'
export {
  freeUnheld,
  type RecordedHold,
  type RecordedHolds,
  type RecordedOwner,
} from './budget/client/recover-forfeits.ts'
export type { Scope } from './budget/client/scope.ts'
export { SharedTally, type TallyFigures } from './budget/client/shared-tally.ts'
export { type LimitStats, type ScopeStats, tightest } from './budget/client/stats.ts'
export type { LinkState } from './budget/client/store-link.ts'
export type { Room, Short, Veto } from './budget/client/veto.ts'
export type { HoldTerms, OnExpiry } from './budget/hold-terms.ts'
export {
  boundedTo,
  type HoldMode,
  type HoldModeNow,
  MAX_OVERSPEND_PROBABILITY,
  STRICT,
  WHY_STRICT,
} from './budget/protocol/hold-mode.ts'
export type { JournalReader } from './budget/protocol/journal.ts'
export type { LimitSpec } from './budget/protocol/limit-spec.ts'
export type { HandleMessage, OwnerMessages } from './budget/protocol/owner-messages.ts'
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
} from './budget/protocol/store.ts'
export { MemoryStore } from './budget/stores/memory-store.ts'
export { openStore, patiently, type StoreSettings } from './budget/stores/open-store.ts'
export { type RedisClient, reach, redisClient } from './budget/stores/redis/redis-client.ts'
export { RedisStore, type RedisStoreOptions } from './budget/stores/redis/redis-store.ts'
export { exportJournal } from './budget/stores/sqlite/journal-export.ts'
export { verifyLedger } from './budget/stores/sqlite/journal-verify.ts'
export { type CallLimits, createCallLimits } from './call-limits.ts'
export {
  BREAKER_STATES,
  type BreakerAnswer,
  type BreakerOptions,
  type BreakerState,
  CircuitBreaker,
  DEFAULT_BREAKER,
  type Passage,
  type Verdict,
} from './circuit-breaker.ts'
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
export { type Admission, limitDetail, PRIORITIES, type Priority, type RateLimit } from './rate-limit.ts'
export { RateLimiter } from './rate-limiter.ts'
export { stoppedError, vetoError } from './stopped-error.ts'
