/** `true` with this probability. */
export const happens = (probability: number): boolean => Math.random() < probability

/** A number from `least` to below `most`, uniformly distributed. */
export const between = (least: number, most: number): number => least + Math.random() * (most - least)

/** One of several, each with the same probability. */
export function oneOf<T>(all: readonly [T, ...T[]]): T {
  return all[Math.floor(Math.random() * all.length)] ?? all[0]
}

/** What a customer is worth, from a log-normal distribution: half are below `median`, a few far above it. */
export function worthAround(median: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  return median * Math.exp(0.8 * normal)
}
