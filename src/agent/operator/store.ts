import { z } from '@hono/zod-openapi'
import { ok, optionalReason, ReasonInput, type Route } from '../../api/index.ts'
import type { Agent } from '../agent.ts'
import { refusedScopes } from './readiness.ts'
import { requireStored } from './stored.ts'

const STORE_KINDS = ['memory', 'sqlite', 'redis'] as const
export type StoreKind = (typeof STORE_KINDS)[number]

const StoreBody = z
  .object({
    kind: z.enum(STORE_KINDS).openapi({ description: 'Where budgets are kept.' }),
    reachable: z.boolean(),
    detail: z.string().optional(),
    refusing: z
      .array(z.object({ scope: z.string(), why: z.string() }))
      .openapi({ description: 'Scopes that the store grants nothing for, though it can be reached.' }),
  })
  .openapi('Store')

const answers = { 200: { description: 'The store now', schema: StoreBody } }

export function storeRoutes(agent: Agent, kind: StoreKind): Route[] {
  const { budget } = agent
  const show = () => {
    const { store } = budget
    const refusing = refusedScopes(agent).map(({ name, purse }) => ({
      scope: name,
      why: purse.refusal ?? '',
    }))
    return ok({
      kind,
      reachable: store.is === 'up',
      ...(store.is === 'away' && { detail: store.detail }),
      refusing,
    })
  }
  return [
    {
      method: 'get',
      path: '/v1/store',
      summary: 'Whether the budget store can be reached, and what it refuses',
      scope: 'read',
      isOperators: true,
      answers,
      refusals: [],
      async handle() {
        await Promise.all([budget.refresh(), agent.callLimits.refresh(agent.callLimits.scopes)])
        return show()
      },
    },
    {
      method: 'post',
      path: '/v1/store/trust',
      summary: 'Vouch that nothing was spent that the store does not know of',
      scope: 'operate',
      isOperators: true,
      body: ReasonInput,
      isBodyOptional: true,
      example: { reason: 'restored from a copy; spend compared with the platforms' },
      answers,
      refusals: ['invalid_request', 'budget_store_unavailable', 'records_unavailable'],
      async handle(c, caller) {
        const change = {
          action: 'store.trusted',
          target: 'store',
          values: () => ({ from: { refusing: refusedScopes(agent).length } }),
          reason: await optionalReason(c),
          lowersRisk: false,
        } as const
        await agent.audit.record(caller, change, async () => {
          await requireStored(agent, () => budget.trust())
          await agent.callLimits.refresh(agent.callLimits.scopes)
        })
        return show()
      },
    },
  ]
}
