import type { Line, Row } from './dashboard.ts'

const delay = (q: number): Line => ({
  expr: `histogram_quantile(${q}, sum by (le, platform) (rate(bidwarden_conversion_acknowledgement_seconds_bucket[$__rate_interval])))`,
  legend: `{{platform}} p${q * 100}`,
})

/** What goes back to the platforms, and how fast. */
export const CONVERSIONS: Row = {
  title: 'Conversions',
  panels: [
    {
      kind: 'timeseries',
      title: 'Events at the door',
      help: 'Events a minute, by platform and by what they were answered.',
      unit: 'short',
      width: 8,
      lines: [
        {
          expr: 'sum by (platform, result) (60 * rate(bidwarden_conversion_events_total[$__rate_interval]))',
          legend: '{{platform}} {{result}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Deliveries',
      help: 'Events a minute, by what an attempt to deliver them came to. Dead ones are not sent again by themselves.',
      unit: 'short',
      width: 8,
      lines: [
        {
          expr: 'sum by (platform, result) (60 * rate(bidwarden_conversion_deliveries_total[$__rate_interval]))',
          legend: '{{platform}} {{result}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Messages of WhatsApp',
      help: 'Messages a minute, by what they came to: at the door, by an attempt to send, and by what WhatsApp tells.',
      unit: 'short',
      width: 8,
      lines: [
        {
          expr: 'sum by (result) (60 * rate(bidwarden_messages_total[$__rate_interval]))',
          legend: '{{result}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'From the door to the acknowledgement',
      help: 'For each event that a platform has taken. Google says so half a minute later at the earliest.',
      unit: 's',
      width: 8,
      warnAt: [900, 3_600],
      lines: [delay(0.5), delay(0.95)],
    },
    {
      kind: 'timeseries',
      title: 'Waiting conversions',
      help: 'Deliveries that have not ended.',
      unit: 'short',
      width: 6,
      lines: [{ expr: 'max by (platform) (bidwarden_conversions_waiting)', legend: '{{platform}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Oldest waiting conversion',
      help: 'Age since the door. From an hour on an alert fires.',
      unit: 's',
      width: 6,
      warnAt: [900, 3_600],
      lines: [{ expr: 'max by (platform) (bidwarden_conversions_oldest_seconds)', legend: '{{platform}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Events of a call',
      help: 'Mean over the calls to a platform.',
      unit: 'short',
      width: 6,
      lines: [
        {
          expr: 'sum by (platform) (rate(bidwarden_conversion_batch_events_sum[$__rate_interval])) / sum by (platform) (rate(bidwarden_conversion_batch_events_count[$__rate_interval]))',
          legend: '{{platform}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Calls with events',
      help: 'Calls a second, by how they ended.',
      unit: 'reqps',
      width: 6,
      lines: [
        {
          expr: 'sum by (platform, outcome) (rate(bidwarden_conversion_call_duration_seconds_count[$__rate_interval]))',
          legend: '{{platform}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'timeline',
      title: 'Circuit breakers of conversions',
      help: '0 closed, 1 half-open, 2 open: the worst of the connections to the platform.',
      unit: 'short',
      width: 12,
      warnAt: [1, 2],
      lines: [
        {
          expr: 'clamp_max(2 * max by (platform) (bidwarden_conversion_breakers{state="open"}) + max by (platform) (bidwarden_conversion_breakers{state="half_open"}), 2)',
          legend: '{{platform}}',
        },
      ],
    },
    {
      kind: 'stat',
      title: 'Lost connections',
      help: 'Connections for conversions that their platform does not accept.',
      unit: 'short',
      width: 12,
      warnAt: [1, 1],
      lines: [
        {
          expr: 'max by (platform) (bidwarden_conversion_connections{status="error"})',
          legend: '{{platform}}',
        },
      ],
    },
  ],
}
