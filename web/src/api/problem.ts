import { ProblemError } from '@bidwarden/client'

/** What has happened, and what to try. */
export interface Explained {
  readonly what: string
  /** Undefined where nothing but the service's own words helps. */
  readonly advice: string | undefined
  /** Milliseconds until the same call may succeed; undefined where that is never or unknown. */
  readonly retryAfterMs: number | undefined
}

/** What to try, by the code that the service refuses with. */
const ADVICE: Partial<Record<ProblemError['code'], string>> = {
  unauthorized: 'Sign in with an API key that the service knows.',
  forbidden: 'Sign in with a key that may do this, or ask the operator.',
  invalid_request: 'Correct the field that is named, then send again.',
  paused: 'Resume the budget, or release the stop, if it is safe to spend again.',
  changed_meanwhile: 'Look at what it is now, then change it from there.',
  budget_exceeded: 'Wait until spend leaves the window, or raise the limit on Budgets.',
  rate_limited: 'Wait a moment, then try again.',
  records_unavailable: 'Make room on the disk of DATA_DIR or mend it; stopping and lowering work meanwhile.',
  budget_store_unavailable: 'See whether the store of budgets (Redis or the disk) can be reached.',
  platform_unavailable: 'See the platform on Overview; bids go out again when its breaker closes.',
  platform_refused: 'Read what the platform says, and change the bid.',
  no_ltv_history: 'Send a predicted lifetime value: too little is known to decide without one.',
  currency_mismatch:
    'Amounts of an account and of its budgets have to be in one currency: use that of the account.',
  not_found: 'It may be too old to be remembered, or it was removed. Go back to the list.',
}

/** Whether there was no answer at all: what `fetch` throws then. */
export const isUnreachable = (thrown: unknown): boolean => thrown instanceof TypeError

/** Why a call has not done what it was to do, for people. */
export function explained(thrown: unknown): Explained {
  if (isUnreachable(thrown))
    return {
      what: 'The service does not answer',
      advice: 'See whether it runs and can be reached from here. Figures are asked for again by themselves.',
      retryAfterMs: undefined,
    }
  if (thrown instanceof ProblemError) {
    const advice =
      ADVICE[thrown.code] ??
      (thrown.status >= 500 ? 'Try again; the log of the service says more.' : undefined)
    return { what: thrown.detail, advice, retryAfterMs: thrown.retryAfterMs }
  }
  const what = thrown instanceof Error ? thrown.message : String(thrown)
  return {
    what,
    advice: 'Load the page again; what stands here helps who mends it.',
    retryAfterMs: undefined,
  }
}
