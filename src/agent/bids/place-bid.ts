import { customAlphabet } from 'nanoid'
import { PLATFORMS } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { micros } from '../../money.ts'
import { vetoError } from '../../shield/index.ts'
import { RecordsUnavailable } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import { orgScope } from '../organisations.ts'
import { GLOBAL_SCOPE, isGiven, keyRefusal, keyScope, type Payer, scopesOf } from '../scopes.ts'
import { choosePlatform } from './choose-platform.ts'
import type { BidDecision } from './decide.ts'
import type { DecisionRecord } from './decisions.ts'
import type { Deferred } from './deferred.ts'
import type { Claim } from './idempotency.ts'
import type { LtvPrediction } from './predictor.ts'
import { recordsError, refusalOf } from './refusal.ts'
import type { BidRequest } from './request.ts'
import { callerRefusal, conclude, move, notGiven, refuse, reportBid, sendBid } from './send-bid.ts'

/**
 * Makes the id of a bid: 82 random bits in 16 characters. It is the longest value that every platform echoes, and needs
 * no escaping in a URL.
 */
export const newBidId = customAlphabet('0123456789abcdefghijklmnopqrstuvwxyz', 16)

export interface BidResult {
  readonly record: DecisionRecord
  /** Why the bid was not placed; undefined for placed, deferred and dry-run bids. */
  readonly refusal: AppError | undefined
}

/**
 * Decides a bid and places it. Refusals are returned, with the record that the caller still has to store.
 * @param claim the idempotency key of the bid
 * @throws AppError `records_unavailable` while nothing can be recorded (nothing is decided then), and `forbidden` for a
 * campaign that the caller's organisation was not given
 */
export async function placeBid(
  agent: Agent,
  deferred: Deferred,
  request: BidRequest,
  caller: BidCaller,
  claim: Claim | undefined,
): Promise<BidResult> {
  const { away } = agent.decisions
  if (away !== undefined) throw recordsError(new RecordsUnavailable(away))
  const startedMs = agent.clock.elapsedMs()
  const targets = request.platform === 'auto' ? PLATFORMS : [request.platform]
  if (!targets.some((platform) => isGiven(agent.budget, platform, request.campaignId, caller.org)))
    throw notGiven(request.platform === 'auto' ? 'any platform' : request.platform)
  const predicted = request.predictedLtv === undefined ? await agent.predict(request, caller.org) : undefined
  const revoked = keyRefusal(agent.budget, caller)
  if (revoked) throw revoked
  const record = newRecord(agent, request, caller, predicted)
  const refusal = await attempt(agent, deferred, record, claim)
  record.latencyMs = agent.clock.elapsedMs() - startedMs
  agent.decisions.add(record)
  reportBid(agent, record)
  return { record, refusal }
}

/** The caller of a bid, who pays for it. */
export interface BidCaller extends Payer {
  /** Name of the API key. */
  readonly name: string
}

/** Checks everything that can refuse a bid, then sends it to the platform. */
async function attempt(
  agent: Agent,
  deferred: Deferred,
  record: DecisionRecord,
  claim: Claim | undefined,
): Promise<AppError | undefined> {
  const { request, platform, decision } = record
  const forbidden = callerRefusal(agent, record)
  if (forbidden) return refuse(agent, record, forbidden)
  if (!decision) {
    const detail = `No lifetime value was given, and none has been seen on ${platform} yet`
    return refuse(agent, record, new AppError('no_ltv_history', detail))
  }
  const mismatch = currencyMismatch(agent, record)
  if (mismatch) return refuse(agent, record, mismatch)
  if (decision.bid === 0)
    return refuse(agent, record, new AppError('invalid_request', 'The bid comes to nothing'))
  if (request.dryRun) return dryRun(agent, record, decision)

  if (request.predictedLtv !== undefined) agent.fallback.record(platform, request.predictedLtv, record.org)
  const placed = await sendBid(agent, record, decision, claim)
  if (placed.is === 'breaker_open') {
    const refusal = deferred.add(record, placed.retryAfterMs)
    if (refusal) return refuse(agent, record, refusal)
    move(agent, record, 'deferred')
    return undefined
  }
  return conclude(agent, record, placed)
}

function dryRun(agent: Agent, record: DecisionRecord, { bid }: BidDecision): AppError | undefined {
  const { limiter } = agent.connectors[record.platform]
  const admission = limiter.admits('bid')
  if (admission.is === 'limited') return refuse(agent, record, refusalOf(agent.clock, record, admission))
  const scopes = scopesOf(agent.budget, record.platform, record.request.campaignId, record)
  const veto = agent.budget.canSpend(scopes, bid)
  if (veto) return refuse(agent, record, vetoError(agent.clock, veto))
  move(agent, record, 'dry_run')
  return undefined
}

function currencyMismatch(
  agent: Agent,
  { request, platform, currency, org, payingKey }: DecisionRecord,
): AppError | undefined {
  if (request.currency !== undefined && request.currency !== currency) {
    const detail = `The ${platform} account is kept in ${currency}, not ${request.currency}`
    return new AppError('currency_mismatch', detail, 'never', { field: 'currency' })
  }
  const above = [
    GLOBAL_SCOPE,
    ...(org === undefined ? [] : [orgScope(org)]),
    ...(payingKey === undefined ? [] : [keyScope(payingKey)]),
  ]
  for (const name of above) {
    const scope = agent.budget.scope(name)
    if (!scope || scope.limits.length === 0 || scope.currency === currency) continue
    const detail = `The budget ${name} is kept in ${scope.currency}, the ${platform} account in ${currency}`
    return new AppError('currency_mismatch', detail, 'never', { scope: name })
  }
  return undefined
}

function newRecord(
  agent: Agent,
  request: BidRequest,
  { name, org, payingKey }: BidCaller,
  predicted: LtvPrediction | undefined,
): DecisionRecord {
  const { platform, decision, candidates } = choosePlatform(agent, request, predicted, { org, payingKey })
  const scopes = scopesOf(agent.budget, platform, request.campaignId, { org, payingKey })
  const room = Math.min(...scopes.map((scope) => scope.available))
  return {
    bidId: newBidId(),
    atMs: agent.clock.nowMs(),
    caller: name,
    org,
    ...(payingKey !== undefined && { payingKey }),
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
