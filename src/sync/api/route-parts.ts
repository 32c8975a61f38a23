import { z } from '@hono/zod-openapi'
import { type Ctx, check } from '../../api/index.ts'
import { isToken } from '../oauth/index.ts'

export const Id = z.object({ id: z.string().max(64) })
export const idOf = (c: Ctx): string => check(Id, { id: c.req.param('id') }).id

/** A key or token that can be sent in a header. */
export const Credential = z.string().min(1).max(4096).refine(isToken, 'must be printable ASCII')

/** A platform's name in requests. */
export const TypeName = z.string().min(1).max(50)

export const Connection = z
  .looseObject({ id: z.string(), type: z.string(), status: z.string() })
  .openapi('Connector')

/** The documentation of a route that answers 200 only. */
export const answer = (description: string, schema: z.ZodType = z.looseObject({})) => ({
  200: { description, schema },
})
