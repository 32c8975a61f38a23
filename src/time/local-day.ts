import { DateTime } from 'luxon'

/**
 * The first moment of a local day, in milliseconds since the epoch. Where a time change leaves out midnight, that is later,
 * such as one o'clock.
 *
 * @param wallMs a time of the day that is counted from, in milliseconds since the epoch
 * @param timezone an IANA name
 * @param daysLater 0 for that day, 1 for the next one, -1 for the one before
 */
export const startOfDay = (wallMs: number, timezone: string, daysLater = 0): number =>
  DateTime.fromMillis(wallMs, { zone: timezone })
    .startOf('day')
    .plus({ days: daysLater })
    .startOf('day')
    .toMillis()
