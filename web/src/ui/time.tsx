import { clock, viewersZone } from './format.ts'

/** The zone of those whose clock the viewer does not have: what logs and platforms mostly write. */
const COMMON_ZONE = 'UTC'

/**
 * A time in the viewer's zone. Today's has no date; the whole of it is in its title.
 * @param zone the account's, which is shown beside it where it is another
 */
export function Time({ at, zone, style }: { at: string | number; zone?: string; style?: 'time' | 'full' }) {
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  const beside = zone !== undefined && zone !== viewersZone ? zone : undefined
  const other = beside ?? COMMON_ZONE
  return (
    <time dateTime={date.toISOString()} title={`${clock(date, other, 'full')} ${other}`}>
      {clock(date, undefined, style ?? (isToday ? 'time' : 'full'))}
      {beside !== undefined && (
        <span className="soft">
          {' '}
          ({clock(date, beside, 'time')} {beside})
        </span>
      )}
    </time>
  )
}
