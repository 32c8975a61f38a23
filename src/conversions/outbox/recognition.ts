import type { ConversionLimits } from '../../connectors/index.ts'

/**
 * How long before a platform forgets an event id we stop sending events that it may already have, in milliseconds. A
 * batch is checked before it is sent, and with a bad event in it sending may take 100 calls of up to 30 s each.
 */
const LAST_SENDING_MS = 3_600_000

/**
 * Whether the platform might count an event twice if it were sent now, because it may have taken it before and has
 * forgotten its id.
 * @param unknownSinceMs Unix time of the first call with an unknown outcome; null if there is none
 */
export const mayCountTwice = (
  { deduplicationMs }: Pick<ConversionLimits, 'deduplicationMs'>,
  unknownSinceMs: number | null,
  nowMs: number,
): boolean => unknownSinceMs !== null && nowMs - unknownSinceMs > deduplicationMs - LAST_SENDING_MS
