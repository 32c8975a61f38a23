import type { HoldEntry } from '../../src/shield/budget/client/hold-book.ts'
import type { RecordedHold, RecordedOwner } from '../../src/shield/index.ts'

/** What an owner's entries come to, one after the other. */
export function writtenOf(owner: string, entries: Iterable<HoldEntry>): RecordedOwner {
  const holds = new Map<number, RecordedHold>()
  let [upTo, highest] = [0, 0]
  for (const entry of entries) {
    if (entry.is === 'begun') {
      holds.set(entry.hold.number, entry.hold)
      upTo = Math.max(upTo, entry.hold.number)
    } else if (entry.is === 'settled') {
      const hold = holds.get(entry.number)
      if (hold) holds.set(entry.number, { ...hold, settledBefore: entry.settledBefore })
    } else if (entry.is === 'released') holds.delete(entry.number)
    else {
      for (const number of entry.numbers) holds.delete(number)
      highest = Math.max(highest, entry.counted)
    }
  }
  return { owner, upTo, counted: highest, holds: [...holds.values()] }
}
