import { z } from '@hono/zod-openapi'
import { check, ok, type Route, wholeNumber } from '../../api/index.ts'
import { CONVERSION_PLATFORMS, MESSAGE_PLATFORM } from '../conversions.ts'
import { healthHistory, healthOf } from '../health.ts'
import type { Conversions } from '../parts.ts'

const Status = z.enum(['healthy', 'degraded', 'unhealthy'])
const share = z
  .number()
  .nullable()
  .openapi({ description: 'A share, from 0 to 1; null where nothing was sent.' })
const events = (what: string) => z.int().openapi({ description: what })

const ConnectorHealthStatus = z
  .object({
    platform: z.string(),
    status: Status,
    last_check: z.string(),
    success_rate_1h: share,
    avg_latency_ms: z.number().nullable(),
    circuit_state: z.string(),
    error_count_1h: events('Events that the platform did not take when they were sent, in the last hour.'),
    events_processed_1h: events('Events that the platform took in the last hour.'),
    issues: z.array(z.string()),
  })
  .openapi('ConnectorHealthStatus')

const Point = z
  .object({
    platform: z.string(),
    from: z.string(),
    to: z.string(),
    status: Status.nullable().openapi({ description: 'Null, as the shares: nothing was sent.' }),
    success_rate: share,
    avg_latency_ms: z.number().nullable(),
    circuit_state: z.string().nullable(),
    error_count: events('Events that the platform did not take when they were sent.'),
    events_processed: events('Events that the platform took.'),
    caveat: z.string().nullable().openapi({ description: 'Why figures are null.' }),
  })
  .openapi('ConnectorHealthPoint')

const History = z.object({
  hours: wholeNumber(1, 24).default(24).openapi({ description: 'How far back, in hours.' }),
  platform: z.enum([...CONVERSION_PLATFORMS, MESSAGE_PLATFORM]).optional(),
})

const CapiResponse = z
  .object({
    success: z.boolean(),
    events_received: events('Events of the call.'),
    events_processed: events('Events that the platform took.'),
    errors: z.array(z.object({ code: z.string(), message: z.string() })),
    platform: z.string(),
    request_id: z.string().nullable(),
  })
  .openapi('CAPIResponse')

const Batch = z
  .object({
    platform: z.string(),
    original_batch_size: events('Events of a call before the last change.'),
    optimized_batch_size: events('Events of a call now.'),
    estimated_throughput_improvement: z.number().openapi({
      description: 'A share by which more events a second are to be expected; 0 where too little is known.',
    }),
    recommendation: z.string(),
    concurrent_calls: events('Calls at once.'),
    max_batch_size: events('Events of a call that the platform takes.'),
    last_response: CapiResponse.nullable().openapi({
      description: 'What the last call of this process came to.',
    }),
  })
  .openapi('BatchOptimizationResult')

/** Routes that show the health of the connections. */
export const healthRoutes = (conversions: Conversions): Route[] => [
  {
    method: 'get',
    path: '/api/v1/conversions/health',
    summary: 'How each connection does, by the last hour',
    scope: 'read',
    answers: {
      200: {
        description: 'Every connection',
        schema: z.object({ status: Status, connectors: z.array(ConnectorHealthStatus) }),
      },
    },
    refusals: [],
    async handle(_, { org }) {
      const connectors = await healthOf(conversions, org)
      const worst = (['unhealthy', 'degraded'] as const).find((one) =>
        connectors.some(({ status }) => status === one),
      )
      return ok({ status: worst ?? 'healthy', connectors })
    },
  },
  {
    method: 'get',
    path: '/api/v1/conversions/health/history',
    summary: 'How each connection did, in steps of five minutes',
    scope: 'read',
    query: History,
    answers: { 200: { description: 'Oldest first', schema: z.object({ history: z.array(Point) }) } },
    refusals: ['invalid_request'],
    async handle(c, { org }) {
      const { hours, platform } = check(History, c.req.query())
      return ok({ history: await healthHistory(conversions, org, hours, platform) })
    },
  },
  {
    method: 'get',
    path: '/api/v1/conversions/batches',
    summary: 'How many events a call of each connection has, and why',
    scope: 'read',
    answers: { 200: { description: 'By platform', schema: z.object({ batches: z.array(Batch) }) } },
    refusals: [],
    handle: async (_, { org }) => ok({ batches: batchesOf(conversions, org) }),
  },
]

function batchesOf({ lanes }: Conversions, orgId: number) {
  return [...lanes.all]
    .filter((lane) => lane.orgId === orgId)
    .map(({ platform, optimiser, room, lastResponse }) => ({
      platform,
      ...optimiser.last,
      concurrent_calls: optimiser.concurrency,
      max_batch_size: room.connector.limits.maxEventsPerCall,
      last_response: lastResponse ?? null,
    }))
}
