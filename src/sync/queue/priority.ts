import type { Priority } from '../../shield/index.ts'

/** Priorities of fetches for the queue and the limiter; lower numbers go first. */
export const QUEUE_PRIORITIES = { premium: 1, manual: 2, scheduled: 3, retry: 4, backfill: 5 } as const
export type QueuePriority = (typeof QUEUE_PRIORITIES)[keyof typeof QUEUE_PRIORITIES]

/**
 * Milliseconds that a job waits longer for each step down in priority. A job that has waited this long is as urgent as
 * a new one a step higher, so no job starves. The order is fixed when a job is stored.
 */
const STEP_MS = 600_000

/** The time by which jobs are ordered, in wall clock milliseconds. */
export const turnAtMs = (createdMs: number, priority: QueuePriority): number =>
  createdMs + (priority - 1) * STEP_MS

const LIMITER: Readonly<Record<QueuePriority, Priority>> = {
  1: 'read_premium',
  2: 'read',
  3: 'scheduled',
  4: 'retry',
  5: 'backfill',
}

export const limiterPriority = (priority: QueuePriority): Priority => LIMITER[priority]

const isPriority = (value: number): value is QueuePriority => value in LIMITER

/** Reads a stored priority; an unknown one is the lowest. */
export const asPriority = (value: number): QueuePriority => (isPriority(value) ? value : 5)
