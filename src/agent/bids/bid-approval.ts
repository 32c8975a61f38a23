import { AppError } from '../../errors.ts'
import { type Micros, toUnits } from '../../money.ts'
import type { Entry } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import type { Approval, ApprovalAsked, ApprovalFinding, Asker } from '../approvals/index.ts'
import { campaignScope, payingScopes } from '../scopes.ts'
import type { BidDecision } from './decide.ts'
import type { DecisionRecord } from './decisions.ts'
import { move } from './send-bid.ts'

/** An approval that was just asked for, and what has to be written with the bid to make it last. */
export interface AskedBid {
  readonly approval: Approval
  readonly entries: readonly Entry[]
}

type Bidden = Pick<DecisionRecord, 'platform' | 'request' | 'org' | 'payingKey'>

/** What the rules say of a bid of this amount; undefined where it may pass. */
export function findingOf({ approvals }: Agent, bidden: Bidden, bid: Micros): ApprovalFinding | undefined {
  if (!approvals.rules.areSet) return undefined
  const { platform, request, org } = bidden
  const scopes = payingScopes(platform, request.campaignId, bidden)
  const usual = approvals.usual.median(campaignScope(platform, request.campaignId, org))
  return approvals.rules.ofBid(scopes, bid, usual)
}

/**
 * Lets a bid wait for an approval, without a hold: its money is held once it is approved.
 * @throws AppError where too many wait, or it cannot be kept
 */
export async function askForBid(
  agent: Agent,
  record: DecisionRecord,
  decision: BidDecision,
  { finding, asker }: { readonly finding: ApprovalFinding; readonly asker: Asker },
): Promise<AskedBid> {
  const asked = await agent.approvals.ask(asker, {
    ...askedOf(record, decision, finding),
    bidId: record.bidId,
  })
  record.approval = { ...finding, id: asked.approval.id }
  move(agent, record, 'pending_approval')
  return asked
}

/** Notes a bid that is placed although it is above a threshold. */
export async function noteBid(
  agent: Agent,
  record: DecisionRecord,
  decision: BidDecision,
  { finding, asker }: { readonly finding: ApprovalFinding; readonly asker: Asker },
): Promise<void> {
  record.approval = finding
  await agent.approvals.note(asker, askedOf(record, decision, finding))
}

function askedOf(
  record: DecisionRecord,
  { bid, predictedLtv }: BidDecision,
  finding: ApprovalFinding,
): ApprovalAsked {
  const { platform, request, org, currency } = record
  const { campaignId, customerId } = request
  // Its explanation stays with the decision: it can be long.
  const { explanation: _, ...shortRequest } = request
  return {
    kind: 'bid',
    scope: campaignScope(platform, campaignId, org),
    finding,
    to: {
      platform,
      campaignId,
      customerId,
      bidAmount: toUnits(bid),
      currency,
      predictedLtv: toUnits(predictedLtv),
    },
    work: { ...record, request: shortRequest, approval: undefined },
  }
}

/** The refusal of a bid whose approval another key has refused. */
export const refusedByApprover = (): AppError =>
  new AppError('approval_refused', 'Another key has refused the approval that this bid needed')
