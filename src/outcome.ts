/**
 * What an operation on a platform came to, seen by the money that is held for it.
 *
 * - `refused`: the platform said no for good; nothing changed there.
 * - `throttled`: too many calls; nothing changed, try again after `retryAfterMs`.
 * - `auth_lost`: the credentials no longer work; nothing changed.
 * - `unavailable`: it failed before anything could change there.
 * - `unknown`: a write left us and no answer says what became of it. It counts as done.
 */
export type Failure =
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'throttled'; readonly detail: string; readonly retryAfterMs: number }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'unavailable'; readonly detail: string }
  | { readonly is: 'unknown'; readonly detail: string }

export type Outcome<T> = { readonly is: 'accepted'; readonly value: T } | Failure
