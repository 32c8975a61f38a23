import type { Micros } from '../../../money.ts'

/** A maximum over a window. `timezone` is an IANA name. */
export type LimitSpec =
  | { readonly kind: 'sliding'; readonly windowMs: number; readonly max: Micros }
  | { readonly kind: 'day'; readonly timezone: string; readonly max: Micros }
  | { readonly kind: 'lifetime'; readonly max: Micros }
