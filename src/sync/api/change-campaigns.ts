import { z } from '@hono/zod-openapi'
import {
  type Caller,
  type Ctx,
  check,
  ok,
  problemAnswer,
  Reason,
  type Route,
  readJson,
  readMoney,
  reasonOf,
  WRONG_BODY,
} from '../../api/index.ts'
import { AppError, invalidField } from '../../errors.ts'
import { toUnits } from '../../money.ts'
import { createTurns } from '../../time/turns.ts'
import { type Changing, createCampaign, writerOf } from '../campaign-writes.ts'
import { changeCampaign, targetOf, type WantedChange } from '../change-campaign.ts'
import { findConnection } from '../connections.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { accountRefOf, infoOf } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

const Name = z.string().min(1).max(256)
/** An amount in units of the account's currency. */
const Money = z
  .union([z.number(), z.string().max(20)])
  .transform(readMoney)
  .refine((amount) => amount > 0, 'must be above zero')
  .openapi({ type: 'number', example: 50 })
const New = z.strictObject({
  name: Name,
  daily_budget: Money,
  start_date: z.iso.date().optional(),
  reason: Reason.optional(),
})
const PlatformId = z.string().regex(/^[\w-]{1,64}$/)
const Changeable = z.strictObject({
  name: Name.optional(),
  daily_budget: Money.optional(),
  status: z.enum(['active', 'paused']).optional(),
})
const Change = Changeable.extend({ reason: Reason.optional() }).refine(
  ({ reason: _, ...change }) => Object.keys(change).length > 0,
  'must name what is to be changed',
)
const Changes = z.strictObject({
  changes: z
    .array(
      Changeable.extend({ id: PlatformId }).refine(
        (change) => Object.keys(change).length > 1,
        'must name what is to be changed',
      ),
    )
    .min(1)
    .max(100)
    .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'must not name a campaign twice'),
  reason: Reason.optional(),
})
const Changed = z.object({
  results: z.array(z.looseObject({ id: z.string(), httpStatus: z.number().int() })),
})
const CampaignId = Id.extend({ campaignId: PlatformId })
const Campaign = z.object({ id: z.string() }).openapi('ChangedCampaign')

const answers = { 200: { description: 'The campaign', schema: Campaign } }
const refusals = [
  ...WRONG_BODY,
  'not_found',
  'paused',
  'currency_mismatch',
  'budget_exceeded',
  'rate_limited',
  'platform_refused',
  'budget_store_unavailable',
  'records_unavailable',
  'platform_unavailable',
  'outcome_unknown',
] as const

type InTurn = ReturnType<typeof createTurns>

/**
 * Routes that create, change, stop and start campaigns at platforms. Whatever lets a platform spend more is paid for
 * first.
 */
export function campaignChangeRoutes(sync: Sync): Route[] {
  // The cost of a raise depends on the budget before it, so raises of a campaign run one after the other.
  const inTurn = createTurns()
  return [makeCampaign(sync, inTurn), changeOne(sync, inTurn), changeMany(sync, inTurn)]
}

function makeCampaign(sync: Sync, inTurn: InTurn): Route {
  return {
    method: 'post',
    path: '/api/v1/connectors/{id}/campaigns',
    summary: 'Make a campaign, paused; its daily budget is paid for',
    scope: 'operate',
    params: Id,
    body: New.openapi('NewPlatformCampaign'),
    example: { name: 'Summer', daily_budget: 50, start_date: '2027-06-01' },
    answers,
    refusals,
    async handle(c, caller) {
      const changing = await changingOf(sync, c, caller)
      const { name, daily_budget, start_date, reason } = await readJson(c, New)
      const wanted = {
        name,
        dailyBudgetMicros: daily_budget,
        ...(start_date !== undefined && { startDate: start_date }),
      }
      const said = { name, daily_budget: toUnits(daily_budget), start_date }
      const change = {
        action: 'platform_campaign.created',
        target: targetOf(changing),
        values: () => ({ to: said }),
        reason: reasonOf(c, reason),
        lowersRisk: false,
      } as const
      const made = await sync.audit.record(
        caller,
        change,
        () => inTurn(changing.connectorId, () => createCampaign(sync, changing, wanted)),
        ({ id }) => ({ id, ...said }),
      )
      return ok({ id: made.id })
    },
  }
}

function changeOne(sync: Sync, inTurn: InTurn): Route {
  return {
    method: 'patch',
    path: '/api/v1/connectors/{id}/campaigns/{campaignId}',
    summary: 'Change, stop or start a campaign; what it may spend more is paid for first',
    scope: 'operate',
    params: CampaignId,
    body: Change.openapi('CampaignChange'),
    example: { status: 'paused' },
    answers,
    refusals,
    async handle(c, caller) {
      const changing = await changingOf(sync, c, caller)
      const { campaignId } = check(CampaignId, {
        id: c.req.param('id'),
        campaignId: c.req.param('campaignId'),
      })
      const { reason, ...wanted } = await readJson(c, Change)
      const by = { caller, reason: reasonOf(c, reason) }
      await changeCampaign(sync, inTurn, changing, campaignId, wanted, by)
      return ok({ id: campaignId })
    },
  }
}

function changeMany(sync: Sync, inTurn: InTurn): Route {
  return {
    method: 'patch',
    path: '/api/v1/connectors/{id}/campaigns',
    summary: 'Change many campaigns, each for itself: those that are to be stopped first',
    scope: 'operate',
    params: Id,
    body: Changes.openapi('CampaignChanges'),
    example: {
      changes: [
        { id: '77', status: 'paused' },
        { id: '78', daily_budget: 40 },
      ],
    },
    answers: { 200: { description: 'What became of each, in the order of the changes', schema: Changed } },
    refusals: [...WRONG_BODY, 'not_found', 'rate_limited'],
    async handle(c, caller) {
      const changing = await changingOf(sync, c, caller)
      const { changes, reason } = await readJson(c, Changes)
      caller.charge(changes.length - 1)
      const by = { caller, reason: reasonOf(c, reason) }
      const results: object[] = []
      const stops = ({ change }: { change: WantedChange }) => (change.status === 'paused' ? 0 : 1)
      const inOrder = changes
        .map(({ id, ...change }, at) => ({ id, change, at }))
        .sort((one, other) => stops(one) - stops(other))
      for (const { id, change: wanted, at } of inOrder) {
        results[at] = await changeCampaign(sync, inTurn, changing, id, wanted, by).then(
          () => ({ id, httpStatus: 200 }),
          (error: unknown) => {
            if (!(error instanceof AppError)) throw error
            const { status, body } = problemAnswer(error)
            return { id, httpStatus: status, ...body }
          },
        )
      }
      return ok({ results })
    },
  }
}

/** The campaign's account and connector; throws where the connection cannot write. */
async function changingOf(sync: Sync, c: Ctx, { org: orgId, payingKey }: Caller): Promise<Changing> {
  const row = await findConnection(sync, orgId, idOf(c))
  const connector = connectorFor(sync, row.type)
  writerOf(connector)
  if (row.status === 'disconnected') {
    const detail = infoOf(row).message ?? 'the account is not connected'
    throw invalidField('id', detail)
  }
  return { connector, connectorId: row.id, orgId, account: accountRefOf(row), payingKey }
}
