import type { Row } from './dashboard.ts'

/** The service itself: what keeps its money and its records, and its workers where it has any. */
export const PROCESSES: Row = {
  title: 'Processes',
  panels: [
    {
      kind: 'timeline',
      title: 'Store, records and other parts',
      help: '1 while budgets can be drawn, bids recorded, and each part does its work; at 0 /readyz says why. And budgets that the store refuses.',
      unit: 'short',
      width: 8,
      lines: [
        { expr: 'bidwarden_budget_store_up', legend: '{{instance}} budget store' },
        { expr: 'bidwarden_records_writable', legend: '{{instance}} records' },
        { expr: 'bidwarden_part_ready', legend: '{{instance}} {{part}}' },
        { expr: 'bidwarden_budget_store_refused_budgets', legend: '{{instance}} budgets refused' },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Time of a commit of records',
      help: 'A bid waits for one before its platform is called, and for one before it is answered.',
      unit: 's',
      width: 8,
      warnAt: [0.05, 0.25],
      lines: [0.5, 0.99].map((q) => ({
        expr: `histogram_quantile(${q}, sum by (le, instance) (rate(bidwarden_records_write_duration_seconds_bucket[$__rate_interval])))`,
        legend: `{{instance}} p${q * 100}`,
      })),
    },
    {
      kind: 'timeseries',
      title: 'Money that waits',
      help: 'Forfeited by processes that ended, until it becomes spend; and in the purses of other processes. In currency units.',
      unit: 'short',
      width: 8,
      lines: [
        { expr: 'bidwarden_budget_forfeited{scope=~"$scope"} > 0', legend: '{{scope}} forfeited' },
        { expr: 'bidwarden_budget_elsewhere{scope=~"$scope"} > 0', legend: '{{scope}} elsewhere' },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Cores used',
      help: 'By the process that is scraped, and by each of its workers.',
      unit: 'short',
      width: 8,
      lines: [
        { expr: 'rate(process_cpu_seconds_total[$__rate_interval])', legend: '{{instance}}' },
        {
          expr: 'rate(bidwarden_worker_cpu_seconds_total[$__rate_interval])',
          legend: '{{instance}} worker {{worker}}',
        },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Event loop lateness',
      help: 'Above OPENRTB_SHED_ABOVE_MS exchanges get no bids.',
      unit: 's',
      width: 8,
      warnAt: [0.05, 0.25],
      lines: [
        { expr: 'nodejs_eventloop_lag_p99_seconds', legend: '{{instance}} p99' },
        { expr: 'bidwarden_worker_eventloop_lag_seconds', legend: '{{instance}} worker {{worker}}' },
      ],
    },
    {
      kind: 'timeseries',
      title: 'Memory',
      help: 'Resident memory.',
      unit: 'bytes',
      width: 4,
      lines: [
        { expr: 'process_resident_memory_bytes', legend: '{{instance}}' },
        { expr: 'bidwarden_worker_resident_memory_bytes', legend: '{{instance}} worker {{worker}}' },
      ],
    },
    {
      kind: 'stat',
      title: 'Workers that ended',
      help: 'Each was forfeited and replaced.',
      unit: 'short',
      width: 4,
      warnAt: [1, 3],
      lines: [{ expr: 'increase(bidwarden_worker_restarts_total[$__range])', legend: '{{instance}}' }],
    },
  ],
}
