import { z } from '@hono/zod-openapi'
import type { Route } from '../api/index.ts'
import { type Ctx, check, ok, readJson } from '../api/index.ts'
import { AppError } from '../errors.ts'
import type { Records } from '../records/index.ts'
import type { Bidder } from './bidder.ts'
import { campaignBody } from './campaign-body.ts'
import { type Crew, spread } from './crew.ts'
import { forgetCampaign, keepCampaign } from './keep-campaigns.ts'
import { type Campaign, CampaignSpec } from './openrtb/index.ts'

const Params = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -'),
})
const Body = z.looseObject({ id: z.string(), seat: z.string(), status: z.string() }).openapi('Campaign')
const one = { 200: { description: 'The campaign, with its defaults', schema: Body } }

/** Campaigns kept at once. */
const MAX_CAMPAIGNS = 10_000

const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: Params.shape.id.optional().openapi({ description: '`next` of the page before.' }),
})
const Page = z.object({
  campaigns: z.array(Body),
  next: z.string().optional().openapi({ description: 'Cursor of the next page; missing on the last.' }),
})

/** OpenRTB campaigns: who pays, what for, where, when and with which ad. */
export function campaignRoutes(bidder: Bidder, crew: Crew, records: Records): Route[] {
  const { campaigns } = bidder
  const idOf = (c: Ctx): string => check(Params, { id: c.req.param('id') }).id
  const find = (id: string): Campaign => {
    const campaign = campaigns.get(id)
    if (!campaign) throw new AppError('not_found', `There is no campaign ${id}`)
    return campaign
  }

  return [
    {
      method: 'get',
      path: '/v1/campaigns',
      summary: 'The OpenRTB campaigns, a page at a time',
      scope: 'read',
      query: ListQuery,
      answers: { 200: { description: 'Campaigns in the order of their ids', schema: Page } },
      refusals: ['invalid_request'],
      handle(c) {
        const { limit, cursor } = check(ListQuery, c.req.query())
        const after = [...campaigns.all]
          .filter(({ id }) => cursor === undefined || id > cursor)
          .sort((a, b) => (a.id < b.id ? -1 : 1))
        const page = after.slice(0, limit)
        const next = after.length > limit ? page.at(-1)?.id : undefined
        return ok({ campaigns: page.map(campaignBody), ...(next !== undefined && { next }) })
      },
    },
    {
      method: 'get',
      path: '/v1/campaigns/{id}',
      summary: 'One OpenRTB campaign',
      scope: 'read',
      params: Params,
      answers: one,
      refusals: ['not_found', 'invalid_request'],
      handle: (c) => ok(campaignBody(find(idOf(c)))),
    },
    {
      method: 'put',
      path: '/v1/campaigns/{id}',
      summary: 'Store or replace an OpenRTB campaign; what it has spent stays spent',
      scope: 'admin',
      params: Params,
      body: CampaignSpec.openapi('CampaignInput'),
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
      async handle(c) {
        const id = idOf(c)
        const spec = await readJson(c, CampaignSpec)
        if (!bidder.seats.has(spec.seat)) {
          throw new AppError('invalid_request', 'seat: is not a configured seat', 'never', { field: 'seat' })
        }
        if (!campaigns.get(id) && campaigns.size >= MAX_CAMPAIGNS) {
          throw new AppError('invalid_request', `there are ${MAX_CAMPAIGNS} campaigns already`)
        }
        await spread(bidder, crew, { put: 'campaign', id, spec })
        const campaign = find(id)
        await keepCampaign(records, campaign)
        return ok(campaignBody(campaign))
      },
    },
    {
      method: 'delete',
      path: '/v1/campaigns/{id}',
      summary: 'Stop bidding for a campaign; its bids that are out still settle',
      scope: 'admin',
      params: Params,
      answers: one,
      refusals: ['not_found', 'invalid_request', 'records_unavailable'],
      async handle(c) {
        const campaign = find(idOf(c))
        await spread(bidder, crew, { drop: 'campaign', id: campaign.id })
        await forgetCampaign(records, campaign.id)
        return ok(campaignBody(campaign))
      },
    },
  ]
}
