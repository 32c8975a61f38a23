import { NOTHING, object } from './fields.ts'

/**
 * Signals that OpenRTB 2.6 has as a field and 2.5 as a field of `ext` in the same object, with the path of that object.
 */
const OWNERS = {
  // Not of the specification; SDKs send it there all the same.
  coppa: 'regs',
  gdpr: 'regs',
  us_privacy: 'regs',
  gpc: 'regs',
  gpp: 'regs',
  gpp_sid: 'regs',
  dsa: 'regs',
  consent: 'user',
  eids: 'user',
  schain: 'source',
  rwdd: 'imp',
  plcmt: 'imp.video',
} as const satisfies Record<string, string>

type TwoPlaced = keyof typeof OWNERS
/** Signals that are objects or lists of them. */
const OBJECTS: readonly TwoPlaced[] = ['dsa', 'eids', 'schain']

/**
 * Values of a signal in both of its places. `null` and an empty text, list or object count as absent; an empty object
 * does not where the signal is a flag or a text, and cannot be read there.
 * @param owner the object of the request that has the signal
 */
export function inBothPlaces(signal: TwoPlaced, owner: unknown): readonly unknown[] {
  const newer = object<Record<string, unknown>>(owner, OWNERS[signal])
  if (!newer) return NOTHING
  const older = object<Record<string, unknown>>(newer['ext'], `${OWNERS[signal]}.ext`)
  const isObject = OBJECTS.includes(signal)
  const [first, second] = [newer[signal], older?.[signal]]
  if (saysNothing(first, isObject)) return saysNothing(second, isObject) ? NOTHING : [second]
  return saysNothing(second, isObject) ? [first] : [first, second]
}

function saysNothing(value: unknown, isObject: boolean): boolean {
  if (value === undefined || value === null || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject && typeof value === 'object' && Object.keys(value).length === 0
}
