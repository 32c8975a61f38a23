/**
 * What happens to a hold that expires before its outcome is known: `settle` for a platform call (unknown counts as
 * spent), `release` for an auction bid that no notice reported as won.
 */
export type OnExpiry = 'settle' | 'release'

export interface HoldTerms {
  readonly ttlMs: number
  readonly onExpiry: OnExpiry
  /** The hold is written to the records before it is used, so that the next start finds it: see {@link ForfeitBounds}. */
  readonly isRecorded?: boolean
}
