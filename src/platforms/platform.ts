import type { HttpRequest, HttpResponse } from '../http.ts'

/** The platforms that take bids. */
export const PLATFORMS = ['google_ads', 'meta', 'tradedesk'] as const
export type PlatformName = (typeof PLATFORMS)[number]

/**
 * One answer of a platform, classed by its own error table.
 *
 * - `ok`: done; `body` is the parsed JSON, `undefined` where the platform sends none.
 * - `refused`: a definite no that repeating will not change.
 * - `throttled`: over a quota; nothing was done. `retryAfterMs` from the answer, or the platform's usual wait.
 * - `auth_expired`: the access token is too old; a fresh one may pass. Nothing was done.
 * - `auth_lost`: the grant is gone (revoked, suspended, permission lost); a person must act. Nothing was done.
 * - `not_applied`: a passing failure of which the platform says that nothing was changed.
 * - `transient`: failed on their side; a write may or may not have been applied.
 */
export type Answer =
  | { readonly is: 'ok'; readonly body: unknown }
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'throttled'; readonly detail: string; readonly retryAfterMs: number }
  | { readonly is: 'auth_expired'; readonly detail: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'not_applied'; readonly detail: string }
  | { readonly is: 'transient'; readonly detail: string }

/** What is true of an ad API whoever calls it. Pure: no clock, no I/O, no logging. */
export interface Platform {
  readonly name: PlatformName
  /** Adds the platform's authentication to a request. */
  authorize(request: HttpRequest, accessToken: string): HttpRequest
  /** Classes an answer. `detail` never carries credentials. @param nowMs wall clock, for dates in headers */
  read(response: HttpResponse, nowMs: number): Answer
  /** Share of the platform's own quota that its usage headers say is used (0..1, may exceed 1); undefined without them. */
  usedShare(headers: HttpResponse['headers']): number | undefined
}
