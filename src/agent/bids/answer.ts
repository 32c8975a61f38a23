import { z } from '@hono/zod-openapi'
import { type ApiAnswer, ok, problemAnswer } from '../../api/index.ts'
import { PLATFORMS } from '../../connectors/index.ts'
import { toUnits } from '../../money.ts'
import { type ScopeStats, tightest } from '../../shield/index.ts'
import { isoTime } from '../../time/clock.ts'
import type { Agent } from '../agent.ts'
import { APPROVAL_MODES, APPROVAL_REASONS } from '../approvals/index.ts'
import { maySee, type Org, orgScope, shownName } from '../organisations.ts'
import { keyScope, platformScope } from '../scopes.ts'
import { explain } from './decide.ts'
import { BID_STATUSES, type DecisionRecord } from './decisions.ts'
import { listedExplanation, ShownExplanation, shownExplanation } from './explanation.ts'
import type { BidResult } from './place-bid.ts'

const BudgetBrief = z
  .object({
    limit: z.number(),
    spent: z.number(),
    held: z.number(),
    remaining: z.number(),
    utilization: z.number().openapi({ example: 0.55 }),
  })
  .openapi('BudgetBrief', {
    description:
      "The platform's tightest limit, after this bid; for a bid of an organisation that of its own budget, for one of a key with a budget that of the key.",
  })

const ApprovalOfBid = z
  .object({
    mode: z.enum(APPROVAL_MODES),
    reasons: z.array(z.enum(APPROVAL_REASONS)),
    approvalId: z.string().optional().openapi({
      description: 'Of the approval that it waits for, or has waited for: `GET /v1/approvals/{id}`.',
    }),
  })
  .openapi('ApprovalOfBid', {
    description:
      'What the rules of `APPROVALS` say of it, where it is above a threshold. `audit` and `advise` let it pass.',
  })

export const BidAnswer = z
  .object({
    bidId: z.string(),
    status: z.enum(['placed', 'deferred', 'pending_approval', 'dry_run']),
    platform: z.enum(PLATFORMS),
    source: z.enum(['ai', 'fallback']),
    bidAmount: z.number(),
    currency: z.string(),
    predictedLtv: z.number(),
    platformRef: z.string().optional(),
    budget: BudgetBrief.optional(),
    latencyMs: z.number(),
    explanation: z.string(),
    approval: ApprovalOfBid.optional(),
  })
  .openapi('BidAnswer')

export const BidRecord = z
  .object({
    bidId: z.string(),
    at: z.string(),
    caller: z.string(),
    status: z.enum(BID_STATUSES),
    code: z.string().optional(),
    detail: z.string().optional(),
    wouldPass: z
      .object({
        scope: z.string().optional().openapi({ description: 'The budget that was in the way.' }),
        remaining: z
          .number()
          .optional()
          .openapi({ description: 'A bid of up to so much would have passed, in units of the currency.' }),
        at: z.string().optional().openapi({
          description: 'When this very bid would pass if nothing else is spent meanwhile.',
        }),
      })
      .optional()
      .openapi({ description: 'Of a bid that was refused for its amount or its time.' }),
    platform: z.enum(PLATFORMS),
    campaignId: z.string(),
    customerId: z.string(),
    currency: z.string(),
    source: z.enum(['ai', 'fallback']).optional(),
    predictedLtv: z.number().optional(),
    confidence: z.number().optional(),
    bidAmount: z.number().optional(),
    cap: z.number().optional(),
    basis: z.looseObject({ is: z.enum(['request', 'predictor', 'history']) }).optional(),
    explanation: z.string().optional(),
    callerExplanation: ShownExplanation.optional(),
    requested: z.object({
      platform: z.string(),
      predictedLtv: z.number().optional(),
      bidAmount: z.number().optional(),
    }),
    approval: ApprovalOfBid.optional(),
    candidates: z.array(
      z.object({ platform: z.string(), score: z.number().optional(), excluded: z.string().optional() }),
    ),
    scopes: z.array(z.string()),
    remainingBefore: z.number().optional(),
    platformRef: z.string().optional(),
    latencyMs: z.number(),
    history: z.array(z.object({ at: z.string(), status: z.enum(BID_STATUSES) })),
  })
  .openapi('BidRecord')

/** Builds the HTTP answer to one bid. */
export function bidAnswer(agent: Agent, { record, refusal }: BidResult): ApiAnswer {
  if (refusal) return problemAnswer(refusal)
  const waits = record.status === 'deferred' || record.status === 'pending_approval'
  return ok(placedBody(agent, record), waits ? 202 : 200)
}

function placedBody(agent: Agent, record: DecisionRecord): object {
  const { bidId, status, platform, currency, decision, platformRef, latencyMs, request } = record
  const scope = agent.budget.scope(briefScope(record))
  return {
    bidId,
    status,
    platform,
    source: decision?.source,
    bidAmount: decision && toUnits(decision.bid),
    currency,
    predictedLtv: decision && toUnits(decision.predictedLtv),
    platformRef,
    budget: scope && budgetBrief(agent.budget.stats(scope)),
    latencyMs: roundMs(latencyMs),
    explanation: decision && explain(decision, request),
    // The mode `audit` is for the operator alone: callers are not told.
    approval: record.approval?.mode === 'audit' ? undefined : approvalBody(record.approval),
  }
}

function approvalBody(approval: DecisionRecord['approval']): z.output<typeof ApprovalOfBid> | undefined {
  if (!approval) return undefined
  const { mode, reasons, id } = approval
  return { mode, reasons: [...reasons], ...(id !== undefined && { approvalId: id }) }
}

/** Name of the budget that an answer tells of: the nearest to the caller. */
function briefScope({ platform, org, payingKey }: DecisionRecord): string {
  if (payingKey !== undefined) return keyScope(payingKey)
  return org === undefined ? platformScope(platform) : orgScope(org)
}

function budgetBrief(stats: ScopeStats): z.output<typeof BudgetBrief> | undefined {
  const limit = tightest(stats)
  return (
    limit && {
      limit: toUnits(limit.spec.max),
      spent: toUnits(limit.spent),
      held: toUnits(limit.held),
      remaining: toUnits(limit.remaining),
      utilization: limit.utilization,
    }
  )
}

/**
 * Builds the decision record that a caller bound to `org` may see, without figures of budgets shared with other
 * organisations.
 */
export function recordBody(record: DecisionRecord, org: Org): z.output<typeof BidRecord> {
  const { request, decision } = record
  const money = (amount: Parameters<typeof toUnits>[0] | undefined) =>
    amount === undefined ? undefined : toUnits(amount)
  return withoutUndefined({
    bidId: record.bidId,
    at: isoTime(record.atMs),
    caller: record.caller,
    status: record.status,
    code: record.code,
    detail: record.detail,
    wouldPass: record.wouldPass,
    platform: record.platform,
    campaignId: request.campaignId,
    customerId: request.customerId,
    currency: record.currency,
    source: decision?.source,
    predictedLtv: money(decision?.predictedLtv),
    confidence: decision?.confidence,
    bidAmount: money(decision?.bid),
    cap: money(decision?.cap),
    basis: decision?.basis,
    explanation: decision && explain(decision, request),
    callerExplanation: shownExplanation(request.explanation),
    requested: withoutUndefined({
      platform: request.platform,
      predictedLtv: money(request.predictedLtv),
      bidAmount: money(request.bidAmount),
    }),
    approval: approvalBody(record.approval),
    // A score shows how much is left of shared budgets.
    candidates: record.candidates.map(({ score, ...rest }) =>
      withoutUndefined({ ...rest, score: org === undefined ? score : undefined }),
    ),
    scopes: record.scopes.filter((name) => maySee(name, org)).map((name) => shownName(name, org)),
    remainingBefore: org === undefined ? money(record.remainingBefore) : undefined,
    platformRef: record.platformRef,
    latencyMs: roundMs(record.latencyMs),
    history: record.history.map(({ atMs, status }) => ({ at: isoTime(atMs), status })),
  })
}

/** Builds a decision record for a list; see {@link listedExplanation}. */
export function listedBody(record: DecisionRecord, org: Org): z.output<typeof BidRecord> {
  const { request } = record
  const listed = { ...record, request: { ...request, explanation: listedExplanation(request.explanation) } }
  return recordBody(listed, org)
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Drops members whose value is undefined, as JSON does, and reflects that in the type. */
function withoutUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>
}

const roundMs = (ms: number): number => Math.round(ms * 1000) / 1000
