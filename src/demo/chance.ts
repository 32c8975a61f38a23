/** `true` with this probability. */
export const happens = (probability: number): boolean => Math.random() < probability

/** A number between two others, each as likely. */
export const between = (least: number, most: number): number => least + Math.random() * (most - least)

/** One of several, each as likely. */
export function oneOf<T>(all: readonly [T, ...T[]]): T {
  return all[Math.floor(Math.random() * all.length)] ?? all[0]
}

/** A worth as those of customers are: half are below `median`, few are far above it. */
export function worthAround(median: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  return median * Math.exp(0.8 * normal)
}
