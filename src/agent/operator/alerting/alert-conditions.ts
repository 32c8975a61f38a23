import type { Metrics } from '../../../metrics/metrics.ts'
import { micros, toUnits } from '../../../money.ts'
import type { ScopeStats } from '../../../shield/index.ts'
import { type Agent, statuses } from '../../agent.ts'
import type { Deferred } from '../../bids/deferred.ts'
import { limitName } from '../collect-metrics.ts'
import { refusedScopes, type ServicePart } from '../readiness.ts'
import type { AlertCondition, AlertName } from './alert-catalog.ts'
import {
  type CountHistory,
  countName,
  SERVICE,
  type WatchedCount,
  type WatchedCounts,
} from './alert-counts.ts'

/** Shares of a limit from which its use is an alert. */
const NEAR_RATIO = 0.8
const ALL_BUT_GONE_RATIO = 0.95
/** Share of a platform's calls; fewer that are left are an alert. */
const FEW_CALLS_RATIO = 0.2
/** Share of a table's rows above which it is nearly full. */
const NEARLY_FULL_RATIO = 0.9
/** 95th percentile of a platform's answers above which it is slow, in milliseconds. */
const SLOW_MS = 500
/** Bids that wait for one platform; more are an alert. */
const MANY_DEFERRED = 100

const percent = (ratio: number): string => `${Math.round(ratio * 1_000) / 10} %`

/** The limits of a budget that are near their end. */
export function budgetConditions({ scope, currency, limits }: ScopeStats): AlertCondition[] {
  return limits.flatMap(({ spec, spent, held, utilization }): AlertCondition[] => {
    if (utilization < NEAR_RATIO) return []
    const isGone = utilization >= ALL_BUT_GONE_RATIO
    // A limit of zero is used up by definition.
    if (isGone && spec.max === 0) return []
    const used = Math.round(toUnits(micros(spent + held)) * 100) / 100
    return [
      {
        rule: isGone ? 'BudgetAt95Percent' : 'BudgetAt80Percent',
        about: { kind: 'budget', name: scope, limit: limitName(spec) },
        detail: `${percent(utilization)} of ${toUnits(spec.max)} ${currency} are used: ${used} ${currency} spent and held here`,
      },
    ]
  })
}

interface PartsNow {
  readonly agent: Agent
  readonly deferred: Pick<Deferred, 'waiting'>
  readonly parts: readonly ServicePart[]
}

/** What is wrong now with the service itself and its tables. */
export function serviceConditions({ agent, parts }: PartsNow): AlertCondition[] {
  const { budget, tables } = agent
  const conditions: AlertCondition[] = []
  const ofService = (rule: AlertName, detail: string, sinceMs?: number) =>
    conditions.push({
      ...{ rule, about: { kind: 'service', name: SERVICE }, detail },
      ...(sinceMs !== undefined && { sinceMs }),
    })
  const { killSwitch, store } = budget
  if (killSwitch.is === 'engaged')
    ofService('KillSwitchEngaged', `Every bid is refused: ${killSwitch.reason}`, killSwitch.sinceMs)
  if (store.is === 'away') ofService('BudgetStoreAway', store.detail)
  else {
    const refused = refusedScopes(agent)
    if (refused.length > 0) {
      const [first] = refused
      const detail = `The store grants nothing for ${refused.length} budgets, ${first?.name} among them: ${first?.purse.refusal}`
      ofService('BudgetStoreRefuses', detail)
    }
  }
  for (const { name, state } of parts) {
    const now = state()
    if (now.is === 'open' || name === 'budget_store_unavailable') continue
    if (name === 'records_unavailable') ofService('RecordsNotWritten', now.detail)
    else conditions.push({ rule: 'PartNotReady', about: { kind: 'part', name }, detail: now.detail })
  }
  for (const { table, rows, limit, whenFull } of tables.fills)
    if (whenFull === 'refuses' && rows / limit > NEARLY_FULL_RATIO)
      conditions.push({
        rule: 'TableNearlyFull',
        about: { kind: 'table', name: table },
        detail: `${rows} of ${limit} rows are used; once it is full, one more is refused`,
      })
  return conditions
}

/** What is wrong now with platforms. */
export function platformConditions({ agent, deferred }: PartsNow): AlertCondition[] {
  return statuses(agent.connectors).flatMap((status) => {
    const { platform, auth, breaker, limiter, latency } = status
    const waiting = deferred.waiting(platform)
    const left = limiter.remaining / limiter.calls
    const found: [isSo: boolean, rule: AlertName, detail: string][] = [
      [
        auth.is === 'lost',
        'PlatformAuthLost',
        `It refuses our credentials${auth.is === 'lost' ? `: ${auth.detail}` : ''}`,
      ],
      [
        breaker.is === 'open',
        'BreakerOpen',
        'It failed or was slow three times in a row; bids wait up to a minute for it',
      ],
      [left < FEW_CALLS_RATIO, 'RateLimitNear', `${limiter.remaining} of ${limiter.calls} calls are left`],
      [
        (latency?.p95 ?? 0) > SLOW_MS,
        'PlatformSlow',
        `95 % of its answers take up to ${Math.round(latency?.p95 ?? 0)} ms`,
      ],
      [waiting > MANY_DEFERRED, 'BidsDeferred', `${waiting} bids wait for it to recover`],
    ]
    return found
      .filter(([isSo]) => isSo)
      .map(
        ([, rule, detail]): AlertCondition => ({ rule, about: { kind: 'platform', name: platform }, detail }),
      )
  })
}

/** A rule about what was counted in the last `overMs`. */
interface CountRule {
  readonly rule: AlertName
  readonly kind: AlertCondition['about']['kind']
  readonly what: WatchedCount
  /** The count that `what` is a share of; without it what was counted itself is compared. */
  readonly of?: WatchedCount
  /** Fires above this share, or above this count. */
  readonly above: number
  readonly overMs: number
  detail(value: number, minutes: number): string
}

const MIN = 60_000
const share = (text: string) => (value: number, minutes: number) =>
  `${percent(value)} ${text} in the last ${minutes} minutes`
const times = (text: string) => (value: number, minutes: number) =>
  `${value} ${text} in the last ${minutes} minutes`

const COUNT_RULES: readonly CountRule[] = [
  {
    ...{ rule: 'BidsVetoed', kind: 'platform', what: 'bids.vetoed', of: 'bids.answered' },
    ...{ above: 0.5, overMs: 5 * MIN, detail: share('of the bids were refused for budget or rate limit') },
  },
  {
    ...{ rule: 'FallbackShareHigh', kind: 'platform', what: 'bids.by_fallback', of: 'bids.with_source' },
    ...{ above: 0.3, overMs: 5 * MIN, detail: share('of the bids had no prediction') },
  },
  {
    ...{ rule: 'AnswersLost', kind: 'platform', what: 'answers.lost' },
    ...{ above: 5, overMs: 10 * MIN, detail: times('bids had no certain outcome') },
  },
  {
    ...{ rule: 'ExchangeShedding', kind: 'seat', what: 'auctions.shed', of: 'auctions.all' },
    ...{ above: 0.01, overMs: 5 * MIN, detail: share('of the requests were shed') },
  },
  {
    ...{ rule: 'ExchangeTooLate', kind: 'seat', what: 'auctions.too_late', of: 'auctions.all' },
    ...{ above: 0.1, overMs: 5 * MIN, detail: share('of the requests left no time to answer') },
  },
  {
    ...{ rule: 'BilledAtOtherPrice', kind: 'seat', what: 'notices.other_price' },
    ...{ above: 0, overMs: 10 * MIN, detail: times('bids were billed again at another price') },
  },
  {
    ...{ rule: 'NoticesOfAnotherKind', kind: 'seat', what: 'notices.other_kind' },
    ...{ above: 0, overMs: 10 * MIN, detail: times('notices came with the token of another address') },
  },
  {
    ...{ rule: 'FalseLosses', kind: 'seat', what: 'losses.false' },
    ...{ above: 0, overMs: 10 * MIN, detail: times('bids reported lost were won or billed') },
  },
  {
    ...{ rule: 'PricesNotVerified', kind: 'seat', what: 'prices.not_verified', of: 'prices.all' },
    ...{ above: 0.1, overMs: 10 * MIN, detail: share('of the billed prices could not be verified') },
  },
  {
    ...{ rule: 'ForgedNotices', kind: 'service', what: 'notices.forged' },
    // One a second.
    ...{ above: 300, overMs: 5 * MIN, detail: times('notices carried a token that was not signed here') },
  },
  {
    ...{ rule: 'WorkersEnding', kind: 'service', what: 'workers.ended' },
    ...{ above: 2, overMs: 15 * MIN, detail: times('workers ended') },
  },
  {
    ...{ rule: 'NotificationsGivenUp', kind: 'service', what: 'notifications.given_up' },
    ...{ above: 0, overMs: 60 * MIN, detail: times('notifications were given up') },
  },
  {
    ...{ rule: 'ConversionsFailing', kind: 'platform', what: 'conversions.failed' },
    ...{ of: 'conversions.attempts', above: 0.3, overMs: 10 * MIN },
    detail: share('of the attempts to deliver conversions failed'),
  },
  {
    ...{ rule: 'ConversionsDead', kind: 'platform', what: 'conversions.dead', of: 'conversions.ended' },
    ...{ above: 0.01, overMs: 60 * MIN, detail: share('of the conversions were given up') },
  },
]

/** Share of a seat's bills; more that come after their hold ended are an alert. */
const LATE_BILLS_ABOVE = 0.05
/** The time over which they are counted, in milliseconds. */
const LATE_BILLS_OVER_MS = 15 * MIN

/** What has been counted too often lately. */
export function countedConditions(
  now: WatchedCounts,
  history: CountHistory,
  nowMs: number,
): AlertCondition[] {
  const subjects = Map.groupBy([...now.keys()], (name) => name.slice(0, name.indexOf(' ')))
  const subjectsOf = (what: WatchedCount) =>
    (subjects.get(what) ?? []).map((name) => name.slice(what.length + 1))
  const increase = (what: WatchedCount, subject: string, overMs: number) => {
    const name = countName(what, subject)
    return (now.get(name) ?? 0) - (history.before(nowMs, overMs).get(name) ?? 0)
  }
  const byRule = COUNT_RULES.flatMap(({ rule, kind, what, of, above, overMs, detail }) =>
    subjectsOf(what).flatMap((name): AlertCondition[] => {
      const counted = increase(what, name, overMs)
      const all = of === undefined ? 1 : increase(of, name, overMs)
      const value = all > 0 ? counted / all : 0
      return value > above ? [{ rule, about: { kind, name }, detail: detail(value, overMs / MIN) }] : []
    }),
  )
  const lateBills = subjectsOf('notices.settled_late').flatMap((name): AlertCondition[] => {
    const late = increase('notices.settled_late', name, LATE_BILLS_OVER_MS)
    const all = late + increase('notices.settled', name, LATE_BILLS_OVER_MS)
    if (all === 0 || late / all <= LATE_BILLS_ABOVE) return []
    const detail = share('of the bills came after their hold ended')(late / all, LATE_BILLS_OVER_MS / MIN)
    return [{ rule: 'BillsAfterTheHold', about: { kind: 'seat', name }, detail }]
  })
  return [...byRule, ...lateBills]
}

/** How long a conversion may wait, in seconds. */
const OLD_SECONDS = 3_600
/** Share of the reported spend that may be left unexplained. */
const NOT_EXPLAINED_RATIO = 0.05

/** What gauges say that are set about once a minute: conversions, and what platforms report as spent. */
export async function gaugeConditions(
  metrics: Pick<Metrics, 'conversionsOldest' | 'conversionConnections' | 'reportedSpend' | 'spendDifference'>,
): Promise<AlertCondition[]> {
  const conditions: AlertCondition[] = []
  for (const { labels, value } of (await metrics.conversionsOldest.get()).values)
    if (value > OLD_SECONDS)
      conditions.push({
        rule: 'ConversionsOld',
        about: { kind: 'platform', name: String(labels.platform) },
        detail: `A conversion has waited for ${Math.round(value / 60)} minutes`,
      })
  for (const { labels, value } of (await metrics.conversionConnections.get()).values)
    if (labels.status === 'error' && value > 0)
      conditions.push({
        rule: 'ConversionConnectionLost',
        about: { kind: 'platform', name: String(labels.platform) },
        detail: `It does not accept ${value} of our connections for conversions; nothing is sent on them`,
      })
  return [...conditions, ...(await unexplained(metrics))]
}

async function unexplained({
  reportedSpend,
  spendDifference,
}: Pick<Metrics, 'reportedSpend' | 'spendDifference'>): Promise<AlertCondition[]> {
  const accountOf = ({ connector, account, currency }: Partial<Record<string, string | number>>) =>
    `${connector} ${account} ${currency}`
  const differences = new Map<string, number>()
  for (const { labels, value } of (await spendDifference.get()).values)
    if (labels.reason === 'unknown' || labels.reason === 'changed_outside')
      differences.set(accountOf(labels), (differences.get(accountOf(labels)) ?? 0) + value)
  return (await reportedSpend.get()).values.flatMap(({ labels, value }): AlertCondition[] => {
    const difference = differences.get(accountOf(labels)) ?? 0
    if (difference <= NOT_EXPLAINED_RATIO * value) return []
    return [
      {
        rule: 'SpendNotExplained',
        about: { kind: 'account', name: `${labels.connector} ${labels.account}` },
        detail: `${Math.round(difference * 100) / 100} ${labels.currency} of ${value} reported in 30 days are not explained by our bids`,
      },
    ]
  })
}
