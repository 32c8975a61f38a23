import type { RateLimit } from '../../shield/index.ts'

/** Where a platform's API is, and for how long. */
export interface ApiFacts {
  /** Origin of the API. */
  readonly url: string
  /** Version in the path. */
  readonly version: string
  /** Versions with a known end, oldest first, as published by November 2026. */
  readonly versions: readonly VersionLife[]
  /**
   * Our own limit: calls per window. The platforms' quotas are larger, unpublished or counted in another way; their
   * refusals and usage headers lower this limit at run time.
   */
  readonly rateLimit: RateLimit
}

export interface VersionLife {
  /** Version in the path. */
  readonly version: string
  /** ISO date on which the version stops or stopped answering; undefined while the vendor has not named one. */
  readonly endsOn: string | undefined
}

export type Sunset =
  | { readonly is: 'dated'; readonly endsOn: string }
  | { readonly is: 'not_announced' }
  | { readonly is: 'not_in_calendar' }

/** End of a version. The caller compares it with the clock. */
export function sunsetIn({ versions }: ApiFacts, version: string): Sunset {
  const life = versions.find((known) => known.version === version)
  if (!life) return { is: 'not_in_calendar' }
  return life.endsOn === undefined ? { is: 'not_announced' } : { is: 'dated', endsOn: life.endsOn }
}
