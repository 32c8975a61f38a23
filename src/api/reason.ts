import { z } from '@hono/zod-openapi'
import { AppError } from '../errors.ts'
import { type Ctx, check, readJson } from './json.ts'

/** Longest reason that is kept, in characters; the rest is cut off. */
const MAX_KEPT = 500

/** Reason for a change. One that is too long or empty is not refused, because a stop may be urgent. */
export const Reason = z
  .string()
  .nullable()
  .transform((said) => said?.slice(0, MAX_KEPT).toWellFormed() || undefined)
  .openapi({
    type: ['string', 'null'],
    description: `Why; kept with the change, see \`GET /v1/audit\`. The first ${MAX_KEPT} characters are kept.`,
  })

/** Reason in the query, for calls without a reason in the body. */
export const ReasonQuery = z.object({ reason: Reason.optional() })

export const ReasonInput = z.strictObject({ reason: Reason.optional() }).openapi('ReasonInput')

/** The reason in the body, or else in the query. */
export const reasonOf = (c: Ctx, said?: string): string | undefined =>
  said ?? check(ReasonQuery, c.req.query()).reason

/** As {@link reasonOf}, for a call with an optional body. */
export const optionalReason = async (c: Ctx): Promise<string | undefined> =>
  reasonOf(c, hasBody(c) ? (await readJson(c, ReasonInput)).reason : undefined)

/**
 * As {@link reasonOf}, for DELETE. Few clients send a body with it. One that cannot be read is ignored: it could only
 * give the reason, and the deletion may be urgent.
 */
export async function reasonOfDeletion(c: Ctx): Promise<string | undefined> {
  const said = reasonOf(c)
  if (said !== undefined || !hasBody(c)) return said
  try {
    return (await readJson(c, ReasonInput)).reason
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}

function hasBody({ env }: Ctx): boolean {
  const { 'content-length': length, 'transfer-encoding': chunked } = env.incoming.headers
  return chunked !== undefined || (length !== undefined && length !== '0')
}
