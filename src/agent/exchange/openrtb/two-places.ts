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

/**
 * Values of a signal in both of its places. `null` and an empty text or list count as absent.
 * @param owner the object of the request that has the signal
 */
export function inBothPlaces(signal: TwoPlaced, owner: unknown): readonly unknown[] {
  const newer = object<Record<string, unknown>>(owner, OWNERS[signal])
  if (!newer) return NOTHING
  const older = object<Record<string, unknown>>(newer['ext'], `${OWNERS[signal]}.ext`)
  const [first, second] = [newer[signal], older?.[signal]]
  if (saysNothing(first)) return saysNothing(second) ? NOTHING : [second]
  return saysNothing(second) ? [first] : [first, second]
}

const saysNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
