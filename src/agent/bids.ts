import { z } from '@hono/zod-openapi'
import {
  type Answer,
  type Caller,
  type Ctx,
  check,
  DEFAULT_ORG,
  header,
  ok,
  ProblemBody,
  problemAnswer,
  type Route,
  readBody,
  readJson,
  shown,
} from '../api/index.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { PLATFORMS } from '../platforms/index.ts'
import type { Agent } from './agent.ts'
import { BidAnswer, BidRecord, bidAnswer, listedBody, recordBody } from './bid-answer.ts'
import { recordsError } from './bid-refusal.ts'
import { BidBatch, BidRequest } from './bid-request.ts'
import { BID_STATUSES } from './decisions.ts'
import type { Deferred } from './deferred.ts'
import { fastBid } from './fast-bid.ts'
import type { Claim, IdempotencyKeys } from './idempotency.ts'
import { keepBid } from './keep-bid.ts'
import { placeBid } from './place-bid.ts'

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
  'platform_refused',
  'platform_unavailable',
  'records_unavailable',
  'outcome_unknown',
]

const IdempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .openapi({ description: 'The same key and body gets the same answer for 24 h, without a second hold.' })
const KeyHeader = z.object({ 'Idempotency-Key': IdempotencyKey.optional() })
const BatchResult = z.union([BidAnswer, ProblemBody]).and(z.object({ httpStatus: z.number() }))

const ListQuery = z.object({
  platform: z.enum(PLATFORMS).optional(),
  status: z.enum(BID_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export function bidRoutes({ agent, deferred, keys }: BidRouteDeps): Route[] {
  /** @param key names the bid among the caller's; undefined for a bid that may be repeated */
  const bid = async (request: BidRequest, caller: Caller, key: string | undefined): Promise<Answer> => {
    const work = async (claim?: Claim) => {
      const result = await placeBid(agent, deferred, request, caller.name, claim)
      return keepBid(agent, deferred, result, bidAnswer(agent, result), claim)
    }
    try {
      return await (key === undefined ? work() : keys.once(`${ownerOf(caller)} ${key}`, request, work))
    } catch (error) {
      return recordsRefusal(error)
    }
  }

  return [
    {
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
          description: 'Deferred: the platform is failing; placed when it recovers within 60 s',
          schema: BidAnswer,
        },
      },
      refusals: BID_REFUSALS,
      async handle(c, caller) {
        const body = await readBody(c)
        return bid(fastBid(body) ?? check(BidRequest, body), caller, idempotencyKey(c))
      },
    },
    {
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
        const results = await Promise.all(
          bids.map((one, i) =>
            settled(async () => bid(check(BidRequest, one), caller, key && `${key} ${i}`)),
          ),
        )
        return ok({ results: results.map(({ status, body }) => ({ httpStatus: status, ...body })) })
      },
    },
    {
      method: 'get',
      path: '/v1/bids',
      summary: 'The latest decisions, newest first',
      scope: 'read',
      query: ListQuery,
      answers: { 200: { description: 'Decision records', schema: z.object({ bids: z.array(BidRecord) }) } },
      refusals: ['invalid_request'],
      handle: (c) => ok({ bids: agent.decisions.list(check(ListQuery, c.req.query())).map(listedBody) }),
    },
    {
      method: 'get',
      path: '/v1/bids/{bidId}',
      summary: 'Every number and rule that led to a bid',
      scope: 'read',
      params: z.object({ bidId: z.string() }),
      answers: { 200: { description: 'The decision record', schema: BidRecord } },
      refusals: ['not_found', 'records_unavailable'],
      async handle(c) {
        const record = await agent.decisions.find(c.req.param('bidId') ?? '').catch(recordsRefusal)
        if (!record) throw new AppError('not_found', 'No such bid, or it is too old to be remembered')
        return ok(recordBody(record))
      },
    },
  ]
}

/**
 * Whose idempotency key it is. Two organisations may give a key the same name. Names have no `@`, and the default
 * organisation's stay as they were recorded before organisations were told apart.
 */
const ownerOf = ({ name, org }: Caller): string => (org === DEFAULT_ORG ? name : `${name}@${org}`)

function recordsRefusal(error: unknown): never {
  throw recordsError(error)
}

function idempotencyKey(c: Ctx): string | undefined {
  const key = header(c, 'idempotency-key')
  return key === undefined
    ? undefined
    : check(z.object({ 'Idempotency-Key': IdempotencyKey }), { 'Idempotency-Key': key })['Idempotency-Key']
}

/** One bid of a batch: its refusal is its own answer. */
async function settled(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) return problemAnswer(shown(error))
    throw error
  }
}
