import type { Step } from '../platform/steps.ts'

/** Most orders of one report whose making failed at the platform. A later order usually succeeds. */
export const MAX_ORDERS = 6
/** Milliseconds before the second order; each further failure doubles the wait. */
const FIRST_WAIT_MS = 10_000

/** Milliseconds before a report that failed `failed` times is ordered again. */
export const orderAgainMs = (failed: number): number => FIRST_WAIT_MS * 2 ** (failed - 1)

export const waitToOrderAgain = (ms: number): Step => ({ is: 'wait', ms, afterFailure: true })
