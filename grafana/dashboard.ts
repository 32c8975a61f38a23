import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { ANSWERS } from './answers.ts'
import { CONVERSIONS } from './conversions.ts'
import { EXCHANGES } from './exchanges.ts'
import { PROCESSES } from './processes.ts'
import { READING } from './reading.ts'

/** One line of a panel: a query, and how its series are called. */
export interface Line {
  readonly expr: string
  readonly legend: string
}

interface PanelSpec {
  readonly kind: 'timeseries' | 'stat' | 'timeline'
  readonly title: string
  readonly help: string
  /** Grafana's name of the unit. */
  readonly unit: string
  /** Of 24 columns. */
  readonly width: number
  readonly lines: readonly Line[]
  /** Values from which the panel turns orange and red. */
  readonly warnAt?: readonly [orange: number, red: number]
}

export interface Row {
  readonly title: string
  readonly panels: readonly PanelSpec[]
}

const ONE_HEIGHT = 8
const PLATFORM = 'platform=~"$platform"'
const SCOPE = 'scope=~"$scope"'
const share = (part: string, whole: string) => `sum(${part}) / (sum(${whole}) > 0)`
const bids = (matchers: string) => `rate(bidwarden_bids_total{${matchers}}[$__rate_interval])`
const quantile = (q: number): Line => ({
  expr: `histogram_quantile(${q}, sum by (le, platform) (rate(bidwarden_platform_request_duration_seconds_bucket{${PLATFORM}}[$__rate_interval])))`,
  legend: `{{platform}} p${q * 100}`,
})

/** What an operator looks at, the money first. */
export const ROWS: readonly Row[] = [
  {
    title: 'Money',
    panels: [
      {
        kind: 'timeseries',
        title: 'Budget utilization',
        help: 'Spend and holds over the limit. At 1 every further bid is refused.',
        unit: 'percentunit',
        width: 12,
        warnAt: [0.8, 0.95],
        lines: [{ expr: `bidwarden_budget_utilization_ratio{${SCOPE}}`, legend: '{{scope}} {{limit}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Spend, held, limit',
        help: 'What counts against each limit, in currency units.',
        unit: 'short',
        width: 12,
        lines: [
          { expr: `bidwarden_budget_spend{${SCOPE}}`, legend: '{{scope}} {{limit}} spent' },
          { expr: `bidwarden_budget_held{${SCOPE}}`, legend: '{{scope}} held' },
          { expr: `bidwarden_budget_limit{${SCOPE}}`, legend: '{{scope}} {{limit}} limit' },
        ],
      },
      {
        kind: 'stat',
        title: 'Remaining',
        help: 'Left in each limit, in currency units.',
        unit: 'short',
        width: 8,
        lines: [
          {
            expr: `bidwarden_budget_limit{${SCOPE}} - bidwarden_budget_spend{${SCOPE}} - on (job, instance, scope, currency) group_left bidwarden_budget_held{${SCOPE}}`,
            legend: '{{scope}} {{limit}}',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'Overdraft',
        help: 'Booked although no limit had room for it. Anything above zero is an incident.',
        unit: 'short',
        width: 8,
        warnAt: [0.000001, 0.000001],
        lines: [{ expr: `bidwarden_budget_overdraft_total{${SCOPE}}`, legend: '{{scope}} {{currency}}' }],
      },
      {
        kind: 'stat',
        title: 'Stopped',
        help: '1 while the kill switch, or the pause of a scope, refuses bids.',
        unit: 'short',
        width: 8,
        warnAt: [1, 1],
        lines: [
          { expr: 'bidwarden_kill_switch_engaged', legend: 'kill switch' },
          { expr: `bidwarden_budget_paused{${SCOPE}} > 0`, legend: '{{scope}} paused' },
        ],
      },
    ],
  },
  {
    title: 'Bids',
    panels: [
      {
        kind: 'timeseries',
        title: 'Bids by status',
        help: 'Answers per second.',
        unit: 'reqps',
        width: 8,
        lines: [{ expr: `sum by (status, source) (${bids(PLATFORM)})`, legend: '{{status}} {{source}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Refusals by code',
        help: 'Why bids were not placed, per second.',
        unit: 'reqps',
        width: 8,
        lines: [{ expr: `sum by (code) (${bids(`${PLATFORM}, code!=""`)})`, legend: '{{code}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Fallback share',
        help: 'Share of bids decided without a prediction.',
        unit: 'percentunit',
        width: 8,
        warnAt: [0.3, 0.7],
        lines: [
          {
            expr: share(
              bids(`${PLATFORM}, source="fallback", status!="deferred"`),
              bids(`${PLATFORM}, status!="deferred"`),
            ),
            legend: 'fallback',
          },
        ],
      },
    ],
  },
  {
    title: 'Platforms',
    panels: [
      {
        kind: 'timeseries',
        title: 'Request latency',
        help: 'One HTTP request to a platform. Above 500 ms it counts against the circuit breaker.',
        unit: 's',
        width: 12,
        warnAt: [0.5, 2],
        lines: [quantile(0.5), quantile(0.95), quantile(0.99)],
      },
      {
        kind: 'timeline',
        title: 'Circuit breaker',
        help: '0 closed, 1 half-open, 2 open.',
        unit: 'short',
        width: 12,
        warnAt: [1, 2],
        lines: [
          {
            expr: `sum by (platform) (2 * bidwarden_breaker_state{${PLATFORM}, state="open"}) + sum by (platform) (bidwarden_breaker_state{${PLATFORM}, state="half_open"})`,
            legend: '{{platform}}',
          },
        ],
      },
      {
        kind: 'timeseries',
        title: 'Calls left',
        help: 'Share of the platform’s limit of calls that is left for bids.',
        unit: 'percentunit',
        width: 8,
        lines: [
          {
            expr: `bidwarden_rate_limit_remaining{${PLATFORM}} / bidwarden_rate_limit_calls{${PLATFORM}}`,
            legend: '{{platform}}',
          },
        ],
      },
      {
        kind: 'timeseries',
        title: 'Lost answers',
        help: 'Writes whose answer was lost, by what reading the platform back said.',
        unit: 'short',
        width: 8,
        lines: [
          {
            expr: `sum by (platform, resolution) (increase(bidwarden_unknown_outcomes_total{${PLATFORM}}[$__rate_interval]))`,
            legend: '{{platform}} {{resolution}}',
          },
        ],
      },
      {
        kind: 'timeseries',
        title: 'Deferred bids and lost credentials',
        help: 'Bids that wait for their platform; 1 while a platform refuses our credentials.',
        unit: 'short',
        width: 8,
        lines: [
          { expr: `bidwarden_deferred_bids{${PLATFORM}}`, legend: '{{platform}} deferred' },
          { expr: `bidwarden_platform_auth_lost{${PLATFORM}} > 0`, legend: '{{platform}} credentials lost' },
        ],
      },
    ],
  },
  ANSWERS,
  EXCHANGES,
  READING,
  CONVERSIONS,
  PROCESSES,
]

export function buildDashboard(): Dashboard {
  const dashboard = new DashboardBuilder('Bidwarden')
    .uid('bidwarden')
    .tags(['bidwarden'])
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus'))
    .withVariable(choice('platform', 'bidwarden_rate_limit_calls'))
    .withVariable(choice('scope', 'bidwarden_budget_held'))
  for (const row of ROWS) {
    dashboard.withRow(new RowBuilder(row.title))
    for (const spec of row.panels) dashboard.withPanel(panel(spec))
  }
  return dashboard.build()
}

/** A variable over the values of a label, all of them by default. */
function choice(label: string, metric: string) {
  return new QueryVariableBuilder(label)
    .query(`label_values(${metric}, ${label})`)
    .datasource({ type: 'prometheus', uid: '$datasource' })
    .multi(true)
    .includeAll(true)
    .allValue('.*')
}

function panel(spec: PanelSpec) {
  const builder = builderOf(spec.kind)
    .title(spec.title)
    .description(spec.help)
    .unit(spec.unit)
    .height(ONE_HEIGHT)
    .span(spec.width)
    .datasource({ type: 'prometheus', uid: '$datasource' })
  if (spec.warnAt) builder.thresholds(thresholds(spec.warnAt))
  spec.lines.forEach(({ expr, legend }, i) => {
    builder.withTarget(
      new DataqueryBuilder()
        .expr(expr)
        .legendFormat(legend)
        .refId(String.fromCharCode(65 + i)),
    )
  })
  return builder
}

function builderOf(kind: PanelSpec['kind']) {
  switch (kind) {
    case 'timeseries':
      return new TimeseriesBuilder()
    case 'stat':
      return new StatBuilder()
    case 'timeline':
      return new TimelineBuilder()
  }
}

const thresholds = ([orange, red]: readonly [number, number]) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: 'green' },
    { value: orange, color: 'orange' },
    { value: red, color: 'red' },
  ])
