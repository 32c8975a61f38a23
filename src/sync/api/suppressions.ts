import { z } from '@hono/zod-openapi'
import { check, ok, ReasonQuery, type Route, reasonOfDeletion, wholeNumber } from '../../api/index.ts'
import { findConnection, notFound } from '../connections.ts'
import { liftSuppression, suppressions } from '../mail/index.ts'
import type { Sync } from '../sync.ts'
import { Id, idOf } from './route-parts.ts'

const Page = z.object({
  /** Last address of the previous page. */
  after: z.string().max(320).default(''),
  limit: wholeNumber(1, 1_000).default(100),
})
const Address = Id.extend({ address: z.string().min(3).max(320) })
const Suppressed = z
  .object({ address: z.string(), reason: z.string(), since: z.string() })
  .openapi('SuppressedAddress')

/** Routes that list recipients who bounced or complained, and allow mail to one of them again. */
export function suppressionRoutes(sync: Sync): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/connectors/{id}/suppressions',
      summary: 'Recipients that are not written to any more, and why',
      scope: 'read',
      params: Id,
      query: Page,
      answers: {
        200: {
          description: 'In the order of their addresses',
          schema: z.object({ suppressions: z.array(Suppressed) }),
        },
      },
      refusals: ['not_found', 'invalid_request'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const { after, limit } = check(Page, c.req.query())
        return ok({ suppressions: await suppressions(sync.store, row.id, after, limit) })
      },
    },
    {
      method: 'delete',
      path: '/api/v1/connectors/{id}/suppressions/{address}',
      summary: 'Let a recipient be written to again; the platform may have a list of its own',
      scope: 'connect',
      params: Address,
      query: ReasonQuery,
      answers: { 200: { description: 'Who may be written to', schema: z.object({ address: z.string() }) } },
      refusals: ['not_found', 'invalid_request', 'records_unavailable'],
      async handle(c, caller) {
        const row = await findConnection(sync, caller.org, idOf(c))
        const { address } = check(Address, { id: c.req.param('id'), address: c.req.param('address') })
        const change = {
          action: 'connector.suppression_lifted',
          target: row.id,
          values: () => ({ from: { address } }),
          reason: await reasonOfDeletion(c),
          lowersRisk: false,
        } as const
        await sync.audit.record(caller, change, async () => {
          if (!(await liftSuppression(sync.store, row.id, address)))
            throw notFound('suppressed address', address)
        })
        return ok({ address })
      },
    },
  ]
}
