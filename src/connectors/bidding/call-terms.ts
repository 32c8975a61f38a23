import type { HoldTerms } from '../../shield/index.ts'

/**
 * Terms of the hold for a call to a platform: after this time its outcome counts as unknown. Longer than any conversation
 * with all its deadlines. A call that ends later still corrects what was settled.
 */
export const CALL_TERMS = { ttlMs: 120_000, onExpiry: 'settle' } as const satisfies HoldTerms
