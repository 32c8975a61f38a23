import { z } from 'zod'
import { type Bidder, HOURS_OF_WEEK, trafficUpdates, type WorkerPool } from '../agent/index.ts'
import type { Logger } from '../log.ts'
import type { Records, Recovered } from '../storage/index.ts'
import { type Clock, every } from '../time/clock.ts'
import { readKept } from './read-kept.ts'

const FACT = 'traffic'
/** How often the traffic is sent and saved, in milliseconds. */
const SAVE_MS = 60_000

const Kept = z.strictObject({
  version: z.literal(1),
  seats: z.array(
    z.strictObject({
      seat: z.string(),
      hours: z.array(z.number().min(0).nullable()).length(HOURS_OF_WEEK),
    }),
  ),
})

type Learning = Pick<Bidder, 'traffic' | 'decide'>

/**
 * Restores what an earlier start had learned about the traffic of seats; nothing if it is missing or cannot be read.
 */
export function recallTraffic({ facts }: Pick<Recovered, 'facts'>, { traffic }: Learning, log: Logger): void {
  const fact = facts.find(({ id }) => id === FACT)
  if (!fact) return
  const kept = readKept(Kept, fact.text)
  if (!kept) log.warn({}, 'the traffic of seats is learned anew: the saved figures cannot be read')
  for (const { seat, hours } of kept?.seats ?? []) traffic.get(seat)?.restore(hours)
}

/** Sends the learned traffic to the workers and saves it for the next start, once a minute. */
export function keepTraffic(
  clock: Clock,
  bidder: Learning,
  records: Pick<Records, 'append'>,
  pool: Pick<WorkerPool, 'tell'>,
): { close(): Promise<void> } {
  const textOf = () => {
    const known = [...bidder.traffic].map(([seat, curve]) => ({ seat, hours: curve.known(clock.nowMs()) }))
    const seats = known.filter(({ hours }) => hours.some((count) => count !== null))
    return JSON.stringify({ version: 1, seats })
  }
  let kept = textOf()
  const save = async (): Promise<void> => {
    const text = textOf()
    if (text === kept) return
    kept = text
    // While the disk is unavailable, the records keep the text and write it later.
    await records.append([{ put: 'fact', id: FACT, text }]).catch(() => undefined)
    await Promise.all(trafficUpdates(bidder).map((update) => pool.tell(update)))
  }
  const stop = every(clock, SAVE_MS, () => void save())
  return {
    async close() {
      stop()
      await save()
    },
  }
}
