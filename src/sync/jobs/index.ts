export { checkRange } from './dates.ts'
export { nextRunMs, runSchedules, type Schedule } from './schedules.ts'
export { retryDue, type SyncDeps, settleLeftOver, settleSyncs, startSync } from './sync-jobs.ts'
