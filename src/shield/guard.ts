import type { Micros } from '../money.ts'
import type { Outcome } from '../outcome.ts'
import type { BudgetManager } from './budget/client/budget-manager.ts'
import type { Hold } from './budget/client/hold.ts'
import type { Scope } from './budget/client/scope.ts'
import type { Veto } from './budget/client/veto.ts'
import type { HoldTerms } from './budget/hold-terms.ts'
import type { CircuitBreaker, Verdict } from './circuit-breaker.ts'
import type { Admission, Priority } from './rate-limit.ts'
import type { RateLimiter } from './rate-limiter.ts'

/** What a call has to pass: limiter and breaker of its platform, and the budget that all platforms share. */
export interface GuardDeps {
  readonly limiter: Pick<RateLimiter, 'admits'>
  readonly breaker: Pick<CircuitBreaker, 'enter'>
  readonly budget: BudgetManager
}

/** @param hold the hold of the call; undefined for a call that spends nothing */
export type BeforeCall = (hold: Hold | undefined) => Promise<void>

/** Money that a call may spend. */
export interface Spend {
  /** Id of the hold. A call with the same id is not made again: it is answered `repeated`. */
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly amount: Micros
  readonly terms: HoldTerms
  readonly priority: Priority
  /** The last step before the call, such as writing a record. If it rejects, the call is not made and nothing is spent. */
  readonly before?: BeforeCall | undefined
}

/** The result of a platform call: its outcome, and what it says about the platform's health. */
export interface Called<T> {
  readonly outcome: Outcome<T>
  readonly verdict: Verdict
  /** Milliseconds of the slowest request of the call, without time spent waiting for our own limiter. */
  readonly latencyMs: number
}

/** Why a call was not made. It leaves no hold behind. */
export type NotCalled =
  | Extract<Admission, { is: 'limited' }>
  | { readonly is: 'breaker_open'; readonly retryAfterMs: number }
  | { readonly is: 'vetoed'; readonly veto: Veto }
  | { readonly is: 'repeated'; readonly hold: Hold }
  /** {@link Spend.before} rejected with `error`. */
  | { readonly is: 'unready'; readonly error: unknown }

export type Guarded<T> = Outcome<T> | NotCalled

/**
 * Makes a call that spends money. This is the only way to make one. The steps are: limiter, breaker, hold,
 * {@link Spend.before}, the call, and then settle (accepted or unknown) or release. The cheap refusals come first, so that
 * money is held only for a call that will be made. Rejects with the error of `call` if that throws; the hold is then settled.
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
    // The hold expired during the call and was settled as unknown. Now it is known that nothing was spent.
    else if (deps.budget.release(held) === 'already') deps.budget.credit(held)
    return outcome
  } catch (error) {
    // An error of our own during the call: the request may have been sent, so the money counts as spent.
    entry.passage.report('neutral', 0)
    deps.budget.settle(held, spend.amount)
    throw error
  }
}

/** Runs the step before a call; returns undefined when the call may be made. */
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

/** Whether the outcome spends money, or may have. */
function spends(outcome: Outcome<unknown>): boolean {
  return outcome.is === 'accepted' || outcome.is === 'unknown'
}
