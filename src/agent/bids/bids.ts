import { z } from '@hono/zod-openapi'
import {
  type ApiAnswer,
  type Caller,
  type Ctx,
  check,
  headerOnce,
  LISTED_PER_CALL,
  ok,
  okList,
  ProblemBody,
  problemAnswer,
  type Route,
  readBody,
  readJson,
  shown,
  wholeNumber,
} from '../../api/index.ts'
import { PLATFORMS } from '../../connectors/index.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import { BID_OUTCOMES, type BidOutcome } from '../../metrics/metrics.ts'
import { workInSlices } from '../../time/slices.ts'
import type { Agent } from '../agent.ts'
import { askerName } from '../approvals/index.ts'
import type { Org } from '../organisations.ts'
import { BidAnswer, BidRecord, bidAnswer, listedBody, recordBody } from './answer.ts'
import { BID_STATUSES } from './decisions.ts'
import type { Deferred } from './deferred.ts'
import { fastBid } from './fast-request.ts'
import { type Claim, type IdempotencyKeys, isReplayed, replayed } from './idempotency.ts'
import { keepBid } from './persist-bid.ts'
import { placeBid } from './place-bid.ts'
import { recordsError } from './refusal.ts'
import { BidBatch, BidRequest } from './request.ts'

export interface BidRouteDeps {
  readonly agent: Agent
  readonly deferred: Deferred
  readonly keys: IdempotencyKeys
}

const BID_REFUSALS: readonly ErrorCode[] = [
  'invalid_request',
  'paused',
  'idempotency_key_in_use',
  'payload_too_large',
  'unsupported_media_type',
  'currency_mismatch',
  'no_ltv_history',
  'idempotency_key_reused',
  'budget_exceeded',
  'rate_limited',
  'too_many_approvals',
  'platform_refused',
  'platform_unavailable',
  'records_unavailable',
  'outcome_unknown',
]

const IdempotencyKey = z.string().min(1).max(255).openapi({
  description:
    'The same key and body gets the same answer for 24 h, without a second hold; its header `Idempotency-Replayed` then is `true`.',
})
const KeyHeader = z.object({ 'Idempotency-Key': IdempotencyKey.optional() })
const BatchResult = z.union([BidAnswer, ProblemBody]).and(z.object({ httpStatus: z.number() }))

/** How many bids of one batch run at once. Their platforms may all answer at the same moment. */
const BIDS_AT_ONCE = 32

const ListQuery = z.object({
  platform: z.enum(PLATFORMS).optional(),
  status: z.enum(BID_STATUSES).optional(),
  limit: wholeNumber(1, 1000).default(100),
  before: z
    .string()
    .max(32)
    .optional()
    .openapi({ description: '`bidId` of the last of the page before: only older ones are listed.' }),
})

/** Routes that take bids and show what was decided. */
export function bidRoutes(deps: BidRouteDeps): Route[] {
  return [bidOnce(deps), bidBatch(deps), listBids(deps), showBid(deps)]
}

function bidOnce(deps: BidRouteDeps): Route {
  return {
    method: 'post',
    path: '/v1/bids',
    summary: 'Decide a bid, hold its money, place it',
    scope: 'bid',
    headers: KeyHeader,
    body: BidRequest,
    example: {
      customerId: 'CUST_001',
      campaignId: 'summer-sale',
      platform: 'google_ads',
      predictedLtv: 1200,
      bidAmount: 15,
    },
    answers: {
      200: { description: 'Placed, or the result of a dry run', schema: BidAnswer },
      202: {
        description:
          'Deferred: the platform is failing; placed when it recovers within 60 s. Or `pending_approval`: another key has to approve it',
        schema: BidAnswer,
      },
    },
    refusals: BID_REFUSALS,
    handle: (c, caller) =>
      timed(deps.agent, async () => {
        const body = await readBody(c)
        return bid(deps, fastBid(body) ?? check(BidRequest, body), caller, idempotencyKey(c))
      }),
  }
}

function bidBatch(deps: BidRouteDeps): Route {
  return {
    method: 'post',
    path: '/v1/bids/batch',
    summary: 'Up to 500 bids, each decided on its own',
    scope: 'bid',
    headers: KeyHeader,
    body: BidBatch,
    example: {
      bids: [
        {
          customerId: 'CUST_001',
          campaignId: 'summer-sale',
          platform: 'google_ads',
          predictedLtv: 1200,
          bidAmount: 15,
        },
        { customerId: 'CUST_002', campaignId: 'summer-sale', platform: 'meta', predictedLtv: 90 },
      ],
    },
    answers: {
      200: {
        description: 'One result per bid, in order',
        schema: z.object({ results: z.array(BatchResult) }),
      },
    },
    refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type'],
    async handle(c, caller) {
      const key = idempotencyKey(c)
      const { bids } = await readJson(c, BidBatch)
      caller.charge(bids.length - 1)
      const placeOne = (one: unknown, i: number) =>
        settled(async () =>
          bid(deps, fastBid(one) ?? check(BidRequest, one), caller, key && batchKey(key, i)),
        )
      const results = await workInSlices(bids, BIDS_AT_ONCE, placeOne)
      const answer = await okList('results', results, ({ status, body }) => ({
        httpStatus: status,
        ...body,
      }))
      return results.every(isReplayed) ? replayed(answer) : answer
    },
  }
}

function listBids({ agent }: BidRouteDeps): Route {
  return {
    method: 'get',
    path: '/v1/bids',
    summary: 'The latest decisions, newest first',
    scope: 'read',
    query: ListQuery,
    answers: { 200: { description: 'Decision records', schema: z.object({ bids: z.array(BidRecord) }) } },
    refusals: ['invalid_request'],
    handle(c, { boundTo: org, charge }) {
      const filter = { ...check(ListQuery, c.req.query()), org }
      charge(filter.limit / LISTED_PER_CALL)
      requireListed(agent, filter.before, org)
      return okList('bids', agent.decisions.list(filter), (record) => listedBody(record, org))
    },
  }
}

/** Throws 400 where a page is to begin after a bid that is not listed any more: an empty page would look like the last. */
function requireListed({ decisions }: Agent, before: string | undefined, org: Org): void {
  if (before === undefined) return
  const record = decisions.get(before)
  if (record && (org === undefined || record.org === org)) return
  const detail = 'before: is no bid that is listed; begin again without it'
  throw new AppError('invalid_request', detail, 'never', { field: 'before' })
}

function showBid({ agent }: BidRouteDeps): Route {
  return {
    method: 'get',
    path: '/v1/bids/{bidId}',
    summary: 'Every number and rule that led to a bid',
    scope: 'read',
    params: z.object({ bidId: z.string() }),
    answers: { 200: { description: 'The decision record', schema: BidRecord } },
    refusals: ['not_found', 'records_unavailable'],
    async handle(c, { boundTo: org }) {
      const record = await agent.decisions.find(c.req.param('bidId') ?? '').catch(recordsRefusal)
      if (!record || (org !== undefined && record.org !== org))
        throw new AppError('not_found', 'No such bid, or it is too old to be remembered')
      return ok(recordBody(record, org))
    },
  }
}

/**
 * Places one bid and returns its answer.
 * @param key the caller's idempotency key; undefined for a bid without one
 */
async function bid(
  { agent, deferred, keys }: BidRouteDeps,
  request: BidRequest,
  caller: Caller,
  key: string | undefined,
): Promise<ApiAnswer> {
  const bidding = {
    name: askerName(caller),
    org: caller.boundTo,
    payingKey: caller.payingKey,
    asker: caller,
  }
  const work = async (claim?: Claim) => {
    const result = await placeBid(agent, deferred, request, bidding, claim)
    return keepBid(agent, deferred, result, bidAnswer(agent, result), claim)
  }
  try {
    return await (key === undefined ? work() : keys.once(`${bidding.name} ${key}`, request, work))
  } catch (error) {
    return recordsRefusal(error)
  }
}

/** Records how long an answer took, also when `answer` throws a refusal. */
async function timed({ clock, metrics }: Agent, answer: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const startedMs = clock.elapsedMs()
  let outcome: BidOutcome = 'failed'
  try {
    const answered = await answer()
    outcome = outcomeOf(answered)
    return answered
  } catch (error) {
    if (error instanceof AppError) outcome = outcomeOf(problemAnswer(error))
    throw error
  } finally {
    metrics.bidAnswers.observe(outcome, clock.elapsedMs() - startedMs)
  }
}

function outcomeOf({ status, body }: ApiAnswer): BidOutcome {
  const said: unknown = Reflect.get(body, status < 300 ? 'status' : 'code')
  const outcome = BID_OUTCOMES.find((one) => one === said)
  return outcome ?? (status < 500 ? 'refused' : 'failed')
}

/**
 * Idempotency key of the bid at position `at` of a batch. A key from a header has no line break, so the two kinds never
 * collide.
 */
const batchKey = (key: string, at: number): string => `${key}\n${at}`

function recordsRefusal(error: unknown): never {
  throw recordsError(error)
}

function idempotencyKey(c: Ctx): string | undefined {
  const key = headerOnce(c, 'idempotency-key')
  return key === undefined
    ? undefined
    : check(z.object({ 'Idempotency-Key': IdempotencyKey }), { 'Idempotency-Key': key })['Idempotency-Key']
}

/** Runs one bid of a batch and turns a thrown refusal into that bid's answer. */
async function settled(work: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) return problemAnswer(shown(error))
    throw error
  }
}
