import { customAlphabet } from 'nanoid'
import { PLATFORMS } from '../../connectors/index.ts'
import { AppError } from '../../errors.ts'
import { micros } from '../../money.ts'
import { vetoError } from '../../shield/index.ts'
import { RecordsUnavailable } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import type { Asker } from '../approvals/index.ts'
import { orgScope } from '../organisations.ts'
import { GLOBAL_SCOPE, isGiven, keyRefusal, keyScope, type Payer, scopesOf } from '../scopes.ts'
import { type AskedBid, askForBid, findingOf, noteBid } from './bid-approval.ts'
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
  /** The approval that it waits for; undefined for every other bid. */
  readonly asked: AskedBid | undefined
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
  const { refusal, asked } = await attempt(agent, deferred, record, { claim, asker: caller.asker })
  record.latencyMs = agent.clock.elapsedMs() - startedMs
  agent.decisions.add(record)
  reportBid(agent, record)
  return { record, refusal, asked }
}

/** The caller of a bid, who pays for it. */
export interface BidCaller extends Payer {
  /** Name of the API key. */
  readonly name: string
  readonly asker: Asker
}

interface Attempted {
  readonly refusal?: AppError | undefined
  readonly asked?: AskedBid | undefined
}

/** Checks everything that can refuse a bid, then sends it to the platform, or lets it wait for an approval. */
async function attempt(
  agent: Agent,
  deferred: Deferred,
  record: DecisionRecord,
  { claim, asker }: { readonly claim: Claim | undefined; readonly asker: Asker },
): Promise<Attempted> {
  const { request, platform, decision } = record
  const refused = (error: AppError): Attempted => ({ refusal: refuse(agent, record, error) })
  if (!decision) {
    const detail = `No lifetime value was given, and none has been seen on ${platform} yet`
    return refused(callerRefusal(agent, record) ?? new AppError('no_ltv_history', detail))
  }
  const unfit = unfitness(agent, record, decision)
  if (unfit) return refused(unfit)
  const finding = findingOf(agent, record, decision.bid)
  if (request.dryRun) {
    if (finding) record.approval = finding
    return { refusal: dryRun(agent, record, decision) }
  }

  if (finding?.mode === 'enforce') {
    // An approver is not asked for what the budgets refuse anyway.
    const veto = roomFor(agent, record, decision)
    if (veto) return refused(veto)
    try {
      return { asked: await askForBid(agent, record, decision, { finding, asker }) }
    } catch (error) {
      if (error instanceof AppError) return refused(error)
      throw error
    }
  }
  if (finding) await noteBid(agent, record, decision, { finding, asker })
  return { refusal: await send(agent, deferred, record, decision, claim) }
}

/** Why a decided bid cannot be placed, whatever the budgets have left. Undefined where it can. */
function unfitness(agent: Agent, record: DecisionRecord, { bid }: BidDecision): AppError | undefined {
  const unfit = callerRefusal(agent, record) ?? currencyMismatch(agent, record)
  return unfit ?? (bid === 0 ? new AppError('invalid_request', 'The bid comes to nothing') : undefined)
}

/**
 * Places a bid that was approved, after all checks were made once more. It does not wait for a platform that fails: the bid by history
 * would be another than the one that was approved.
 * @returns the refusal; undefined where it was placed
 */
export async function placeApproved(agent: Agent, record: DecisionRecord): Promise<AppError | undefined> {
  const { decision, request, platform } = record
  const { away } = agent.decisions
  if (away !== undefined) return recordsError(new RecordsUnavailable(away))
  if (!decision) throw new Error(`the bid ${record.bidId} waits without a decision`)
  const unfit = unfitness(agent, record, decision)
  if (unfit) return refuse(agent, record, unfit)
  if (decision.bid > agent.maxBid)
    return refuse(
      agent,
      record,
      new AppError('invalid_request', 'The bid is above the largest one that is allowed now'),
    )
  if (request.predictedLtv !== undefined) agent.fallback.record(platform, request.predictedLtv, record.org)
  return conclude(agent, record, await sendBid(agent, record, decision))
}

async function send(
  agent: Agent,
  deferred: Deferred,
  record: DecisionRecord,
  decision: BidDecision,
  claim: Claim | undefined,
): Promise<AppError | undefined> {
  const { request, platform } = record
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

function dryRun(agent: Agent, record: DecisionRecord, decision: BidDecision): AppError | undefined {
  const { limiter } = agent.connectors[record.platform]
  const admission = limiter.admits('bid')
  if (admission.is === 'limited') return refuse(agent, record, refusalOf(agent.clock, record, admission))
  const veto = roomFor(agent, record, decision)
  if (veto) return refuse(agent, record, veto)
  move(agent, record, 'dry_run')
  return undefined
}

/** Why the budgets would refuse a bid now; undefined where they would not. */
function roomFor(agent: Agent, record: DecisionRecord, { bid }: BidDecision): AppError | undefined {
  const scopes = scopesOf(agent.budget, record.platform, record.request.campaignId, record)
  const veto = agent.budget.canSpend(scopes, bid)
  return veto && vetoError(agent.clock, veto)
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
