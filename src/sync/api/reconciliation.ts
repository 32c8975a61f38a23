import { z } from '@hono/zod-openapi'
import { check, ok, type Route } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { micros, toUnits } from '../../money.ts'
import { findConnection } from '../connections.ts'
import { checkRange } from '../jobs/index.ts'
import { REASONS, reconcile, type SpendLine } from '../reconcile/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { infoOf, specOf } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

const Range = z.object({ start: z.iso.date(), end: z.iso.date() })
/** Longest range, in days: each day is a query of our own records. */
const MAX_DAYS = 92

const Line = z.object({
  date: z.string(),
  campaign_id: z.string(),
  reported: z
    .number()
    .nullable()
    .openapi({ description: 'By the platform, in currency units; null where its figure is missing' }),
  own: z.number().openapi({ description: 'By our own ledger' }),
  budget: z
    .number()
    .nullable()
    .openapi({ description: 'The highest daily budget given from here that stood on that day' }),
  difference: z
    .number()
    .nullable()
    .openapi({ description: 'Reported less own; null where nothing is reported' }),
  reason: z.enum(REASONS),
})
const Body = z
  .object({
    connector_id: z.string(),
    account_id: z.string().nullable(),
    currency: z.string(),
    days: z.array(Line),
    caveats: z.array(z.string()),
  })
  .openapi('Reconciliation')

/** Route that compares the spend a platform reports with what was bid. */
export function reconciliationRoutes(sync: Sync): Route[] {
  return [
    {
      method: 'get',
      path: '/api/v1/connectors/{id}/reconciliation',
      summary:
        'Spend by campaign and day: what the platform reported, what our ledger has, and why they differ',
      scope: 'read',
      params: Id,
      query: Range,
      answers: { 200: { description: 'Campaigns with spend on either side', schema: Body } },
      refusals: ['invalid_request', 'not_found', 'currency_mismatch'],
      async handle(c, { org }) {
        const row = await findConnection(sync, org, idOf(c))
        const connector = connectorFor(sync, row.type)
        const rule = connector.spend
        const spec = rule && specOf(connector, rule.reportType)
        if (!rule || !spec) throw new AppError('invalid_request', `${connector.type} reports no spend`)
        const range = check(Range, c.req.query())
        checkRange({ ...spec, maxDays: MAX_DAYS }, range, sync.clock.nowMs(), infoOf(row).timezone)
        const source = { row, type: connector.type, rule }
        const found = await reconcile(sync.store, sync.ownSpendOf, source, range, row.org_id)
        if (!found) {
          const detail = `What is spent on ${connector.type} is not known to this process alone`
          throw new AppError('not_found', detail)
        }
        return ok({
          connector_id: row.id,
          account_id: row.account_id,
          currency: found.currency,
          days: found.lines.map(({ date, campaignId, reported, own, budget, reason }) => ({
            date,
            campaign_id: campaignId,
            reported: reported === null ? null : unitsOf(reported),
            own: toUnits(micros(own)),
            budget: budget === undefined ? null : toUnits(micros(budget)),
            difference: reported === null ? null : unitsOf(reported - own),
            reason,
          })),
          caveats: caveatsOf(found.lines),
        })
      },
    },
  ]
}

/** Micros in units. Corrections by a platform may be negative. */
const unitsOf = (amount: number): number => Math.sign(amount) * toUnits(micros(Math.abs(amount)))

function caveatsOf(lines: readonly SpendLine[]): string[] {
  const missing = lines.filter(({ reported }) => reported === null).length
  if (missing === 0) return []
  return [
    `of ${missing} of ${lines.length} days of campaigns the platform's spend is not known: it is null, and compared with nothing`,
  ]
}
