import { z } from 'zod'
import { type Bidder, SLOT_CLASSES, shadesUpdate, type WorkerPool } from '../agent/index.ts'
import type { Logger } from '../log.ts'
import type { Records, Recovered } from '../storage/index.ts'
import { type Clock, every } from '../time/clock.ts'
import { readKept } from './read-kept.ts'

const FACT = 'shades:'
/** How often it is looked whether prices have been learned, in milliseconds. */
const SAVE_MS = 60_000

const Weight = z.tuple([z.int().min(0), z.number().min(0)])
const Curve = z.strictObject({ won: z.array(Weight), lost: z.array(Weight), exact: z.array(Weight) })
const Kept = z.strictObject({
  version: z.literal(1),
  shades: z.array(
    z.tuple([
      z.enum(SLOT_CLASSES),
      z.strictObject({ byPrice: Curve, byShare: Curve, favour: z.number(), worth: z.number().positive() }),
    ]),
  ),
})

type Learning = Pick<Bidder, 'shader' | 'seats'>

/** Tells the bidder what an earlier start has learned of prices; nothing where that is missing or cannot be read. */
export function recallShades(
  { facts }: Pick<Recovered, 'facts'>,
  { shader, seats }: Learning,
  log: Logger,
): void {
  for (const seat of seats.keys()) {
    const fact = facts.find(({ id }) => id === FACT + seat)
    const kept = fact && readKept(Kept, fact.text)
    if (fact && !kept) log.warn({ seat }, 'prices are learned anew: the saved figures cannot be read')
    if (kept) shader.restore(seat, kept.shades)
  }
}

/** Tells the workers what all have learned of prices, and saves it for the next start, once a minute. */
export function keepShades(
  clock: Clock,
  bidder: Learning,
  records: Pick<Records, 'append'>,
  pool: Pick<WorkerPool, 'tell'>,
): { close(): Promise<void> } {
  // One seat at a time, so that many seats keep nobody waiting.
  const save = async (): Promise<void> => {
    for (const seat of bidder.shader.takeChanged()) {
      const update = shadesUpdate(bidder, seat)
      const text = JSON.stringify({ version: 1, shades: update.shades })
      // While the disk is unavailable, the records keep the text and write it later.
      await records.append([{ put: 'fact', id: FACT + seat, text }]).catch(() => undefined)
      await pool.tell(update)
    }
  }
  const stop = every(clock, SAVE_MS, () => void save())
  return {
    async close() {
      stop()
      await save()
    },
  }
}
