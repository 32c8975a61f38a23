import type { HttpRequest, HttpResponse } from '../../http/http.ts'

/**
 * An answer of a platform, classed by the platform's own error table.
 * - `ok`: done; `body` is the parsed JSON, `undefined` where the platform sends none.
 * - `refused`: a definite no that repeating will not change.
 * - `throttled`: over a quota; nothing was done. `retryAfterMs` is from the answer, or the platform's usual wait.
 * - `auth_expired`: the access token has expired; a new one may work. Nothing was done.
 * - `auth_lost`: the grant is gone (revoked, expired for good, without a scope); a person has to act. Nothing was done.
 * - `forbidden`: no permission. The answer does not say whether it concerns one object or the whole grant; the runner
 *   finds out. Nothing was done.
 * - `not_applied`: a passing failure of which the platform says that nothing was changed.
 * - `transient`: the platform failed; a write may or may not have been applied.
 * - `failed`: as `transient`, but only for this request, as a report that could not be made: no sign of the platform's
 *   health.
 */
export type Answer =
  | { readonly is: 'ok'; readonly body: unknown }
  | { readonly is: 'refused'; readonly detail: string }
  | { readonly is: 'throttled'; readonly detail: string; readonly retryAfterMs: number }
  | { readonly is: 'auth_expired'; readonly detail: string }
  | { readonly is: 'auth_lost'; readonly detail: string }
  | { readonly is: 'forbidden'; readonly detail: string }
  | { readonly is: 'not_applied'; readonly detail: string }
  | { readonly is: 'transient'; readonly detail: string }
  | { readonly is: 'failed'; readonly detail: string }

/** How requests to a platform are authorized and its answers classed. Pure: no clock, no I/O, no logging. */
export interface Protocol {
  /** Adds the platform's authentication to a request. */
  authorize(request: HttpRequest, accessToken: string): HttpRequest
  /**
   * Classes an answer by the platform's error table. `detail` never contains credentials.
   * @param nowMs wall clock, for dates in headers
   */
  read(response: HttpResponse, nowMs: number): Answer
  /** Used share of the platform's own quota, by the headers or the body; undefined where they do not say. */
  usedShare(response: HttpResponse): UsedShare | undefined
}

export interface UsedShare {
  /** Bucket whose quota it is; empty for that of this call. */
  readonly bucket: string
  /** 0 to 1; may exceed 1. */
  readonly share: number
}
