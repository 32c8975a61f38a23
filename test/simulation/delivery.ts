import type { Process } from './process.ts'
import type { VirtualTime } from './time.ts'

/** So fast the owners bid: some take most of it, and the last money is with those that want it least. */
const PACES_MS = [20, 60, 200, 500]
/** Who was refused asks again after this long. */
const AGAIN_MS = 300
const FOR_MS = 10_000

/** What is left of a scope in equal bids, a hundred where there is so much. */
export interface Rest {
  readonly scope: string
  readonly price: number
  readonly bids: number
}

export function restOf(scope: string, room: number): Rest {
  const bids = Math.min(100, room)
  return { scope, price: Math.floor(room / bids), bids }
}

/**
 * Up to four owners want all of it at once. Begins now; what it answers is how many of their bids were placed, once all but
 * one are or ten seconds are over.
 */
export async function wantAll(
  processes: readonly Process[],
  { scope, price, bids }: Rest,
  time: VirtualTime,
  pass: (forMs: number) => Promise<void>,
): Promise<number> {
  const untilMs = time.nowMs + FOR_MS
  let placed = 0
  let number = 0
  PACES_MS.forEach((paceMs, i) => {
    const process = processes[i]
    if (!process) return
    const bid = async () => {
      if (placed >= bids - 1 || time.nowMs >= untilMs) return
      const terms = { ttlMs: 2 * FOR_MS, onExpiry: 'release' } as const
      const id = `one of all ${++number}`
      const done = await process.bid(id, [scope], price, terms, true, () => time.nowMs)
      if (done) placed += 1
      process.clock.after(done ? paceMs : AGAIN_MS, bid)
    }
    process.clock.run(bid)
  })
  while (placed < bids - 1 && time.nowMs < untilMs) await pass(250)
  return placed
}
