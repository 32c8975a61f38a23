import type { BudgetManager, Hold } from '../../shield/index.ts'
import type { Cancel, Clock } from '../../time/clock.ts'
import type { BidIntent, Verification } from '../platform/bids.ts'
import type { Operations } from './operations.ts'

export interface VerifierDeps {
  readonly clock: Clock
  readonly budget: BudgetManager
  readonly operations: Operations
  /** Called once per bid with the result of reading back. After `not_applied`, its spend has been credited. */
  readonly onVerified: (intent: BidIntent, verification: Verification) => void
}

export interface Verifier {
  /** Starts verifying a bid of unknown outcome. */
  verify(intent: BidIntent): void
  close(): void
}

/**
 * Milliseconds before each attempt to read back. The first is longer than any deadline that a platform gives a request,
 * so a write still running there has been applied or has failed by then.
 */
const ATTEMPTS_AFTER_MS = [30_000, 60_000, 120_000, 240_000]
/** Most bids waiting to be read back; bids beyond it stay spent without verification. */
const MAX_WAITING = 10_000

/** Verifies bids of unknown outcome: their money stays spent unless the platform shows no change. */
export function createVerifier({ clock, budget, operations, onVerified }: VerifierDeps): Verifier {
  const waiting = new Set<Cancel>()
  const { verifyBid } = operations

  /** @param hold passed along, since the budget forgets ended holds after a while */
  function attempt(intent: BidIntent, hold: Hold | undefined, number: number): void {
    const waitMs = ATTEMPTS_AFTER_MS[number]
    if (!verifyBid || waitMs === undefined || waiting.size >= MAX_WAITING) {
      onVerified(intent, 'unclear')
      return
    }
    const cancel = clock.after(waitMs, async () => {
      waiting.delete(cancel)
      const { outcome } = await verifyBid(intent)
      if (outcome.is !== 'accepted') return attempt(intent, hold, number + 1)
      if (outcome.value === 'not_applied' && hold) budget.credit(hold)
      onVerified(intent, outcome.value)
    })
    waiting.add(cancel)
  }

  return {
    verify: (intent) => attempt(intent, budget.find(intent.decisionId), 0),
    close() {
      for (const cancel of waiting) cancel()
      waiting.clear()
    },
  }
}
