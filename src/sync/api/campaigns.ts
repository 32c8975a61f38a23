import { z } from '@hono/zod-openapi'
import { check, LISTED_PER_CALL, okList, type Route, wholeNumber } from '../../api/index.ts'
import type { Row } from '../../connectors/index.ts'
import { invalidField } from '../../errors.ts'
import { findConnection } from '../connections.ts'
import { readRows } from '../reports/index.ts'
import { connectorFor, type Sync } from '../sync.ts'
import { CAMPAIGNS_REPORT } from '../work/index.ts'
import { Id, idOf } from './route-parts.ts'

const LEVELS = ['campaign', 'insertion_order', 'ad_set', 'ad_group', 'line_item', 'order', 'ad'] as const
const Filters = z.object({
  level: z
    .enum(LEVELS)
    .default('campaign')
    .openapi({ description: 'What is below campaigns is read with them.' }),
  status: z.string().max(200).optional().openapi({
    description: "The platform's words, or `active` and `paused`; several with commas.",
    example: 'active',
  }),
  name: z.string().min(1).max(256).optional().openapi({ description: 'Part of the name, in either case.' }),
  ids: z.string().max(4_000).optional().openapi({ description: 'Ids, with commas.' }),
  limit: wholeNumber(1, 500).default(100),
  cursor: z.string().max(200).optional().openapi({ description: '`next` of the page before.' }),
})
const Read = z.object({
  campaigns: z.array(z.looseObject({})),
  as_of: z.string().nullable().openapi({ description: 'When they were read; null where they never were.' }),
  caveat: z.string().optional(),
  next: z.string().optional(),
})

/** The route that lists campaigns as they were read last. */
export function listCampaigns(sync: Sync): Route {
  return {
    method: 'get',
    path: '/api/v1/connectors/{id}/campaigns',
    summary: 'Campaigns as they were read last, those that fit all filters',
    scope: 'read',
    params: Id,
    query: Filters,
    answers: { 200: { description: 'Campaigns and when they were read', schema: Read } },
    refusals: ['not_found', 'invalid_request', 'rate_limited'],
    async handle(c, { org, charge }) {
      const filters = check(Filters, c.req.query())
      charge(filters.limit / LISTED_PER_CALL)
      const row = await findConnection(sync, org, idOf(c))
      if (!connectorFor(sync, row.type).features.includes('campaigns'))
        throw invalidField('id', `${row.type} has no campaigns`)
      return readCampaigns(sync, row.id, filters)
    },
  }
}

type Filters = z.output<typeof Filters>

/** Statuses for "may spend" and "paused", in the words of each platform. */
const COMMON_STATUSES: Readonly<Record<string, readonly string[]>> = {
  active: ['active', 'enabled', 'entity_status_active', 'available', 'delivering'],
  paused: ['paused', 'entity_status_paused', 'inactive'],
}

const listed = (text: string | undefined): ReadonlySet<string> | undefined =>
  text === undefined ? undefined : new Set(text.split(',').map((one) => one.trim().toLowerCase()))

function fits({ level, status, name, ids }: Filters): (row: Row) => boolean {
  const statuses = listed(status)
  const wanted = statuses && new Set([...statuses].flatMap((one) => COMMON_STATUSES[one] ?? [one]))
  const named = name?.toLowerCase()
  const chosen = listed(ids)
  const textOf = (row: Row, field: string) => String(row[field] ?? '').toLowerCase()
  return (row) =>
    (levelOf(row) === level || row['level'] === level) &&
    (!wanted || wanted.has(textOf(row, 'status'))) &&
    (named === undefined || textOf(row, 'name').includes(named)) &&
    (!chosen || chosen.has(textOf(row, 'id')))
}

/** Level of a row. Amazon calls campaigns orders. */
const levelOf = (row: Row): unknown => (row['level'] === 'order' ? 'campaign' : (row['level'] ?? 'campaign'))

/** One page of the campaigns that the last reading brought, ordered by row key. */
async function readCampaigns({ store }: Sync, connectorId: string, filters: Filters) {
  const isWanted = fits(filters)
  const found: Row[] = []
  let isBehind = filters.cursor !== undefined
  for await (const rows of readRows(store, { connectorId, reportType: CAMPAIGNS_REPORT }, undefined)) {
    for (const row of rows) {
      if (!isBehind && isWanted(row)) found.push(row)
      if (isBehind && row['id'] === filters.cursor) isBehind = false
    }
    if (found.length > filters.limit) break
  }
  const last = await store.db
    .selectFrom('fetch_jobs')
    .select('finished_at')
    .where('connector_id', '=', connectorId)
    .where('report_type', '=', CAMPAIGNS_REPORT)
    .where('status', '=', 'completed')
    .where('rows_of', 'is', null)
    .orderBy('finished_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  const asOf = last?.finished_at ?? null
  const page = found.slice(0, filters.limit)
  return okList(
    'campaigns',
    page,
    (row) => row,
    (count) => {
      const next = found.length > count ? page[count - 1]?.['id'] : undefined
      return {
        as_of: asOf,
        ...(asOf === null && { caveat: `never read: ask for the report ${CAMPAIGNS_REPORT} first` }),
        ...(next !== undefined && { next: String(next) }),
      }
    },
  )
}
