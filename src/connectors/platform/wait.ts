/**
 * Longest wait that is believed, in milliseconds: no quota of these platforms lasts longer than a day, so a longer one
 * must be a mistake.
 */
const MAX_WAIT_MS = 86_400_000

/** The longest wait that an answer asks for, in milliseconds, 0 up to a day; undefined when it asks for none. */
export function longestWaitMs(waitsMs: readonly (number | undefined)[]): number | undefined {
  const asked = waitsMs.filter((wait) => wait !== undefined).filter(Number.isFinite)
  return asked.length > 0 ? Math.min(MAX_WAIT_MS, Math.max(0, ...asked)) : undefined
}
