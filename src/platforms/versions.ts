import type { PlatformName } from './platform.ts'

export interface VersionLife {
  /** As it stands in the path. */
  readonly version: string
  /** ISO date on which the version stops or stopped answering; undefined while the vendor has not named one. */
  readonly endsOn: string | undefined
}

/**
 * The API versions whose fate is known, oldest first, as published by November 2026: Google Ads `docs/sunset-dates`,
 * Meta `marketing-api-changelog/versions` (Marketing versions, which live shorter than the Graph's). A version of
 * either lives about a year. The Trade Desk's v3 has no dates; HTTP 410 is its signal.
 */
export const VERSION_CALENDAR: Readonly<Record<PlatformName, readonly VersionLife[]>> = {
  google_ads: [
    { version: 'v15', endsOn: '2024-09-25' },
    { version: 'v20', endsOn: '2026-06-10' },
    { version: 'v22', endsOn: '2026-10-07' },
    { version: 'v23', endsOn: undefined },
    { version: 'v24', endsOn: undefined },
    { version: 'v25', endsOn: undefined },
    { version: 'v26', endsOn: undefined },
  ],
  meta: [
    { version: 'v23.0', endsOn: '2026-06-09' },
    { version: 'v24.0', endsOn: '2026-10-06' },
    { version: 'v25.0', endsOn: undefined },
    { version: 'v26.0', endsOn: undefined },
  ],
  tradedesk: [{ version: 'v3', endsOn: undefined }],
}

export type Sunset =
  | { readonly is: 'dated'; readonly endsOn: string }
  | { readonly is: 'not_announced' }
  | { readonly is: 'not_in_calendar' }

/** What the calendar says of a version's end. Whether that day has come is for the caller's clock. */
export function sunsetOf(platform: PlatformName, version: string): Sunset {
  const life = VERSION_CALENDAR[platform].find((known) => known.version === version)
  if (!life) return { is: 'not_in_calendar' }
  return life.endsOn === undefined ? { is: 'not_announced' } : { is: 'dated', endsOn: life.endsOn }
}
