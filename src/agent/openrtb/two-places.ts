import { NOTHING, object } from './fields.ts'

/** Signals that 2.6 has as a field and 2.5 as one of `ext`, by the object they belong to. */
type TwoPlaced = 'gdpr' | 'us_privacy' | 'gpp' | 'gpp_sid' | 'dsa' | 'consent' | 'eids'

/** What is said of a signal in both of its places. `null` and an empty text or list say nothing. */
export function inBothPlaces(signal: TwoPlaced, parent: unknown, field: string): readonly unknown[] {
  const newer = object<Record<string, unknown>>(parent, field)
  if (!newer) return NOTHING
  const older = object<Record<string, unknown>>(newer['ext'], `${field}.ext`)
  const [first, second] = [newer[signal], older?.[signal]]
  if (saysNothing(first)) return saysNothing(second) ? NOTHING : [second]
  return saysNothing(second) ? [first] : [first, second]
}

const saysNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
