const ROUNDS = 9
/** What a round of the work below takes on the machine that bars of processor time were set on. */
const ROUND_MS = 4
const WORK = JSON.stringify(
  Array.from({ length: 10_000 }, (_, i) => ({
    id: `c${i}`,
    price: i / 7,
    sizes: [{ w: i, h: 250 }],
    deals: ['a', 'b'],
  })),
)

/**
 * How many times slower a processor is, now, than the one that bars of processor time were set on; 1 where it is as fast. Such a
 * bar is multiplied by it: then it is about the work and not about the machine, or who else is at work there.
 */
export function slowness(): number {
  const tookMs = Array.from({ length: ROUNDS }, () => {
    const from = process.threadCpuUsage()
    JSON.stringify(JSON.parse(WORK))
    const { user, system } = process.threadCpuUsage(from)
    return (user + system) / 1000
  }).sort((a, b) => a - b)
  return Math.max(1, (tookMs[(ROUNDS - 1) / 2] ?? 0) / ROUND_MS)
}
