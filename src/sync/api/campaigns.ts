import { z } from '@hono/zod-openapi'
import { type Ctx, check, ok, type Route, readJson } from '../../api/index.ts'
import { AppError } from '../../errors.ts'
import { MoneyError, parseMoney } from '../../money.ts'
import { createTurns } from '../../turns.ts'
import {
  type Changing,
  createCampaign,
  resume,
  setDailyBudget,
  unpaid,
  writerOf,
} from '../campaign-writes.ts'
import { findConnection } from '../connections.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { accountRefOf, infoOf } from '../work/index.ts'
import { Id, idOf } from './connectors.ts'

const Name = z.string().min(1).max(256)
/** Money of the account's currency. */
const Money = z
  .union([z.number(), z.string().max(20)])
  .transform((amount, ctx) => {
    try {
      return parseMoney(amount)
    } catch (error) {
      ctx.addIssue(error instanceof MoneyError ? error.message : 'must be money')
      return z.NEVER
    }
  })
  .refine((amount) => amount > 0, 'must be above zero')
  .openapi({ type: 'number', example: 50 })
const New = z.strictObject({ name: Name, daily_budget: Money, start_date: z.iso.date().optional() })
const Change = z
  .strictObject({
    name: Name.optional(),
    daily_budget: Money.optional(),
    status: z.enum(['active', 'paused']).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must name what is to be changed')
const CampaignId = Id.extend({ campaignId: z.string().regex(/^[\w-]{1,64}$/) })
const Campaign = z.object({ id: z.string() }).openapi('ChangedCampaign')

const answers = { 200: { description: 'The campaign', schema: Campaign } }
const refusals = [
  'invalid_request',
  'payload_too_large',
  'unsupported_media_type',
  'not_found',
  'paused',
  'currency_mismatch',
  'budget_exceeded',
  'rate_limited',
  'platform_refused',
  'budget_store_unavailable',
  'platform_unavailable',
  'outcome_unknown',
] as const

/** Campaigns at the platforms: make, change, stop and start them. What lets a platform spend more is paid for first. */
export function campaignRoutes(sync: Sync): Route[] {
  // A raise is paid for by the budget there was before: nobody else may change that meanwhile.
  const inTurn = createTurns()

  async function changingOf(c: Ctx, orgId: number): Promise<Changing> {
    const row = await findConnection(sync, orgId, idOf(c))
    const connector = connectorFor(sync, row.type)
    writerOf(connector)
    if (row.status === 'disconnected') {
      const detail = infoOf(row).message ?? 'the account is not connected'
      throw new AppError('invalid_request', `id: ${detail}`, 'never', { field: 'id' })
    }
    return { connector, connectorId: row.id, orgId, account: accountRefOf(row) }
  }

  return [
    {
      method: 'post',
      path: '/api/v1/connectors/{id}/campaigns',
      summary: 'Make a campaign, paused; its daily budget is paid for',
      scope: 'admin',
      params: Id,
      body: New.openapi('NewPlatformCampaign'),
      example: { name: 'Summer', daily_budget: 50, start_date: '2027-06-01' },
      answers,
      refusals,
      async handle(c, { org }) {
        const changing = await changingOf(c, org)
        const { name, daily_budget, start_date } = await readJson(c, New)
        const wanted = {
          name,
          dailyBudgetMicros: daily_budget,
          ...(start_date !== undefined && { startDate: start_date }),
        }
        const made = await inTurn(changing.connectorId, () => createCampaign(sync, changing, wanted))
        return ok({ id: made.id })
      },
    },
    {
      method: 'patch',
      path: '/api/v1/connectors/{id}/campaigns/{campaignId}',
      summary: 'Change, stop or start a campaign; what it may spend more is paid for first',
      scope: 'admin',
      params: CampaignId,
      body: Change.openapi('CampaignChange'),
      example: { status: 'paused' },
      answers,
      refusals,
      async handle(c, { org }) {
        const changing = await changingOf(c, org)
        const { campaignId } = check(CampaignId, {
          id: c.req.param('id'),
          campaignId: c.req.param('campaignId'),
        })
        const { name, daily_budget, status } = await readJson(c, Change)
        const write = writerOf(changing.connector)
        // Stopping waits for nobody and comes first.
        if (status === 'paused')
          await unpaid(sync, changing, write.setStatus(changing.account, campaignId, status), 'lowering')
        await inTurn(`${changing.connectorId}:${campaignId}`, async () => {
          if (daily_budget !== undefined) await setDailyBudget(sync, changing, campaignId, daily_budget, name)
          else if (name !== undefined)
            await unpaid(sync, changing, write.update(changing.account, campaignId, { name }), 'bid')
          if (status === 'active') await resume(sync, changing, campaignId)
        })
        return ok({ id: campaignId })
      },
    },
  ]
}
