import { AppError } from '../../errors.ts'
import { toUnits } from '../../money.ts'
import type { Agent } from '../agent.ts'
import { refusalFor } from '../organisations.ts'
import { campaignScope, isGiven, keyRefusal } from '../scopes.ts'
import type { BidDecision } from './decide.ts'
import type { BidStatus, DecisionRecord, WouldPass } from './decisions.ts'
import type { Claim } from './idempotency.ts'
import { refusalOf } from './refusal.ts'

/** Records a decided bid and sends it to its platform through the guard. */
export function sendBid(agent: Agent, record: DecisionRecord, decision: BidDecision, claim?: Claim) {
  const { bidId, request, platform, currency, org, payingKey } = record
  const { source, bid, predictedLtv, confidence } = decision
  const { campaignId, customerId } = request
  const intent = {
    decisionId: bidId,
    campaignId,
    customerId,
    bid,
    predictedLtv,
    confidence,
    source,
    currency,
    org,
    payingKey,
  }
  return agent.connectors[platform].placeBid(intent, (hold) =>
    agent.decisions.intend(record, claim?.underWay(bidId) ?? [], hold),
  )
}

/** Writes the result of a sent bid into its record. Returns the refusal; undefined for a bid that was placed. */
export function conclude(
  agent: Agent,
  record: DecisionRecord,
  placed: Awaited<ReturnType<typeof sendBid>>,
): AppError | undefined {
  if (placed.is === 'accepted') {
    record.platformRef = placed.value.platformRef
    move(agent, record, 'placed')
    noteUsual(agent, record)
    return undefined
  }
  return refuse(agent, record, refusalOf(agent.clock, record, placed))
}

/** Remembers what was bid on the campaign, where rules of approvals compare bids with it. */
export function noteUsual({ approvals }: Agent, { platform, request, org, decision }: DecisionRecord): void {
  if (!approvals.rules.areSet || !decision) return
  approvals.usual.add(campaignScope(platform, request.campaignId, org), decision.bid)
}

/**
 * Refusal for a campaign that the operator has not given the organisation. All organisations share the platform's
 * account.
 */
export function notGiven(platform: string): AppError {
  const detail = `campaignId: your organisation was given no campaign of that id on ${platform}; the operator gives it one by its budget`
  return new AppError('forbidden', detail, 'never', { field: 'campaignId' })
}

/**
 * Returns why a bid may not be placed for its caller: a campaign that its organisation was not given, a key that was
 * revoked. Undefined when it may. Deferred bids ask again before they are sent.
 */
export function callerRefusal(
  { budget }: Agent,
  { request, platform, org, payingKey }: Pick<DecisionRecord, 'request' | 'platform' | 'org' | 'payingKey'>,
): AppError | undefined {
  if (!isGiven(budget, platform, request.campaignId, org)) return notGiven(platform)
  return keyRefusal(budget, { payingKey })
}

/** Writes a refusal into the record, as the organisation may read it. */
export function refuse(agent: Agent, record: DecisionRecord, error: AppError): AppError {
  const { code, message, retry, facts } = refusalFor(record.org, error)
  const refusal = new AppError(code, message, retry, { ...facts, bidId: record.bidId })
  record.code = refusal.code
  record.detail = refusal.message
  record.wouldPass = wouldPass(refusal)
  move(agent, record, refusal.code === 'outcome_unknown' ? 'outcome_unknown' : 'refused')
  return refusal
}

/** What would have passed; undefined where the refusal names neither an amount nor a time. */
function wouldPass({ facts: { scope, remaining, wouldPassAt } }: AppError): WouldPass | undefined {
  if (remaining === undefined && wouldPassAt === undefined) return undefined
  return {
    ...(scope !== undefined && { scope }),
    ...(remaining !== undefined && { remaining }),
    ...(wouldPassAt !== undefined && { at: wouldPassAt }),
  }
}

/** Changes the status of a bid and notes the time. */
export function move({ clock }: Agent, record: DecisionRecord, status: BidStatus): void {
  record.status = status
  record.history.push({ atMs: clock.nowMs(), status })
}

/** Writes one log line and counts the bid; for a deferred bid again when it ends. */
export function reportBid({ log, metrics }: Agent, record: DecisionRecord): void {
  const { bidId, platform, status, code, decision, latencyMs, request } = record
  const source = decision?.source ?? 'none'
  metrics.bids.add({ platform, status, source, code: code ?? '' })
  // A deferred bid is reported again when it ends.
  if (source === 'fallback' && status !== 'deferred') metrics.fallbacks.inc({ platform })
  const amounts = decision && { bid: toUnits(decision.bid), predictedLtv: toUnits(decision.predictedLtv) }
  log.info(
    { bidId, platform, campaignId: request.campaignId, source, status, code, ...amounts, latencyMs },
    'bid',
  )
}
