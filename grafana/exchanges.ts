import type { Line, Row } from './dashboard.ts'

const openrtb = (metric: string, matchers = '') =>
  `rate(bidwarden_openrtb_${metric}_total{${matchers}}[$__rate_interval])`
const bySeat = (rate: string) => `sum by (seat) (${rate})`
const delay = (q: number): Line => ({
  expr: `histogram_quantile(${q}, sum by (le, seat) (rate(bidwarden_openrtb_notice_delay_seconds_bucket{kind="billing"}[$__rate_interval])))`,
  legend: `{{seat}} p${q * 100}`,
})

/** How bidding on exchanges goes, and what goes wrong there. */
export const EXCHANGES: Row = {
  title: 'Exchanges',
  panels: [
    {
      kind: 'timeseries',
      title: 'Bid requests',
      help: 'Requests a second, by what they were answered.',
      unit: 'reqps',
      width: 8,
      lines: [{ expr: `sum by (seat, result) (${openrtb('requests')})`, legend: '{{seat}} {{result}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Bid rate and win rate',
      help: 'Requests answered with a bid, and bills for each of these.',
      unit: 'percentunit',
      width: 8,
      lines: [
        {
          expr: `${bySeat(openrtb('requests', 'result="bid"'))} / (${bySeat(openrtb('requests'))} > 0)`,
          legend: '{{seat}} bids',
        },
        {
          expr: `${bySeat(openrtb('notices', 'result=~"settled|settled_late"'))} / (${bySeat(openrtb('requests', 'result="bid"'))} > 0)`,
          legend: '{{seat}} wins',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Delay of bills',
      help: 'From bid to billing notice. A hold time below the p99 lets bills through that nothing is held for.',
      unit: 's',
      width: 8,
      lines: [0.5, 0.95, 0.99].map(delay),
    },
    {
      kind: 'timeseries',
      title: 'Shed and too late',
      help: 'Requests without a bid because the process was overloaded, or their tmax left no time.',
      unit: 'reqps',
      width: 8,
      lines: [
        { expr: bySeat(openrtb('requests', 'result="shed"')), legend: '{{seat}} shed' },
        { expr: bySeat(openrtb('no_bids', 'reason="too_late"')), legend: '{{seat}} too late' },
      ],
    },
    {
      kind: 'timeseries',
      title: 'First-price bids',
      help: 'By why they bid as much of their worth as they do: shading is off, learns, tries a price, or has learned.',
      unit: 'reqps',
      width: 8,
      lines: [{ expr: `sum by (seat, why) (${openrtb('first_price_bids')})`, legend: '{{seat}} {{why}}' }],
    },
    {
      kind: 'timeseries',
      title: 'Notices that do not add up',
      help: 'Forged or damaged ones, repetitions at another price, bills for bids whose hold was gone; users whose frequency caps were forgotten.',
      unit: 'reqps',
      width: 8,
      lines: [
        { expr: openrtb('forged_notices'), legend: 'forged' },
        { expr: bySeat(openrtb('false_losses')), legend: '{{seat}} lost and billed' },
        { expr: bySeat(openrtb('notices', 'result="other_kind"')), legend: '{{seat}} other kind' },
        {
          expr: bySeat(openrtb('notices', 'result=~"duplicate_other_price|raised"')),
          legend: '{{seat}} other price',
        },
        { expr: bySeat(openrtb('notices', 'result="settled_late"')), legend: '{{seat}} late' },
        { expr: bySeat(openrtb('frequency_evictions')), legend: '{{seat}} users forgotten' },
      ],
    },
    {
      kind: 'stat',
      title: 'Overdraft of exchanges',
      help: 'Billed late or above what was held, although no limit had room for it.',
      unit: 'short',
      width: 8,
      warnAt: [0.000001, 0.000001],
      lines: [
        {
          expr: 'bidwarden_budget_overdraft_total{scope=~"platform:openrtb|campaign:openrtb:.*"}',
          legend: '{{scope}} {{currency}}',
        },
      ],
    },
  ],
}
