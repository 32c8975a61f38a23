import { z } from 'zod'
import { type Caveats, rowsOf } from '../platform/caveats.ts'
import type { AccountRef, PlatformAccount, ReportResult, Since } from '../platform/connector.ts'
import type { Cell, Row } from '../platform/rows.ts'
import { NothingReached, type Talk, TalkRefused } from '../platform/steps.ts'
import { readFigure } from '../reading/figures.ts'
import { undatedReport } from '../reading/report-specs.ts'
import { fromMetaUnits } from './api.ts'
import { checkWhole, eachPage } from './pages.ts'
import { adAccounts, entities } from './requests.ts'

const CALLS = 'calls'
/** Objects per page. */
const PAGE = 100

const AdAccount = z.object({
  id: z.string().regex(/^act_\d+$/),
  name: z.string().nullish(),
  currency: z.string().nullish(),
  timezone_name: z.string().nullish(),
})

/** Ad accounts that the token reaches. */
export function* listAdAccounts(graph: string): Talk<readonly PlatformAccount[]> {
  const found: PlatformAccount[] = []
  const came = yield* eachPage(
    (page) => adAccounts(graph, page),
    CALLS,
    PAGE,
    (page) => {
      for (const one of page) {
        const { id, name, currency, timezone_name: timezone } = AdAccount.parse(one)
        found.push({
          id,
          name: name ?? id,
          currency: currency ?? undefined,
          timezone: timezone ?? undefined,
        })
      }
      return []
    },
  )
  checkWhole(came, 'the ad accounts')
  if (found.length === 0) throw new NothingReached('the token reaches no ad account')
  return found
}

/** Our name of each field, and its kind: `minor` units of the account's currency become micros. */
type Fields = Readonly<Record<string, readonly [name: string, is: 'id' | 'text' | 'minor']>>

const SHARED: Fields = {
  id: ['id', 'id'],
  name: ['name', 'text'],
  status: ['status', 'text'],
  effective_status: ['effective_status', 'text'],
  daily_budget: ['daily_budget_micros', 'minor'],
  lifetime_budget: ['lifetime_budget_micros', 'minor'],
  budget_remaining: ['budget_remaining_micros', 'minor'],
  bid_strategy: ['bid_strategy', 'text'],
  updated_time: ['updated_time', 'text'],
}
const CAMPAIGN: Fields = { ...SHARED, objective: ['objective', 'text'] }
const AD_SET: Fields = {
  ...SHARED,
  campaign_id: ['parent_id', 'id'],
  optimization_goal: ['optimization_goal', 'text'],
  bid_amount: ['bid_amount_micros', 'minor'],
}

export const CAMPAIGNS = undatedReport(
  ['level', 'id'],
  [...new Set([...Object.values(CAMPAIGN), ...Object.values(AD_SET)].map(([name]) => name))].filter(
    (name) => name !== 'id',
  ),
)

export function* readEntities(graph: string, account: AccountRef, { caveats }: Since): Talk<ReportResult> {
  const { accountId, currency } = account
  if (currency === undefined) throw new TalkRefused('the currency of the account is not known')
  for (const [edge, level, fields] of [
    ['campaigns', 'campaign', CAMPAIGN],
    ['adsets', 'ad_set', AD_SET],
  ] as const) {
    const came = yield* eachPage(
      (page) => entities(graph, accountId, edge, Object.keys(fields), page),
      CALLS,
      PAGE,
      (page) => rowsOf(caveats, page, (one) => ({ level, ...rowOf(caveats, one, fields, currency) })),
      caveats,
    )
    checkWhole(came, `the ${edge}`)
  }
  return { cursor: undefined, finalThrough: undefined, caveats: [] }
}

const Value = z.union([z.string(), z.int()]).transform(String)

function rowOf(caveats: Caveats, entity: unknown, fields: Fields, currency: string): Row {
  const values = z.record(z.string(), z.unknown()).parse(entity)
  const row: Record<string, Cell> = {}
  for (const [theirs, [ours, is]] of Object.entries(fields)) {
    const value = values[theirs]
    if (is === 'id' && value == null) throw new Error(`it has no ${theirs}`)
    if (value == null) row[ours] = null
    else if (is === 'minor') row[ours] = minorToMicros(caveats, ours, value, currency)
    else row[ours] = Value.parse(value)
  }
  return row
}

/** Micros of a budget in the smallest unit of the currency. Some answers have fractions of it. */
function minorToMicros(caveats: Caveats, name: string, minor: unknown, currency: string): Cell {
  const micros = readFigure(caveats, name, minor, 'money')
  if (micros === null) return null
  const value = (BigInt(micros) * BigInt(fromMetaUnits(1, currency))) / 1_000_000n
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
