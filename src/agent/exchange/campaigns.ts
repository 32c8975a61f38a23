import { z } from '@hono/zod-openapi'
import type { Caller, Route } from '../../api/index.ts'
import {
  type Ctx,
  check,
  idShown,
  LISTED_PER_CALL,
  ok,
  okList,
  Reason,
  ReasonQuery,
  readJson,
  reasonOf,
  reasonOfDeletion,
  wholeNumber,
} from '../../api/index.ts'
import { differences } from '../../audit/index.ts'
import { AppError } from '../../errors.ts'
import type { TableLimits } from '../../metrics/tables.ts'
import { firstInOrder } from '../../time/slices.ts'
import type { Agent } from '../agent.ts'
import { areLower, riskOf } from '../limit-risk.ts'
import { maySee, type Org, orgOf, ownId, shownName } from '../organisations.ts'
import { campaignScope, scopesAbove } from '../scopes.ts'
import { type Bidder, EXCHANGES, mayUse } from './bidder.ts'
import { campaignBody } from './campaign-body.ts'
import type { CampaignStore } from './campaign-store.ts'
import { CampaignSpec, limitsOf, type PreparedCampaign } from './openrtb/index.ts'
import { PaceBody, paceBody } from './pace-body.ts'
import { spread, type WorkerPool } from './worker-pool.ts'

const Params = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
})
/** Ids of campaigns in addresses: the operator may also name campaigns of organisations (`spring@7`). */
const AnyParams = z.object({
  id: z
    .string()
    .regex(
      /^[A-Za-z0-9_-]{1,64}(@[1-9]\d{0,8})?$/,
      'must be 1 to 64 letters, digits, _ or -, and may end in @ and the number of an organisation',
    )
    .openapi({ description: '`spring@7` is what organisation 7 calls `spring`.', example: 'spring' }),
})
const Input = CampaignSpec.safeExtend({ reason: Reason.optional() }).openapi('CampaignInput')
const Body = CampaignSpec.safeExtend({ id: z.string(), pace: PaceBody.optional() }).openapi('Campaign')
const one = { 200: { description: 'The campaign, with its defaults', schema: Body } }

const ListQuery = z.object({
  limit: wholeNumber(1, 500).default(100),
  cursor: AnyParams.shape.id.optional().openapi({ description: '`next` of the page before.' }),
})
const Page = z.object({
  campaigns: z.array(Body),
  next: z.string().optional().openapi({ description: 'Cursor of the next page; missing on the last.' }),
})

type Showing = Pick<CampaignParts, 'bidder' | 'pool'>

interface CampaignParts
  extends Pick<Agent, 'audit' | 'tables' | 'approvals' | 'budget' | 'exchangeHoldMode'> {
  readonly campaignStore: CampaignStore
  readonly bidder: Bidder
  readonly pool: WorkerPool
}

/** Routes of OpenRTB campaigns: budget, price, targeting, schedule and creatives. */
export function campaignRoutes(parts: CampaignParts): Route[] {
  return [listCampaigns(parts), showCampaign(parts), putCampaign(parts), deleteCampaign(parts)]
}

function listCampaigns(parts: CampaignParts): Route {
  const { campaigns } = parts.bidder
  return {
    method: 'get',
    path: '/v1/campaigns',
    summary: 'The OpenRTB campaigns, a page at a time',
    scope: 'read',
    query: ListQuery,
    answers: { 200: { description: 'Campaigns in the order of their ids', schema: Page } },
    refusals: ['invalid_request'],
    async handle(c, caller) {
      const { limit, cursor } = check(ListQuery, c.req.query())
      caller.charge(limit / LISTED_PER_CALL)
      const { boundTo } = caller
      const from = cursor === undefined ? '' : ownId(cursor, boundTo)
      const ids = campaigns.all.map(({ id }) => id).filter((id) => id > from && maySee(id, boundTo))
      const first = await firstInOrder(ids, limit + 1)
      const page = first.slice(0, limit).flatMap((id) => campaigns.get(id) ?? [])
      const next = (listed: number) => {
        const last = first.length > listed ? page[listed - 1]?.id : undefined
        return last === undefined ? {} : { next: shownName(last, boundTo) }
      }
      return okList('campaigns', page, (campaign) => show(parts, campaign, caller), next)
    },
  }
}

function showCampaign(parts: CampaignParts): Route {
  return {
    method: 'get',
    path: '/v1/campaigns/{id}',
    summary: 'One OpenRTB campaign',
    scope: 'read',
    params: AnyParams,
    answers: one,
    refusals: ['not_found', 'invalid_request'],
    handle: (c, caller) =>
      ok(show(parts, find(parts.bidder.campaigns, idOf(c, caller), caller.boundTo), caller)),
  }
}

function putCampaign(parts: CampaignParts): Route {
  const { bidder, pool, campaignStore, audit, tables } = parts
  const { campaigns } = bidder
  return {
    method: 'put',
    path: '/v1/campaigns/{id}',
    summary: 'Store or replace an OpenRTB campaign; what it has spent stays spent',
    scope: 'operate',
    params: AnyParams,
    query: ReasonQuery,
    body: Input,
    example: {
      seat: 'example',
      advertiserDomain: 'advertiser.example',
      categories: ['IAB22'],
      price: { cpmPerLtv: 0.05, minCpm: 5, maxCpm: 50 },
      creatives: [
        {
          id: 'summer-300x250',
          type: 'banner',
          sizes: [{ w: 300, h: 250 }],
          markup: '<a href="https://advertiser.example/">Summer</a>',
        },
      ],
    },
    answers: one,
    refusals: ['invalid_request', 'payload_too_large', 'unsupported_media_type', 'records_unavailable'],
    async handle(c, caller) {
      const id = idOf(c, caller)
      const { reason: said, ...spec } = await readJson(c, Input)
      if (!mayUse(bidder.seats.get(spec.seat), id)) {
        throw new AppError('invalid_request', 'seat: is not a configured seat', 'never', { field: 'seat' })
      }
      requirePlace(campaigns, tables.limits, id)
      requireNoApproval(parts, id, spec)
      const values = () => valuesOf(campaigns.get(id), { id, spec })
      requireNotPaying(caller, onlyPauses(values()))
      const reason = reasonOf(c, said)
      const about = { action: 'campaign.stored', target: id, values, reason } as const
      const change = { ...about, lowersRisk: onlyPauses(values()) }
      return audit.record(caller, change, async () => {
        await spread(bidder, pool, { put: 'campaign', id, spec })
        const campaign = find(campaigns, id, caller.boundTo)
        await campaignStore.keep(campaign)
        return ok(show(parts, campaign, caller))
      })
    },
  }
}

function deleteCampaign(parts: CampaignParts): Route {
  const { bidder, pool, campaignStore, audit } = parts
  const { campaigns } = bidder
  return {
    method: 'delete',
    path: '/v1/campaigns/{id}',
    summary: 'Stop bidding for a campaign; its bids that are out still settle',
    lowersRisk: true,
    scope: 'operate',
    params: AnyParams,
    query: ReasonQuery,
    answers: one,
    refusals: ['not_found', 'invalid_request', 'records_unavailable'],
    async handle(c, caller) {
      const campaign = find(campaigns, idOf(c, caller), caller.boundTo)
      const values = () => valuesOf(campaign, undefined)
      const about = {
        action: 'campaign.deleted',
        target: campaign.id,
        values,
        reason: await reasonOfDeletion(c),
      } as const
      return audit.record(caller, { ...about, lowersRisk: true }, async () => {
        await spread(bidder, pool, { drop: 'campaign', id: campaign.id })
        await campaignStore.forget(campaign.id)
        return ok(show(parts, campaign, caller))
      })
    },
  }
}

const idOf = (c: Ctx, { boundTo }: Caller): string => {
  const { id } = check(boundTo === undefined ? AnyParams : Params, { id: c.req.param('id') })
  return ownId(id, boundTo)
}

function find(campaigns: Bidder['campaigns'], id: string, boundTo: Org): PreparedCampaign {
  const campaign = campaigns.get(id)
  if (!campaign) throw new AppError('not_found', `There is no campaign ${idShown(shownName(id, boundTo))}`)
  return campaign
}

const show = ({ bidder, pool }: Showing, campaign: PreparedCampaign, { boundTo }: Caller) => ({
  ...campaignBody(campaign),
  id: shownName(campaign.id, boundTo),
  ...(campaign.isPaced && { pace: paceBody(bidder.pacer.now(campaign.id), pool.pacesOf(campaign.id)) }),
})

type CampaignVersion = Pick<PreparedCampaign, 'id' | 'spec'>

/** The members in which two versions of a campaign differ. A whole version can be long. */
const valuesOf = (from: CampaignVersion | undefined, to: CampaignVersion | undefined) =>
  differences(from && campaignBody(from), to && campaignBody(to))

/** Whether the change only sets the status to paused. */
function onlyPauses({ from, to }: ReturnType<typeof valuesOf>): boolean {
  if (from === undefined) return false
  const { status, ...others } = Object(to)
  return status === 'paused' && Object.keys({ ...Object(from), ...others }).every((name) => name === 'status')
}

/** Throws 403 for a key with a budget of its own, which would not pay for what the campaign buys. */
function requireNotPaying({ name, payingKey }: Caller, lowersRisk: boolean): void {
  if (payingKey === undefined || lowersRisk) return
  const detail = `${name} has a budget of its own, from which campaigns for exchanges are not paid: it can only pause and delete them`
  throw new AppError('forbidden', detail)
}

/**
 * Throws 403 where the campaign would raise its limits above what the rules let pass: a campaign is stored at once, and
 * only a budget waits for an approval.
 */
function requireNoApproval(
  { bidder, approvals, budget, exchangeHoldMode }: CampaignParts,
  id: string,
  spec: CampaignSpec,
): void {
  const limits = limitsOf(spec)
  const stored = bidder.campaigns.get(id)
  // Unchanged limits change nothing, whatever the budget has been set to since.
  if (stored && JSON.stringify(limitsOf(stored.spec)) === JSON.stringify(limits)) return
  const name = campaignScope(EXCHANGES, id)
  const before = budget.scope(name)
  const after = { limits, holdMode: before?.holdMode ?? exchangeHoldMode }
  if (!approvals.rules.areSet || areLower(before, after)) return
  const finding = approvals.rules.ofChange(scopesAbove(name), riskOf(before, after))
  if (finding?.mode !== 'enforce') return
  const detail = `limits: need an approval (${finding.reasons.join(', ')}); store the campaign with the limits that it has, or with lower ones, and raise them by PUT /v1/budgets/${name}`
  throw new AppError('forbidden', detail, 'never', { field: 'limits' })
}

function requirePlace(campaigns: Bidder['campaigns'], limits: TableLimits, id: string): void {
  if (campaigns.get(id)) return
  const org = orgOf(id)
  const isFull =
    campaigns.size >= limits.campaigns ||
    (org !== undefined && (campaignsOf(campaigns).get(org) ?? 0) >= limits.campaigns_of_organisation)
  if (isFull)
    throw new AppError('invalid_request', 'there are as many campaigns already as TABLE_LIMITS lets there be')
}

/** Number of campaigns by organisation. */
export function campaignsOf(campaigns: Bidder['campaigns']): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { id } of campaigns.all) {
    const org = orgOf(id)
    if (org !== undefined) counts.set(org, (counts.get(org) ?? 0) + 1)
  }
  return counts
}
