import type { Line, Row } from './dashboard.ts'

const quantile = (q: number): Line => ({
  expr: `histogram_quantile(${q}, sum by (le, connector) (rate(bidwarden_connector_request_duration_seconds_bucket[$__rate_interval])))`,
  legend: `{{connector}} p${q * 100}`,
})

/** How reading from platforms goes, and whether what they report is explained by our bids. */
export const READING: Row = {
  title: 'Reading',
  panels: [
    {
      kind: 'timeseries',
      title: 'Requests for reports',
      help: 'HTTP requests of the read stack a second, by how they ended.',
      unit: 'reqps',
      width: 8,
      lines: [
        {
          expr: 'sum by (connector, outcome) (rate(bidwarden_connector_request_duration_seconds_count[$__rate_interval]))',
          legend: '{{connector}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Latency of requests for reports',
      help: 'One HTTP request of the read stack to a platform.',
      unit: 's',
      width: 8,
      lines: [quantile(0.5), quantile(0.95), quantile(0.99)],
    },
    {
      kind: 'timeseries',
      title: 'Events of the read stack',
      help: 'Events a minute, by type: what was fetched, what failed, what is tried again.',
      unit: 'short',
      width: 8,
      lines: [
        {
          expr: 'sum by (type) (60 * rate(bidwarden_connector_events_total[$__rate_interval]))',
          legend: '{{type}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Reported spend',
      help: 'What each platform reports as spent in the latest 30 days, in currency units.',
      unit: 'short',
      width: 12,
      lines: [{ expr: 'bidwarden_reported_spend', legend: '{{connector}} {{account}} {{currency}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Difference from our own ledger',
      help: 'By reason, in currency units. Unknown and changed_outside are what nobody can explain yet.',
      unit: 'short',
      width: 12,
      lines: [
        { expr: 'bidwarden_spend_difference', legend: '{{connector}} {{account}} {{currency}} {{reason}}' },
      ],
    },
  ],
}
