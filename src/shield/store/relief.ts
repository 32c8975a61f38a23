import type { Limit, LimitSpec } from '../limits.ts'

/** Until `wanted` could be granted beside what is promised, if nobody gives anything back; Infinity for never. */
export function reliefInMs(
  limits: readonly Limit[],
  nowMs: number,
  promised: number,
  wanted: number,
): number {
  let waitMs = 0
  for (const { spec, window } of limits) {
    const spent = window.sum(nowMs)
    const tooMuch = spent + promised + wanted - spec.max
    if (tooMuch <= 0) continue
    if (wanted > spec.max) return Number.POSITIVE_INFINITY
    waitMs = Math.max(waitMs, tooMuch <= spent ? window.reliefInMs(nowMs, tooMuch) : wholeWindowMs(spec))
  }
  return waitMs
}

/** Where promised money itself is in the way, it is taken as spent now. */
function wholeWindowMs(spec: LimitSpec): number {
  switch (spec.kind) {
    case 'sliding':
      return spec.windowMs
    case 'day':
      return 24 * 3_600_000
    case 'lifetime':
      return Number.POSITIVE_INFINITY
  }
}
