import type { Line, Row } from './dashboard.ts'

const quantile = (metric: string, outcome: string, q: number): Line => ({
  expr: `histogram_quantile(${q}, sum by (le, outcome) (rate(${metric}_bucket{outcome=~"${outcome}"}[$__rate_interval])))`,
  legend: `{{outcome}} p${q * 100}`,
})
const byOutcome = (metric: string): Line => ({
  expr: `sum by (outcome) (rate(${metric}_count[$__rate_interval]))`,
  legend: '{{outcome}}',
})
const BIDS = 'bidwarden_bid_answer_duration_seconds'
const AUCTIONS = 'bidwarden_openrtb_answer_duration_seconds'
const QUANTILES = [0.5, 0.95, 0.99]

/** How long callers wait for an answer. */
export const ANSWERS: Row = {
  title: 'Answers',
  panels: [
    {
      kind: 'timeseries',
      title: 'Latency of bids',
      help: 'POST /v1/bids from the request to its answer, the call to the platform included.',
      unit: 's',
      width: 8,
      lines: QUANTILES.map((q) => quantile(BIDS, 'placed|refused', q)),
    },
    {
      kind: 'timeseries',
      title: 'Latency of auctions',
      help: 'OpenRTB requests from their headers to their answer, those of workers included.',
      unit: 's',
      width: 8,
      lines: QUANTILES.map((q) => quantile(AUCTIONS, 'bid|no_bid', q)),
    },
    {
      kind: 'timeseries',
      title: 'Answers by outcome',
      help: 'Answers a second to bids and to OpenRTB requests.',
      unit: 'reqps',
      width: 8,
      lines: [
        { ...byOutcome(BIDS), legend: 'bids {{outcome}}' },
        { ...byOutcome(AUCTIONS), legend: 'auctions {{outcome}}' },
      ],
    },
  ],
}
