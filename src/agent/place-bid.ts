import { customAlphabet } from 'nanoid'
import { AppError } from '../errors.ts'
import { micros, toUnits } from '../money.ts'
import { RecordsUnavailable } from '../records/index.ts'
import { vetoError } from '../shield/index.ts'
import { type Agent, GLOBAL_SCOPE, scopesOf } from './agent.ts'
import { recordsError, refusalOf } from './bid-refusal.ts'
import type { BidRequest } from './bid-request.ts'
import { choosePlatform } from './choose-platform.ts'
import type { Decision } from './decide.ts'
import type { BidStatus, DecisionRecord } from './decisions.ts'
import type { Deferred } from './deferred.ts'
import type { Claim } from './idempotency.ts'
import type { Prediction } from './predictor.ts'

/** 82 random bits in 16 characters: the longest value every platform echoes, safe in every URL. */
export const newBidId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 16)

export interface BidResult {
  readonly record: DecisionRecord
  /** Why the bid was not placed; undefined for placed, deferred and dry-run bids. */
  readonly refusal: AppError | undefined
}

/**
 * Decides a bid and places it. Whatever becomes of it is in the record, which the caller has yet to keep; nothing is thrown
 * for a refusal, except while nothing can be recorded: then nothing is decided either.
 *
 * @param claim the idempotency key it is placed for
 */
export async function placeBid(
  agent: Agent,
  deferred: Deferred,
  request: BidRequest,
  caller: string,
  claim: Claim | undefined,
): Promise<BidResult> {
  const { away } = agent.decisions
  if (away !== undefined) throw recordsError(new RecordsUnavailable(away))
  const startedMs = agent.clock.elapsedMs()
  const predicted = request.predictedLtv === undefined ? await agent.predict(request) : undefined
  const record = newRecord(agent, request, caller, predicted)
  const refusal = await attempt(agent, deferred, record, claim)
  record.latencyMs = agent.clock.elapsedMs() - startedMs
  agent.decisions.add(record)
  reportBid(agent, record)
  return { record, refusal }
}

/** Down the ladder of refusals, then to the platform. */
async function attempt(
  agent: Agent,
  deferred: Deferred,
  record: DecisionRecord,
  claim: Claim | undefined,
): Promise<AppError | undefined> {
  const { request, platform, decision } = record
  if (!decision) {
    const detail = `No lifetime value was given, and none has been seen on ${platform} yet`
    return refuse(agent, record, new AppError('no_ltv_history', detail))
  }
  const mismatch = currencyMismatch(agent, record)
  if (mismatch) return refuse(agent, record, mismatch)
  if (decision.bid === 0)
    return refuse(agent, record, new AppError('invalid_request', 'The bid comes to nothing'))
  if (request.dryRun) return dryRun(agent, record, decision)

  if (request.predictedLtv !== undefined) agent.fallback.record(platform, request.predictedLtv)
  const placed = await sendBid(agent, record, decision, claim)
  if (placed.is === 'breaker_open') {
    const refusal = deferred.add(record, placed.retryAfterMs)
    if (refusal) return refuse(agent, record, refusal)
    move(agent, record, 'deferred')
    return undefined
  }
  return conclude(agent, record, placed)
}

/** Sends a decided bid through the guard to its platform, once it is recorded. */
export function sendBid(agent: Agent, record: DecisionRecord, decision: Decision, claim?: Claim) {
  const { bidId, request, platform, currency } = record
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
  }
  return agent.connectors[platform].placeBid(intent, (hold) =>
    agent.decisions.intend(record, claim?.underWay(bidId) ?? [], hold),
  )
}

/** Writes what came of a sent bid into its record; returns the refusal, if it is one. */
export function conclude(
  agent: Agent,
  record: DecisionRecord,
  placed: Awaited<ReturnType<typeof sendBid>>,
): AppError | undefined {
  if (placed.is === 'accepted') {
    record.platformRef = placed.value.platformRef
    move(agent, record, 'placed')
    return undefined
  }
  return refuse(agent, record, refusalOf(agent.clock, record, placed))
}

function dryRun(agent: Agent, record: DecisionRecord, { bid }: Decision): AppError | undefined {
  const { limiter } = agent.connectors[record.platform]
  const admission = limiter.admits('bid')
  if (admission.is === 'limited') return refuse(agent, record, refusalOf(agent.clock, record, admission))
  const scopes = scopesOf(agent.budget, record.platform, record.request.campaignId)
  const veto = agent.budget.canSpend(scopes, bid)
  if (veto) return refuse(agent, record, vetoError(agent.clock, veto))
  move(agent, record, 'dry_run')
  return undefined
}

function currencyMismatch(
  agent: Agent,
  { request, platform, currency }: DecisionRecord,
): AppError | undefined {
  if (request.currency !== undefined && request.currency !== currency) {
    const detail = `The ${platform} account is kept in ${currency}, not ${request.currency}`
    return new AppError('currency_mismatch', detail, 'never', { field: 'currency' })
  }
  const shared = agent.budget.scope(GLOBAL_SCOPE)
  if (shared && shared.limits.length > 0 && shared.currency !== currency) {
    const detail = `The global budget is kept in ${shared.currency}, the ${platform} account in ${currency}`
    return new AppError('currency_mismatch', detail, 'never', { scope: GLOBAL_SCOPE })
  }
  return undefined
}

function refuse(agent: Agent, record: DecisionRecord, refusal: AppError): AppError {
  record.code = refusal.code
  record.detail = refusal.message
  move(agent, record, refusal.code === 'outcome_unknown' ? 'outcome_unknown' : 'refused')
  return refusal
}

/** Every change of a bid's status, with its time. */
export function move({ clock }: Agent, record: DecisionRecord, status: BidStatus): void {
  record.status = status
  record.history.push({ atMs: clock.nowMs(), status })
}

/** One log line and one count per bid, and again when a deferred one ends. */
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

function newRecord(
  agent: Agent,
  request: BidRequest,
  caller: string,
  predicted: Prediction | undefined,
): DecisionRecord {
  const { platform, decision, candidates } = choosePlatform(agent, request, predicted)
  const scopes = scopesOf(agent.budget, platform, request.campaignId)
  const room = Math.min(...scopes.map((scope) => scope.available))
  return {
    bidId: newBidId(),
    atMs: agent.clock.nowMs(),
    caller,
    request,
    platform,
    currency: agent.connectors[platform].currency,
    decision,
    candidates,
    scopes: scopes.map((scope) => scope.name),
    remainingBefore: Number.isFinite(room) ? micros(Math.max(0, room)) : undefined,
    status: 'refused',
    code: undefined,
    detail: undefined,
    platformRef: undefined,
    latencyMs: 0,
    history: [],
  }
}
