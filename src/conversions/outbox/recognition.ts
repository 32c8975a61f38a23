import type { ConversionLimits } from '../../connectors/index.ts'

/**
 * So long before a platform forgets an event nothing is sent any more that it may have: a batch is looked at before it is sent, and with a
 * bad event in it may take a hundred calls of up to 30 s each.
 */
const LAST_SENDING_MS = 3_600_000

/**
 * Whether an event that the platform may have taken would be counted twice if it were sent now.
 * @param unknownSinceMs Unix time of the first call of which nobody knows the outcome; null where there is none
 */
export const mayCountTwice = (
  { deduplicationMs }: Pick<ConversionLimits, 'deduplicationMs'>,
  unknownSinceMs: number | null,
  nowMs: number,
): boolean => unknownSinceMs !== null && nowMs - unknownSinceMs > deduplicationMs - LAST_SENDING_MS
