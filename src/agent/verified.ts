import type { Verification } from '../connectors/index.ts'
import type { Agent } from './agent.ts'
import { move } from './place-bid.ts'

/** What reading the platform back said of a bid whose answer was lost; its money is already dealt with. Never rejects. */
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
