import { z } from '@hono/zod-openapi'
import { type Ctx, check } from '../../api/index.ts'
import { isToken } from '../oauth/index.ts'
import { CONNECTOR_STATUSES } from '../store/index.ts'

export const Id = z.object({ id: z.string().max(64) })
export const idOf = (c: Ctx): string => check(Id, { id: c.req.param('id') }).id

/** A key or token that can be sent in a header. */
export const Credential = z.string().min(1).max(4096).refine(isToken, 'must be printable ASCII')

/** A platform's name in requests. */
export const TypeName = z.string().min(1).max(50)

export const Account = z.object({ id: z.string(), name: z.string().optional() })

export const Connection = z
  .object({
    id: z.string(),
    type: z.string(),
    account_id: z.string().nullable(),
    status: z.enum(CONNECTOR_STATUSES),
    message: z.string().optional().describe('What is to be done, where it is not connected'),
    health: z.object({
      status: z
        .enum(['healthy', 'degraded', 'unhealthy'])
        .describe('`degraded` while its platform fails: data may be stale'),
      last_check: z.string().nullable(),
      latency_ms: z.number().int().nullable(),
      error_rate: z.number().describe('A share of the latest calls, from 0 to 1'),
    }),
    rate_limit: z.object({ limit: z.number(), remaining: z.number(), reset_at: z.string() }),
    accounts: z.array(Account).describe('Those that the grant reaches'),
    currency: z.string().nullable(),
    timezone: z.string().nullable(),
    settings: z.record(z.string(), z.unknown()),
    created_at: z.string(),
    last_sync_at: z.string().nullable(),
  })
  .openapi('Connector')

/** The documentation of a route that answers 200 only. */
export const answer = (description: string, schema: z.ZodType = z.looseObject({})) => ({
  200: { description, schema },
})
