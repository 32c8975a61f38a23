import type { Clock } from '../../time/clock.ts'
import { DAY_MS, daysBetween } from '../days.ts'
import { isObject, type JsonObject, parseJson, type SandboxReply } from '../protocol.ts'
import { refuse, refuseParameter, usageOfInsights } from './errors.ts'
import type { MetaState, PlayedCampaign } from './state.ts'

/** An ad account whose figures are asked for. */
export interface AdAccount {
  readonly id: string
  readonly state: MetaState
  /** So large that only three days can be read at once, and ten by a report. */
  readonly isLarge: boolean
}

interface Run {
  readonly id: string
  readonly account: AdAccount
  readonly params: JsonObject
  /** How often its state was asked for; while it is being made, only the first two times count. */
  polls: number
  readonly readyMs: number
  /** Whether it is not found the first time, as happens right after it was ordered. */
  hides: boolean
}

const FIELDS: Readonly<Record<string, (seed: number) => unknown>> = {
  impressions: (seed) => String(100 + (seed % 900)),
  clicks: (seed) => String(seed % 40),
  reach: (seed) => String(80 + (seed % 700)),
  spend: (seed) => ((seed % 5000) / 100).toFixed(2),
  // Actions that did not happen are left out.
  actions: (seed) => (seed % 4 === 0 ? undefined : actions(seed % 7, 1)),
  action_values: (seed) => (seed % 4 === 0 ? undefined : actions(seed % 7, 45.25)),
  purchase_roas: (seed) =>
    seed % 4 === 0 ? undefined : [{ action_type: 'omni_purchase', value: ((seed % 700) / 100).toFixed(6) }],
}
const NAMES = new Set([
  'campaign_id',
  'campaign_name',
  'adset_id',
  'adset_name',
  'account_id',
  'account_currency',
])
/** The most days that can be read at once, those of a large account, and the most days of its reports. */
const NOW_DAYS = 28
const LARGE_NOW_DAYS = 3
const LARGE_RUN_DAYS = 10
const REDUCE = "Please reduce the amount of data you're asking for, then retry your request"

const actions = (count: number, worth: number) => [
  { action_type: 'link_click', value: String(count * 3 * worth) },
  { action_type: 'omni_purchase', value: String(count * worth) },
]

/** The state of a report that could not be made. */
export const failedRun = (id: string): JsonObject => ({
  id,
  async_status: 'Job Failed',
  async_percent_completion: 0,
  error_code: -2,
  error_subcode: 2490547,
  error_message: 'Report failed. Please retry later.',
})

/**
 * Insights, read at once or ordered as a report.
 * @param reportMs how long a report takes to be made, in milliseconds
 */
export function createMetaReports(clock: Clock, reportMs: number) {
  const runs = new Map<string, Run>()

  /** The figures at once; refuses too many days. */
  function readNow(account: AdAccount, params: JsonObject): JsonObject[] {
    const rows = rowsOf(account, params)
    const days = daysOf(params).length
    if (days > (account.isLarge ? LARGE_NOW_DAYS : NOW_DAYS)) refuse(1, undefined, REDUCE)
    return rows
  }

  function order(account: AdAccount, params: JsonObject): SandboxReply {
    rowsOf(account, params)
    const id = `6023${runs.size}`
    const readyMs = clock.elapsedMs() + reportMs
    runs.set(id, { id, account, params, polls: 0, readyMs, hides: runs.size === 0 })
    return { status: 200, headers: usageOfInsights(10), body: { report_run_id: id } }
  }

  function status(run: Run): JsonObject {
    if (run.hides) {
      run.hides = false
      refuse(100, 33)
    }
    if (run.polls < 2 || clock.elapsedMs() >= run.readyMs) run.polls += 1
    const isTooLarge = run.account.isLarge && daysOf(run.params).length > LARGE_RUN_DAYS
    const is = (async_status: string, async_percent_completion: number, more: JsonObject = {}) => ({
      id: run.id,
      async_status,
      async_percent_completion,
      ...more,
    })
    switch (run.polls) {
      case 1:
        return is('Job Not Started', 0)
      case 2:
        return is('Job Running', 40)
      case 3:
        // At Meta a report is complete only if this status comes with 100 percent.
        return isTooLarge
          ? is('Job Failed', 40, { error_code: 100, error_subcode: 1504018, error_message: 'Too much.' })
          : is('Job Completed', 90)
      default:
        return is('Job Completed', 100)
    }
  }

  function result({ account, params, polls }: Run): JsonObject[] {
    return polls > 3 ? rowsOf(account, params) : refuse(100, 33)
  }

  return { readNow, order, status, result, find: (id: string) => runs.get(id) }
}

function rowsOf({ id, state }: AdAccount, params: JsonObject): JsonObject[] {
  const fields = String(params['fields'] ?? '').split(',')
  const unknown = fields.find((name) => !NAMES.has(name) && !Object.hasOwn(FIELDS, name))
  if (unknown !== undefined) refuseParameter(`${unknown} is not valid for fields param`)
  const level = params['level']
  if (level !== 'campaign' && level !== 'adset') return refuseParameter('Param level is not valid')
  if (String(params['time_increment']) !== '1') refuseParameter('only days are played')
  return daysOf(params).flatMap((date) =>
    state.seeds().flatMap((campaign, index) => {
      const sets = level === 'campaign' ? [undefined] : state.adSetsOf(campaign)
      return sets.map((adSet, place) => {
        const seed = Date.parse(date) / DAY_MS + index * 331 + place * 17
        const names = namesOf(id, campaign, adSet)
        const asked = fields.map((name) => [name, FIELDS[name]?.(seed) ?? names[name]])
        return { ...Object.fromEntries(asked), date_start: date, date_stop: date }
      })
    }),
  )
}

const namesOf = (
  account: string,
  campaign: PlayedCampaign,
  adSet: { readonly id: string; readonly name: string } | undefined,
): JsonObject => ({
  account_id: account.slice('act_'.length),
  campaign_id: campaign.id,
  campaign_name: campaign.name,
  adset_id: adSet?.id,
  adset_name: adSet?.name,
})

function daysOf(params: JsonObject): string[] {
  const range =
    typeof params['time_range'] === 'string' ? parseJson(params['time_range']) : params['time_range']
  const [since, until] = isObject(range) ? [range['since'], range['until']] : []
  const [from, to] = [Date.parse(String(since)), Date.parse(String(until))]
  if (!(from <= to)) refuseParameter('Must be a valid time range')
  return daysBetween(from, to)
}
