import type { Recovered } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import { readRecord } from './decisions.ts'
import type { Deferred } from './deferred.ts'
import { noteUsual } from './send-bid.ts'

/**
 * Restores the bids of earlier starts into memory. A deferred bid goes on waiting for the time it has left. A bid that
 * was under way keeps its recorded unknown outcome; nothing is sent again.
 */
export function restoreBids(agent: Agent, deferred: Deferred, { latest, open }: Recovered): void {
  const { decisions, metrics, log } = agent
  for (const text of latest) {
    const record = readRecord(text)
    decisions.add(record)
    if (record.status === 'placed') noteUsual(agent, record)
  }
  for (const text of open) {
    const read = readRecord(text)
    const record = decisions.get(read.bidId) ?? read
    if (record.status === 'deferred') deferred.restore(record)
    else {
      metrics.unknownOutcomes.inc({ platform: record.platform, resolution: 'unclear' })
      log.warn({ bidId: record.bidId, platform: record.platform }, 'an earlier start ended during this bid')
      decisions.keepSoon(record)
    }
  }
}
