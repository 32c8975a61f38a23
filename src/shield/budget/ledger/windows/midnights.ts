import { DateTime } from 'luxon'

/**
 * The beginnings of the local day at `wallMs` and of the two that follow, as milliseconds since the epoch. A day that has
 * no midnight begins with its first moment.
 *
 * @param timezone an IANA name
 */
export function midnightsAround(wallMs: number, timezone: string): readonly [number, number, number] {
  const day = DateTime.fromMillis(wallMs, { zone: timezone }).startOf('day')
  const beginning = (days: number) => day.plus({ days }).startOf('day').toMillis()
  return [day.toMillis(), beginning(1), beginning(2)]
}
