/**
 * The outcome of an operation on a platform, as it matters to the money that is held for it.
 *
 * - `refused`: the platform refused for good; nothing changed there.
 * - `throttled`: too many calls; nothing changed, try again after `retryAfterMs`.
 * - `auth_lost`: the credentials no longer work; nothing changed.
 * - `unavailable`: it failed before anything could change there.
 * - `unknown`: a write was sent and no answer says whether it was applied. It counts as done.
 */
export type Failure =
  | { readonly is: 'refused'; readonly detail: string }
  /** `isStoreAway`: the reason is not a limit but the budget store, which grants no calls now. */
  | {
      readonly is: 'throttled'
      readonly detail: string
      readonly retryAfterMs: number
      readonly isStoreAway?: boolean
    }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string }

export type Outcome<T> = { readonly is: 'accepted'; readonly value: T } | Failure
