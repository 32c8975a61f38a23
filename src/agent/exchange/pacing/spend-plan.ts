import { HOUR_MS } from './traffic-curve.ts'

export interface PlanInput {
  readonly mode: 'even' | 'ahead'
  /** The period over which the budget is spread: wall clock ms. */
  readonly startMs: number
  readonly endMs: number
  readonly nowMs: number
  /** Micros that are left for the rest of the period. */
  readonly left: number
  /** The most micros that the hour beginning at this time can spend; Infinity if unknown. */
  mostIn(hourMs: number): number
  /** The share, 0 to 1, of the hour beginning at this time in which the campaign may bid. */
  openIn(hourMs: number): number
}

export interface HourPlan {
  /** Micros to spend from now until `endMs`. */
  readonly micros: number
  /** End of the present hour or of the period, whichever is earlier. */
  readonly endMs: number
  /** Whether even all expected traffic is too little to spend what is left. */
  readonly isShort: boolean
}

/** By how much `ahead` exceeds an even pace at the beginning, and falls below it at the end, as a share. */
const AHEAD = 0.4

interface Slot {
  /** The slot's share of the budget relative to other slots, while its traffic can spend that. */
  readonly weight: number
  readonly most: number
}

/**
 * Plans the spend of the rest of the present hour. All hours get the same amount (with `ahead`, less and less) for each
 * minute that the campaign is open. What the traffic of an hour cannot spend is spread over the other hours.
 */
export function planHour(input: PlanInput): HourPlan {
  const { startMs, endMs, nowMs } = input
  const firstMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  const slots: Slot[] = []
  for (let hourMs = firstMs; hourMs < endMs; hourMs += HOUR_MS) {
    const [fromMs, untilMs] = [Math.max(hourMs, nowMs), Math.min(hourMs + HOUR_MS, endMs)]
    const part = (untilMs - fromMs) / HOUR_MS
    const time = part * input.openIn(hourMs)
    const passed = ((fromMs + untilMs) / 2 - startMs) / (endMs - startMs)
    const pace = input.mode === 'ahead' ? 1 + AHEAD - 2 * AHEAD * passed : 1
    slots.push({ weight: time * pace, most: time === 0 ? 0 : time * input.mostIn(hourMs) })
  }
  const { level, isShort } = fill(slots, input.left)
  const [first] = slots
  // The expected traffic of this hour only decides how the other hours are filled; the hour itself may spend more.
  const micros = isShort ? (first?.most ?? 0) : (first?.weight ?? 0) * level
  return { micros, endMs: Math.min(firstMs + HOUR_MS, endMs), isShort }
}

/** The level to which an amount fills all slots, like water in vessels of different heights. */
function fill(slots: readonly Slot[], amount: number): { level: number; isShort: boolean } {
  const open = slots.filter(({ weight }) => weight > 0)
  const byHeight = open.sort((a, b) => a.most / a.weight - b.most / b.weight)
  let left = amount
  let weight = open.reduce((sum, slot) => sum + slot.weight, 0)
  for (const slot of byHeight) {
    if (slot.most / slot.weight >= left / weight) return { level: left / weight, isShort: false }
    left -= slot.most
    weight -= slot.weight
  }
  return { level: 0, isShort: left > 0 }
}
