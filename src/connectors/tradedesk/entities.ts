import { z } from 'zod'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { AccountRef, ReportResult, Since } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import type { Talk } from '../platform/steps.ts'
import { readFigure } from '../reading/figures.ts'
import { Pages } from '../reading/pages.ts'
import { undatedReport } from '../reading/report-specs.ts'
import { CALLS, eachPage } from './pages.ts'
import { changes, entities, type TradeDeskLevel } from './requests.ts'

const Money = z.object({ Amount: z.unknown() }).nullish()
const Text = z.string().nullish()

const Campaign = z.object({
  CampaignId: z.string(),
  CampaignName: Text,
  Availability: Text,
  Budget: Money,
  DailyBudget: Money,
  StartDate: Text,
  EndDate: Text,
  PacingMode: Text,
})
const AdGroup = z.object({
  AdGroupId: z.string(),
  AdGroupName: Text,
  CampaignId: z.string(),
  Availability: Text,
  IsEnabled: z.boolean().nullish(),
  RTBAttributes: z
    .object({
      BaseBidCPM: Money,
      MaxBidCPM: Money,
      BudgetSettings: z.object({ Budget: Money, DailyBudget: Money }).nullish(),
    })
    .nullish(),
})

const ROW_OF: Readonly<Record<TradeDeskLevel, (entity: unknown, caveats: Caveats) => Row>> = {
  campaign(entity, caveats) {
    const one = Campaign.parse(entity)
    return {
      level: 'campaign',
      id: one.CampaignId,
      name: one.CampaignName ?? null,
      status: one.Availability ?? null,
      budget_micros: microsOf(caveats, 'budget_micros', one.Budget),
      daily_budget_micros: microsOf(caveats, 'daily_budget_micros', one.DailyBudget),
      start_date: one.StartDate ?? null,
      end_date: one.EndDate ?? null,
      pacing_mode: one.PacingMode ?? null,
    }
  },
  adgroup(entity, caveats) {
    const one = AdGroup.parse(entity)
    const { BaseBidCPM, MaxBidCPM, BudgetSettings } = one.RTBAttributes ?? {}
    return {
      level: 'ad_group',
      id: one.AdGroupId,
      name: one.AdGroupName ?? null,
      status: one.Availability ?? null,
      parent_id: one.CampaignId,
      is_enabled: one.IsEnabled ?? null,
      base_bid_cpm_micros: microsOf(caveats, 'base_bid_cpm_micros', BaseBidCPM),
      max_bid_cpm_micros: microsOf(caveats, 'max_bid_cpm_micros', MaxBidCPM),
      budget_micros: microsOf(caveats, 'budget_micros', BudgetSettings?.Budget),
      daily_budget_micros: microsOf(caveats, 'daily_budget_micros', BudgetSettings?.DailyBudget),
    }
  },
}

export const CAMPAIGNS = undatedReport(
  ['level', 'id'],
  [
    'name',
    'status',
    'parent_id',
    'budget_micros',
    'daily_budget_micros',
    'start_date',
    'end_date',
    'pacing_mode',
    'is_enabled',
    'base_bid_cpm_micros',
    'max_bid_cpm_micros',
  ],
)

/** Version up to which changes were read, by level. */
const Cursor = z.object({ campaign: z.int(), adgroup: z.int() })
type Cursor = z.output<typeof Cursor>

const Delta = z.object({
  LastChangeTrackingVersion: z.int(),
  Campaigns: z.array(z.unknown()).nullish(),
  MoreCampaignsAvailable: z.boolean().nullish(),
  AdGroups: z.array(z.unknown()).nullish(),
  MoreAdGroupsAvailable: z.boolean().nullish(),
})

/**
 * Reads what has changed since the last reading. The first reading, and one whose version the platform has forgotten,
 * reads everything.
 */
export function* readEntities(
  api: string,
  { accountId }: AccountRef,
  { cursor, caveats }: Since,
): Talk<ReportResult> {
  const known = Cursor.safeParse(cursor).data
  const next = known && (yield* readChanges(api, accountId, known, caveats))
  return { cursor: next ?? (yield* readAll(api, accountId, caveats)), finalThrough: undefined, caveats: [] }
}

/**
 * Reads everything. The version is requested first, so that a change during the reading is read again rather than
 * missed.
 */
function* readAll(api: string, advertiserId: string, caveats: Caveats): Talk<Cursor | undefined> {
  const campaign = yield* delta(api, 'campaign', advertiserId, null)
  const adgroup = campaign && (yield* delta(api, 'adgroup', advertiserId, null))
  for (const level of ['campaign', 'adgroup'] as const) {
    yield* eachPage(
      (start) => entities(api, level, advertiserId, start),
      (page) => rowsOf(caveats, page, (one) => ROW_OF[level](one, caveats)),
      { caveats },
    )
  }
  if (!campaign || !adgroup) return undefined
  return { campaign: campaign.LastChangeTrackingVersion, adgroup: adgroup.LastChangeTrackingVersion }
}

/** Reads changes; undefined where the platform refuses because the version is too old or changes are not tracked. */
function* readChanges(
  api: string,
  advertiserId: string,
  known: Cursor,
  caveats: Caveats,
): Talk<Cursor | undefined> {
  const versions = { ...known }
  for (const level of ['campaign', 'adgroup'] as const) {
    const pages = new Pages()
    for (let more = true; more; ) {
      const found = yield* delta(api, level, advertiserId, versions[level])
      if (!found) return undefined
      const { Campaigns, AdGroups, MoreCampaignsAvailable, MoreAdGroupsAvailable } = found
      const changed = (level === 'campaign' ? Campaigns : AdGroups) ?? []
      if (changed.length > 0)
        yield { is: 'rows', rows: rowsOf(caveats, changed, (one) => ROW_OF[level](one, caveats)) }
      more = (level === 'campaign' ? MoreCampaignsAvailable : MoreAdGroupsAvailable) === true
      if (more && found.LastChangeTrackingVersion <= versions[level])
        throw new Error('there is more to read, but the version stays the same')
      // A replica of theirs that lags must not move the version back.
      versions[level] = Math.max(versions[level], found.LastChangeTrackingVersion)
      if (more) pages.goOn(changed)
    }
  }
  return versions
}

function* delta(
  api: string,
  level: TradeDeskLevel,
  advertiserId: string,
  version: number | null,
): Talk<z.output<typeof Delta> | undefined> {
  const request = changes(api, level, advertiserId, version)
  const reply = yield { is: 'ask', request, bucket: CALLS, mayRefuse: true }
  return reply?.is === 'ok' ? Delta.parse(reply.body) : undefined
}

/** Micros of an amount in units; null where there is none. */
const microsOf = (caveats: Caveats, name: string, money: z.output<typeof Money>): Cell =>
  money ? readFigure(caveats, name, money.Amount, 'money') : null
