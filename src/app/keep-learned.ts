import type { Bidder, WorkerPool } from '../agent/index.ts'
import type { Logger } from '../log.ts'
import type { Records, Recovered } from '../storage/index.ts'
import type { Clock } from '../time/clock.ts'
import { keepShades, recallShades } from './keep-shades.ts'
import { keepTraffic, recallTraffic } from './keep-traffic.ts'

/** Tells the bidder what an earlier start has learned of exchanges. */
export function recallLearned(recovered: Pick<Recovered, 'facts'>, bidder: Bidder, log: Logger): void {
  recallTraffic(recovered, bidder, log)
  recallShades(recovered, bidder, log)
}

/** Tells the workers what is learned of exchanges, and keeps it for the next start. */
export function keepLearned(
  clock: Clock,
  bidder: Bidder,
  records: Pick<Records, 'append'>,
  pool: Pick<WorkerPool, 'tell'>,
): { close(): Promise<unknown> } {
  const keepers = [keepTraffic(clock, bidder, records, pool), keepShades(clock, bidder, records, pool)]
  return { close: () => Promise.all(keepers.map((one) => one.close())) }
}
