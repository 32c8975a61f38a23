import { HOUR_MS } from './traffic-curve.ts'

export interface PlanInput {
  readonly mode: 'even' | 'ahead'
  /** The period over which the budget is spread: wall clock ms. */
  readonly startMs: number
  readonly endMs: number
  readonly nowMs: number
  /** Micros that are left for the rest of the period. */
  readonly left: number
  /** Micros that the whole hour beginning there can spend at most; Infinity where that is not known. */
  mostIn(hourMs: number): number
  /** The share, 0 to 1, of the hour beginning there in which the campaign bids at all. */
  openIn(hourMs: number): number
}

export interface HourPlan {
  /** Micros to be spent from now until `endMs`. */
  readonly micros: number
  /** End of the present hour, or of the period. */
  readonly endMs: number
  /** Whether even all of the traffic to come is not enough for what is left. */
  readonly isShort: boolean
}

/** `ahead` spends at this much more than an even pace at the beginning, and at as much less at the end. */
const AHEAD = 0.4

interface Slot {
  /** How much of the budget it gets beside others, while its traffic can spend that. */
  readonly weight: number
  readonly most: number
}

/**
 * What the rest of the present hour is to spend. All hours get the same (`ahead`: less and less) for each minute that the
 * campaign is open; what the traffic of an hour cannot spend is spread over the others.
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
  // What the traffic of this hour is thought to spend at most says how the others are filled; it may well spend more.
  const micros = isShort ? (first?.most ?? 0) : (first?.weight ?? 0) * level
  return { micros, endMs: Math.min(firstMs + HOUR_MS, endMs), isShort }
}

/** The level to which all slots are filled by an amount, as water fills vessels of different heights. */
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
