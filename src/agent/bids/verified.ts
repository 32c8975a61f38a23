import type { Verification } from '../../connectors/index.ts'
import type { Agent } from '../agent.ts'
import { move } from './send-bid.ts'

/**
 * Records what reading back from the platform said about a bid of unknown outcome. The money was settled or released
 * before. Never rejects.
 */
export async function recordVerification(
  agent: Agent,
  bidId: string,
  verification: Verification,
): Promise<void> {
  const record = await agent.decisions.find(bidId).catch(() => undefined)
  if (!record) return
  agent.metrics.unknownOutcomes.inc({ platform: record.platform, resolution: verification })
  agent.log.warn({ bidId, platform: record.platform, verification }, 'lost answer verified')
  if (verification === 'unclear') return
  move(agent, record, verification === 'applied' ? 'placed' : 'not_placed')
  agent.decisions.keepSoon(record)
}
