import { z } from '@hono/zod-openapi'
import type { Route } from '../../api/index.ts'
import {
  type Ctx,
  check,
  checkItems,
  ok,
  Reason,
  ReasonQuery,
  readJson,
  reasonOf,
  reasonOfDeletion,
} from '../../api/index.ts'
import type { Audit } from '../../audit/index.ts'
import { AppError } from '../../errors.ts'
import { toUnits } from '../../money.ts'
import { turn } from '../../time/slices.ts'
import { Confidence, PredictedLtv } from '../bids/request.ts'
import type { Bidder } from './bidder.ts'
import { isIdType, type Predictions } from './openrtb/index.ts'
import { spread, type WorkerPool } from './worker-pool.ts'

/** Kind of a user id: `user`, `buyeruid`, `ifa`, or `eid:` with the source of an extended id. */
const IdTypeField = z
  .string()
  .max(128)
  .refine(isIdType, 'must be user, buyeruid, ifa or eid:<source>')
  .openapi({ type: 'string', example: 'user' })
const UserId = z.string().min(1).max(512)

const Row = z.strictObject({
  userId: UserId,
  idType: IdTypeField,
  predictedLtv: PredictedLtv,
  confidence: Confidence.optional(),
  ttlSeconds: z.number().positive().max(31_536_000).optional(),
})
const MAX_ROWS = 10_000
const Rows = z
  .strictObject({ rows: z.array(Row).min(1).max(MAX_ROWS), reason: Reason.optional() })
  .openapi('Predictions')
/** As {@link Rows}, whose rows are checked later, in slices. */
const Upload = z.strictObject({ rows: z.array(z.unknown()).min(1).max(MAX_ROWS), reason: Reason.optional() })
const Params = z.object({ idType: IdTypeField, userId: UserId })
const Stored = z
  .object({
    predictedLtv: z.number(),
    confidence: z.number().optional(),
    ttlSeconds: z.number().optional(),
  })
  .openapi('Prediction')

/**
 * Routes of stored predictions, used for bid requests that carry none. Those of an organisation are used at its own
 * seats, those of the operator at all others.
 */
export function predictionRoutes(bidder: Bidder, pool: WorkerPool, audit: Audit): Route[] {
  const paramsOf = (c: Ctx) => check(Params, { idType: c.req.param('idType'), userId: c.req.param('userId') })
  const missing = () => new AppError('not_found', 'There is no prediction for this user')
  return [
    {
      method: 'put',
      path: '/v1/ltv',
      summary: 'Store predicted lifetime values, up to 10 000 and 4 MiB at once',
      scope: 'bid',
      query: ReasonQuery,
      body: Rows,
      example: {
        rows: [{ userId: 'u-1', idType: 'user', predictedLtv: 320.5, confidence: 0.8, ttlSeconds: 86_400 }],
      },
      answers: {
        200: {
          description: 'How many were stored',
          schema: z.object({ stored: z.number(), rows: z.number() }),
        },
      },
      refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'records_unavailable'],
      async handle(c, caller) {
        const { boundTo: org } = caller
        const stored = bidder.predictions.of(org)
        const { rows: given, reason } = await readJson(c, Upload, MAX_ROWS_BYTES)
        caller.charge(given.length / ROWS_PER_CALL)
        // If one row cannot be read, none is stored.
        const rows = await checkItems('rows', given, Row)
        const to = summaryOf(rows)
        const about = { action: 'ltv.stored', target: 'predictions', values: () => ({ to }) } as const
        await audit.record(caller, { ...about, reason: reasonOf(c, reason), lowersRisk: false }, async () => {
          for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
            await turn()
            const some = rows.slice(from, from + ROWS_AT_ONCE).map((row) => storedRow(stored, row))
            await spread(bidder, pool, { put: 'predictions', org, rows: some })
          }
        })
        return ok({ stored: rows.length, rows: stored.size })
      },
    },
    {
      method: 'get',
      path: '/v1/ltv/{idType}/{userId}',
      summary: 'The stored prediction for a user',
      scope: 'read',
      params: Params,
      answers: { 200: { description: 'The prediction', schema: Stored } },
      refusals: ['not_found', 'invalid_request'],
      handle(c, { boundTo }) {
        const { idType, userId } = paramsOf(c)
        const found = bidder.predictions.of(boundTo).get(idType, userId)
        if (!found) throw missing()
        return ok({ predictedLtv: found.ltv, confidence: found.confidence, ttlSeconds: found.ttlSeconds })
      },
    },
    {
      method: 'delete',
      path: '/v1/ltv/{idType}/{userId}',
      summary: 'Forget a prediction',
      scope: 'bid',
      params: Params,
      query: ReasonQuery,
      answers: { 200: { description: 'Forgotten', schema: z.object({ deleted: z.literal(true) }) } },
      refusals: ['not_found', 'invalid_request'],
      async handle(c, caller) {
        const { boundTo: org } = caller
        const { idType, userId } = paramsOf(c)
        const stored = bidder.predictions.of(org)
        if (!stored.get(idType, userId)) throw missing()
        const digest = stored.digestOf(idType, userId)
        // The change is recorded without the user's id, because the id is what has to be forgotten.
        const about = {
          action: 'ltv.deleted',
          target: 'predictions',
          reason: await reasonOfDeletion(c),
        } as const
        await audit.record(caller, { ...about, lowersRisk: true }, () =>
          spread(bidder, pool, { drop: 'prediction', org, digest }),
        )
        return ok({ deleted: true })
      },
    },
  ]
}

/**
 * Summary of an upload for the record of changes. The values that it replaces, of thousands of users, are not recorded.
 */
function summaryOf(rows: readonly z.output<typeof Row>[]) {
  const ltvs = rows.map(({ predictedLtv }) => toUnits(predictedLtv))
  return { rows: rows.length, lowestLtv: Math.min(...ltvs), highestLtv: Math.max(...ltvs) }
}

function storedRow(
  stored: Predictions,
  { userId, idType, predictedLtv, confidence, ttlSeconds }: z.output<typeof Row>,
) {
  return { digest: stored.digestOf(idType, userId), confidence, ttlSeconds, ltv: toUnits(predictedLtv) }
}

/** Largest body of an upload, in bytes: 10 000 rows with long ids. */
const MAX_ROWS_BYTES = 4 * 1024 * 1024
/** Rows of an upload that cost one call of the rate limit. */
const ROWS_PER_CALL = 10
/** Rows stored between two turns of the event loop, here and in workers. */
const ROWS_AT_ONCE = 500
