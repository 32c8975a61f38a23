/** Money that somebody outside really charged, at the true time of it. */
export interface Charge {
  readonly atMs: number
  readonly micros: number
}

/** The most that was charged within any window of that length, wherever it begins. */
export function peak(charges: readonly Charge[], windowMs: number): number {
  const inOrder = charges.toSorted((a, b) => a.atMs - b.atMs)
  let first = 0
  let sum = 0
  let most = 0
  for (const { atMs, micros } of inOrder) {
    sum += micros
    // What is exactly a window old counts no more.
    for (let oldest = inOrder[first]; oldest && oldest.atMs <= atMs - windowMs; oldest = inOrder[++first])
      sum -= oldest.micros
    most = Math.max(most, sum)
  }
  return most
}

export const total = (charges: readonly Charge[]): number =>
  charges.reduce((sum, { micros }) => sum + micros, 0)
