import type { Micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { BudgetManager } from './budget-manager.ts'
import type { CircuitBreaker, Verdict } from './circuit-breaker.ts'
import type { Hold, HoldTerms } from './hold.ts'
import type { Priority, RateLimiter } from './rate-limiter.ts'
import type { Scope } from './scope.ts'
import type { Veto } from './veto.ts'

/** What stands between a decision and a platform. Limiter and breaker are the platform's, the budget is everybody's. */
export interface GuardDeps {
  readonly limiter: Pick<RateLimiter, 'admits'>
  readonly breaker: Pick<CircuitBreaker, 'enter'>
  readonly budget: BudgetManager
}

/** @param hold what the call may spend; undefined where nothing is held for it */
export type BeforeCall = (hold: Hold | undefined) => Promise<void>

/** Money that a call may spend. */
export interface Spend {
  /** Names the hold; the same id again never spends twice. */
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly amount: Micros
  readonly terms: HoldTerms
  readonly priority: Priority
  /** The last step before the call, such as writing it down. When it rejects, nothing is called and nothing is spent. */
  readonly before?: BeforeCall | undefined
}

/** A platform call that has ended, and what it says of the platform's health. */
export interface Called<T> {
  readonly outcome: Outcome<T>
  readonly verdict: Verdict
  /** Of the slowest request, without our own waiting. */
  readonly latencyMs: number
}

/** Why a call was not made. Nothing is held. */
export type NotCalled =
  | { readonly is: 'limited'; readonly retryAfterMs: number }
  | { readonly is: 'breaker_open'; readonly retryAfterMs: number }
  | { readonly is: 'vetoed'; readonly veto: Veto }
  | { readonly is: 'repeated'; readonly hold: Hold }
  /** The step before the call failed with this. */
  | { readonly is: 'unready'; readonly error: unknown }

export type Guarded<T> = Outcome<T> | NotCalled

/**
 * The only way to a call that spends: limiter, breaker, hold, what comes before, call, and then settle, release, or settle
 * as unknown.
 * The cheap refusals come first, so that money is held only for a call that will be made.
 */
export async function guard<T>(
  deps: GuardDeps,
  spend: Spend,
  call: () => Promise<Called<T>>,
): Promise<Guarded<T>> {
  const admission = deps.limiter.admits(spend.priority)
  if (admission.is === 'limited') return admission

  const entry = deps.breaker.enter()
  if (entry.is === 'open') return { is: 'breaker_open', retryAfterMs: entry.retryAfterMs }

  const held = await deps.budget.holdSoon(spend.id, spend.scopes, spend.amount, spend.terms)
  if (held.is !== 'held') {
    entry.passage.report('neutral', 0)
    if (held.is === 'repeated' || held.is === 'id_reused') return { is: 'repeated', hold: held.hold }
    return { is: 'vetoed', veto: held }
  }

  const unready = await prepare(spend.before, held)
  if (unready) {
    entry.passage.report('neutral', 0)
    deps.budget.release(held)
    return unready
  }
  if (spend.terms.isRecorded) deps.budget.recorded(held)

  try {
    const { outcome, verdict, latencyMs } = await call()
    entry.passage.report(verdict, latencyMs)
    if (spends(outcome)) deps.budget.settle(held, spend.amount)
    // A call that outlived its hold was settled as unknown; now it is known that nothing was spent.
    else if (deps.budget.release(held) === 'already') deps.budget.credit(held)
    return outcome
  } catch (error) {
    // A fault of our own in the middle of a call: nobody knows what has left, so it counts as spent.
    entry.passage.report('neutral', 0)
    deps.budget.settle(held, spend.amount)
    throw error
  }
}

/** Takes the step before a call; undefined when the call may be made. */
export async function prepare(
  before: BeforeCall | undefined,
  hold?: Hold,
): Promise<(NotCalled & { is: 'unready' }) | undefined> {
  try {
    await before?.(hold)
    return undefined
  } catch (error) {
    return { is: 'unready', error }
  }
}

/** Whether the money is gone, or may be. */
function spends(outcome: Outcome<unknown>): boolean {
  return outcome.is === 'accepted' || outcome.is === 'unknown'
}
