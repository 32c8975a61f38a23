export { checkRange } from './dates.ts'
export { type CronSchedule, nextRunMs, runSchedules } from './schedules.ts'
export { retryDue, type SyncDeps, settleLeftOver, settleSyncs, startSynchronisation } from './sync-jobs.ts'
