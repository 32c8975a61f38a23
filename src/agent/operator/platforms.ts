import { z } from '@hono/zod-openapi'
import { ok, type Route } from '../../api/index.ts'
import { PLATFORMS, type PlatformName } from '../../connectors/index.ts'
import { toUnits } from '../../money.ts'
import type { Agent } from '../agent.ts'
import type { Deferred } from '../bids/deferred.ts'

const PlatformBody = z
  .object({
    platform: z.enum(PLATFORMS),
    mode: z.enum(['mock', 'live']),
    currency: z.string(),
    auth: z.enum(['ok', 'lost', 'none']).openapi({
      description: 'Whether the platform takes our credentials; `none` where none are configured.',
    }),
    authDetail: z.string().optional(),
    breaker: z.object({
      state: z.enum(['closed', 'open', 'half_open']),
      retryAfterMs: z.number().optional(),
    }),
    rateLimit: z.object({
      calls: z.number(),
      windowSeconds: z.number(),
      remaining: z.number().openapi({ description: 'Calls that are left.' }),
    }),
    medianLtv: z.number().optional(),
    ltvSamples: z.number(),
    fallbackCount: z.number(),
    fallbackShare: z.number().optional().openapi({
      description:
        'Of the bids that were decided since the start, the share by the fallback, from 0 to 1; left out where there was none.',
    }),
    deferred: z.number(),
    latencyMs: z.object({ p50: z.number(), p95: z.number() }).optional(),
  })
  .openapi('Platform')

export interface PlatformRouteDeps {
  readonly agent: Agent
  readonly deferred: Deferred
  readonly mode: 'mock' | 'live'
}

export function platformRoutes(deps: PlatformRouteDeps): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/platforms',
      summary: 'How every platform is doing',
      scope: 'read',
      isOperators: true,
      answers: {
        200: { description: 'All platforms', schema: z.object({ platforms: z.array(PlatformBody) }) },
      },
      refusals: [],
      async handle() {
        const platforms = await Promise.all(PLATFORMS.map((platform) => platformBody(deps, platform)))
        return ok({ platforms })
      },
    },
  ]
}

async function platformBody({ agent, deferred, mode }: PlatformRouteDeps, platform: PlatformName) {
  const { currency, auth, breaker, limiter, latency } = agent.connectors[platform].status()
  const heuristic = agent.fallback.decide(platform)
  const waitMs = breaker.is === 'open' ? Math.ceil(breaker.untilMs - agent.clock.elapsedMs()) : undefined
  return {
    platform,
    mode,
    currency,
    auth: auth.is,
    ...(auth.is === 'lost' && { authDetail: auth.detail }),
    breaker: { state: breaker.is, ...(waitMs !== undefined && { retryAfterMs: waitMs }) },
    rateLimit: { calls: limiter.calls, windowSeconds: limiter.windowMs / 1000, remaining: limiter.remaining },
    ...(heuristic && { medianLtv: toUnits(heuristic.ltv) }),
    ltvSamples: heuristic?.samples ?? 0,
    fallbackCount: await fallbackCount(agent, platform),
    ...fallbackShare(agent, platform),
    deferred: deferred.waiting(platform),
    ...(latency && { latencyMs: latency }),
  }
}

async function fallbackCount({ metrics }: Agent, platform: PlatformName): Promise<number> {
  const { values } = await metrics.fallbacks.get()
  return values.find(({ labels }) => labels.platform === platform)?.value ?? 0
}

/** A deferred bid counts when it ends, as it does among the fallbacks. */
function fallbackShare({ metrics }: Agent, platform: PlatformName): { fallbackShare?: number } {
  let decided = 0
  let byFallback = 0
  for (const { labels, count } of metrics.bids.all) {
    const { source, status } = labels
    if (labels.platform !== platform || source === 'none' || status === 'deferred') continue
    decided += count
    if (source === 'fallback') byFallback += count
  }
  return decided === 0 ? {} : { fallbackShare: byFallback / decided }
}
