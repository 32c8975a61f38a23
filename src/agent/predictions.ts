import { z } from '@hono/zod-openapi'
import type { Route } from '../api/index.ts'
import { type Ctx, check, ok, readJson } from '../api/index.ts'
import { AppError } from '../errors.ts'
import { toUnits } from '../money.ts'
import { Confidence, PredictedLtv } from './bid-request.ts'
import type { Bidder } from './bidder.ts'
import { type Crew, spread } from './crew.ts'
import { isIdType } from './openrtb/index.ts'

/** How a user is known: `user`, `buyeruid`, `ifa`, or `eid:` with the source of an extended id. */
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
const Rows = z.strictObject({ rows: z.array(Row).min(1).max(10_000) }).openapi('Predictions')
const Params = z.object({ idType: IdTypeField, userId: UserId })
const Stored = z
  .object({
    predictedLtv: z.number(),
    confidence: z.number().optional(),
    ttlSeconds: z.number().optional(),
  })
  .openapi('Prediction')

/** Lifetime values predicted beforehand, for bid requests that carry none. */
export function predictionRoutes(bidder: Bidder, crew: Crew): Route[] {
  const { predictions } = bidder
  const paramsOf = (c: Ctx) => check(Params, { idType: c.req.param('idType'), userId: c.req.param('userId') })
  const missing = () => new AppError('not_found', 'There is no prediction for this user')
  return [
    {
      method: 'put',
      path: '/v1/ltv',
      summary: 'Store predicted lifetime values, up to 10 000 at once',
      scope: 'bid',
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
      refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type'],
      async handle(c) {
        const { rows } = await readJson(c, Rows, MAX_ROWS_BYTES)
        const stored = rows.map(({ userId, idType, predictedLtv, confidence, ttlSeconds }) => ({
          ...{ idType, userId, confidence, ttlSeconds },
          ltv: toUnits(predictedLtv),
        }))
        await spread(bidder, crew, { put: 'predictions', rows: stored })
        return ok({ stored: rows.length, rows: predictions.size })
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
      handle(c) {
        const { idType, userId } = paramsOf(c)
        const found = predictions.get(idType, userId)
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
      answers: { 200: { description: 'Forgotten', schema: z.object({ deleted: z.literal(true) }) } },
      refusals: ['not_found', 'invalid_request'],
      async handle(c) {
        const { idType, userId } = paramsOf(c)
        if (!predictions.get(idType, userId)) throw missing()
        await spread(bidder, crew, { drop: 'prediction', idType, userId })
        return ok({ deleted: true })
      },
    },
  ]
}

/** 10 000 rows with long ids. */
const MAX_ROWS_BYTES = 4 * 1024 * 1024
