/** One measured figure of a case. */
export interface Figure {
  readonly name: string
  readonly perSecond: number
}

const ROUNDS = 9

/**
 * Operations per second: the median of nine rounds after three that are thrown away. `prepare` makes what a round
 * works on and is not timed.
 */
export async function measure<T>(
  name: string,
  count: number,
  prepare: () => T,
  round: (input: T, count: number) => void | Promise<void>,
): Promise<Figure> {
  const rates: number[] = []
  for (let i = -3; i < ROUNDS; i++) {
    const input = prepare()
    const started = performance.now()
    await round(input, count)
    if (i >= 0) rates.push((count / (performance.now() - started)) * 1000)
  }
  return { name, perSecond: median(rates) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

let series = 0

/** Ids that were not used before, as a bidder would make them. */
export function freshIds(count: number): string[] {
  series += 1
  return Array.from({ length: count }, (_, i) => `s${series}i${i}`)
}
