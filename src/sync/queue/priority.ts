import type { Priority } from '../../shield/index.ts'

/** Why a fetch is asked for, as the queue and the limiter rank it. */
export const QUEUE_PRIORITIES = { premium: 1, manual: 2, scheduled: 3, retry: 4, backfill: 5 } as const
export type QueuePriority = (typeof QUEUE_PRIORITIES)[keyof typeof QUEUE_PRIORITIES]

/**
 * A job waits this much longer per step down. What has waited that long is as urgent as a fresh job one step up, so none
 * starves, and the order is known when a job is stored: no counting up while it waits.
 */
const STEP_MS = 600_000

/** The moment by which jobs are ordered. */
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

/** A stored priority; what is unknown counts as the least. */
export const asPriority = (value: number): QueuePriority => (isPriority(value) ? value : 5)
