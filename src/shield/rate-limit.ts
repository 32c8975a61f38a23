/** Kinds of calls to a platform, most important first. Only the first two may use the last tenth of a limit. */
export const PRIORITIES = [
  'lowering',
  'bid',
  'read_premium',
  'read',
  'scheduled',
  'retry',
  'backfill',
] as const
export type Priority = (typeof PRIORITIES)[number]

/** A maximum of calls over a sliding window. A call is one HTTP request to the platform. */
export interface RateLimit {
  readonly calls: number
  readonly windowMs: number
  /** The limit may be exceeded while the platform reports that its own quota has room; see {@link RateLimiter}. */
  readonly yields?: boolean
}

export type Admission =
  | { readonly is: 'admitted' }
  /**
   * `detail` is set if the reason is not the limit but the budget store, which grants no calls; `isPlatforms` if it is a
   * pause that the platform has asked for.
   */
  | {
      readonly is: 'limited'
      readonly retryAfterMs: number
      readonly detail?: string
      readonly isPlatforms?: boolean
    }

/** Says who refuses: the platform or our own limit. Not for refusals by the budget store, which have a `detail`. */
export const limitDetail = ({ isPlatforms }: { readonly isPlatforms?: boolean | undefined }): string =>
  isPlatforms ? 'the platform has asked for a pause' : 'our own limit of calls is reached'
