import { RecordsUnavailable } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import type { Approval, ApprovalHandler, ApprovalOutcome } from '../approvals/index.ts'
import { refusedByApprover } from './bid-approval.ts'
import { type DecisionRecord, readRecord } from './decisions.ts'
import { placeApproved } from './place-bid.ts'
import { move, refuse, reportBid } from './send-bid.ts'

/** Places bids that were approved, and ends those that were not. */
export function approvedBids(agent: Agent): ApprovalHandler {
  return {
    async apply(approval) {
      const record = recordOf(agent, approval)
      const refusal = await placeApproved(agent, record)
      reportBid(agent, record)
      await keep(agent, record)
      if (!refusal) return { isApplied: true }
      const { code, message: detail } = refusal
      // What may have been bought counts as bought.
      return { isApplied: code === 'outcome_unknown', code, detail } satisfies ApprovalOutcome
    },
    ended(approval) {
      const record = agent.decisions.get(approval.bidId ?? '')
      if (record?.status !== 'pending_approval') return
      if (approval.status === 'refused') refuse(agent, record, refusedByApprover())
      // It was not sent: a bid that is sent is first recorded with an unknown outcome.
      else move(agent, record, approval.status === 'expired' ? 'expired' : 'not_placed')
      reportBid(agent, record)
      agent.decisions.keepSoon(record)
    },
  }
}

/** The decision as it is in memory, or as it was when it was asked for. */
function recordOf({ decisions }: Agent, { bidId = '', work, id, reasons }: Approval): DecisionRecord {
  const known = decisions.get(bidId)
  if (known) return known
  const record = readRecord(JSON.stringify(work))
  record.approval = { mode: 'enforce', reasons, id }
  decisions.add(record)
  return record
}

/** What cannot be written now is written later; what a restart would find until then is an unknown outcome. */
async function keep(agent: Agent, record: DecisionRecord): Promise<void> {
  try {
    await agent.decisions.keep(record)
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error
    agent.log.error({ bidId: record.bidId, detail: error.message }, 'an approved bid cannot be recorded now')
  }
}
