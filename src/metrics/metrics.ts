import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { FastCounter } from './fast-counter.ts'
import { Timings, type TimingsOptions } from './timings.ts'

/** Results of an exchange's request. */
export const AUCTION_RESULTS = [
  'bid',
  'no_bid',
  'bad_request',
  'forbidden',
  'limited',
  'shed',
  'failed',
] as const
export type AuctionResult = (typeof AUCTION_RESULTS)[number]

/** Outcomes of a bid; `failed` is an answer of 500 and above. */
export const BID_OUTCOMES = [
  'placed',
  'deferred',
  'pending_approval',
  'dry_run',
  'refused',
  'outcome_unknown',
  'failed',
] as const
export type BidOutcome = (typeof BID_OUTCOMES)[number]

/** What needs an approval, and what became of it. `noted` and `advised` were done at once; `full`: too many waited. */
export const APPROVAL_KINDS = ['bid', 'limits', 'budget_removal', 'resume', 'kill_switch_release'] as const
export type ApprovalKind = (typeof APPROVAL_KINDS)[number]
export type ApprovalEvent =
  | 'noted'
  | 'advised'
  | 'asked'
  | 'full'
  | 'refused'
  | 'expired'
  | 'applied'
  | 'not_applied'
  | 'interrupted'

/** Platforms that conversions go to, as labels. */
export const CONVERSION_LABELS = ['meta', 'google', 'tiktok', 'snapchat'] as const

/** What the door made of an event, for one platform; before its platforms are known, for `none`. */
export const DOOR_RESULTS = ['accepted', 'duplicate', 'rejected'] as const
export type DoorResult = (typeof DOOR_RESULTS)[number]

/**
 * What one attempt to deliver a conversion came to. `processing`: accepted, to be processed later; `unknown`: tried again,
 * and the platform may have it already; `replayed`: a dead one is sent again.
 */
export const CONVERSION_RESULTS = [
  'acknowledged',
  'processing',
  'retried',
  'unknown',
  'dead',
  'replayed',
] as const
export type ConversionResult = (typeof CONVERSION_RESULTS)[number]

/**
 * What became of messages: at the door, by an attempt to send, and by what WhatsApp tells later. `waits`: not sent yet, and tried again;
 * `unknown`: it may have been sent, and is not sent again.
 */
export const MESSAGE_RESULTS = [
  'taken',
  'duplicate',
  'waits',
  'accepted',
  'unknown',
  'failed',
  'sent',
  'delivered',
  'read',
] as const
export type MessageResult = (typeof MESSAGE_RESULTS)[number]

/** Every metric of the service, by its Prometheus name. Money is in currency units. */
export type Metrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Gauges of open handles whose names end in `_total` like counters, which promtool refuses.
  for (const name of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${name}_total`)
  const makers = makersFor(registry)
  return {
    registry,
    /** Run before each scrape, for gauges that cost more to keep than to read. */
    collectors: [] as (() => void)[],
    ...budgetMetrics(makers),
    ...serviceMetrics(makers),
    ...bidMetrics(makers),
    ...auctionMetrics(makers),
    ...platformMetrics(makers),
    ...readingMetrics(makers),
    ...conversionMetrics(makers),
    ...workerMetrics(makers),
  }
}

type Makers = ReturnType<typeof makersFor>

/** Makes metrics of each kind in one registry. */
function makersFor(registry: Registry) {
  const registers = [registry]
  return {
    counter: <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Counter({ name, help, labelNames, registers }),
    /** For what is counted on the path of every auction or bid. */
    fastCounter: <L extends string>(name: string, help: string, labelNames: L[]) =>
      new FastCounter(registry, name, help, labelNames),
    gauge: <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Gauge({ name, help, labelNames, registers }),
    histogram: <L extends string>(options: HistogramOptions<L>) => new Histogram({ ...options, registers }),
    timings: <O extends string>(options: TimingsOptions<O>) => new Timings(registry, options),
  }
}

interface HistogramOptions<L extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames?: L[]
  /** Upper bounds, in seconds where the name does not say otherwise. */
  readonly buckets: number[]
}

/** Budgets, and the store that keeps them. */
function budgetMetrics({ counter, gauge }: Makers) {
  return {
    /** `limit` tells the limits of one scope apart: `sliding_600s`, `day`, `lifetime`. */
    budgetSpend: gauge('bidwarden_budget_spend', 'Spend that counts against the limit, in currency units.', [
      'scope',
      'limit',
      'currency',
    ]),
    budgetHeld: gauge(
      'bidwarden_budget_held',
      'Money held for bids whose outcome is open, in currency units.',
      ['scope', 'currency'],
    ),
    budgetPrices: gauge(
      'bidwarden_budget_open_prices',
      'What all open bids may cost together, in currency units; more than is held where holds are bounded.',
      ['scope', 'currency'],
    ),
    boundedHolds: gauge('bidwarden_budget_bounded_holds', '1 while holds of the scope are bounded.', [
      'scope',
    ]),
    budgetLimit: gauge('bidwarden_budget_limit', 'The limit, in currency units.', [
      'scope',
      'limit',
      'currency',
    ]),
    budgetUtilization: gauge('bidwarden_budget_utilization_ratio', '(spend + held) / limit.', [
      'scope',
      'limit',
      'currency',
    ]),
    budgetOverdraft: counter(
      'bidwarden_budget_overdraft_total',
      'Money booked although no limit had room for it, in currency units.',
      ['scope', 'currency'],
    ),
    budgetPaused: gauge('bidwarden_budget_paused', '1 while the scope is paused.', ['scope']),
    forfeited: gauge(
      'bidwarden_budget_forfeited',
      'Money of processes that are gone, until it becomes spend, in currency units.',
      ['scope', 'currency'],
    ),
    elsewhere: gauge(
      'bidwarden_budget_elsewhere',
      'Money in the purses of other processes, in currency units.',
      ['scope', 'currency'],
    ),
    killSwitch: gauge('bidwarden_kill_switch_engaged', '1 while the kill switch refuses every bid.', []),
    storeUp: gauge('bidwarden_budget_store_up', '1 while the budget store can be reached.', []),
    refusedBudgets: gauge(
      'bidwarden_budget_store_refused_budgets',
      'Budgets that the store grants nothing for, though it can be reached.',
      [],
    ),
  }
}

/** What the service is made of: parts, tables, records. */
function serviceMetrics({ counter, fastCounter, gauge, histogram }: Makers) {
  return {
    approvals: counter(
      'bidwarden_approvals_total',
      'Bids and changes above a threshold of APPROVALS, and what became of them.',
      ['kind', 'event'],
    ),
    approvalsWaiting: gauge('bidwarden_approvals_waiting', 'Approvals that wait for another key.', []),
    partReady: gauge('bidwarden_part_ready', '1 while a part does its work; /readyz says why it does not.', [
      'part',
    ]),
    /** Tables are named in docs/limits.md. */
    tableRows: gauge(
      'bidwarden_table_rows',
      'How long a table is that callers, exchanges or platforms make longer; of those that each organisation has, the longest.',
      ['table', 'when_full'],
    ),
    tableLimit: gauge(
      'bidwarden_table_limit',
      'How long the table may get; when_full says whether one more is refused or the oldest is forgotten.',
      ['table', 'when_full'],
    ),
    fileBytes: gauge(
      'bidwarden_file_bytes',
      'Bytes of a file, or of all files of a kind: ledger, records, database (of what is read), reports. Looked at once a minute.',
      ['file'],
    ),
    fileLimit: gauge(
      'bidwarden_file_limit_bytes',
      'Bytes above which the oldest rows of the file are deleted; files without it are bounded by the limits of their tables.',
      ['file'],
    ),
    recordsWritable: gauge(
      'bidwarden_records_writable',
      '1 while bids can be recorded; otherwise none is placed.',
      [],
    ),
    recordsWrite: histogram({
      name: 'bidwarden_records_write_duration_seconds',
      help: 'Time of one commit of records to the disk.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    }),
    notifications: fastCounter(
      'bidwarden_notifications_total',
      'Tries to tell NOTIFY_URL, by what came of them: delivered, failed; and notifications given up, or pushed_out by newer ones.',
      ['result'],
    ),
    notificationsWaiting: gauge(
      'bidwarden_notifications_waiting',
      'Notifications that wait for their first or their next try.',
      [],
    ),
  }
}

/** Bids of `POST /v1/bids`. */
function bidMetrics({ counter, fastCounter, gauge, timings }: Makers) {
  return {
    /** `code` is the refusal's code, empty for bids that were placed, deferred or dry runs. */
    bids: fastCounter('bidwarden_bids_total', 'Bids answered.', ['platform', 'status', 'source', 'code']),
    bidAnswers: timings({
      name: 'bidwarden_bid_answer_duration_seconds',
      help: 'Time of POST /v1/bids from the request to its answer, the call to the platform included.',
      outcomes: BID_OUTCOMES,
      upperMs: [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    }),
    fallbacks: counter('bidwarden_fallback_total', 'Bids decided by the fallback.', ['platform']),
    deferred: gauge('bidwarden_deferred_bids', 'Bids waiting for their platform to recover.', ['platform']),
    unknownOutcomes: counter(
      'bidwarden_unknown_outcomes_total',
      'Writes whose answer was lost, by what reading back said: applied, not_applied, unclear.',
      ['platform', 'resolution'],
    ),
  }
}

/** Requests of exchanges, and notices of what became of bids. */
function auctionMetrics({ fastCounter, histogram, timings }: Makers) {
  return {
    auctions: fastCounter(
      'bidwarden_openrtb_requests_total',
      'OpenRTB requests, by what they were answered.',
      ['seat', 'result'],
    ),
    auctionAnswers: timings({
      name: 'bidwarden_openrtb_answer_duration_seconds',
      help: 'Time of an OpenRTB request from its headers to its answer.',
      outcomes: AUCTION_RESULTS,
      upperMs: [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500],
    }),
    noBids: fastCounter(
      'bidwarden_openrtb_no_bids_total',
      'Impressions without a bid, by the reason that came last.',
      ['seat', 'reason'],
    ),
    shadedBids: fastCounter(
      'bidwarden_openrtb_first_price_bids_total',
      'Bids in first-price auctions, by why they bid as much of their worth as they do.',
      ['seat', 'why'],
    ),
    frequencyEvictions: fastCounter(
      'bidwarden_openrtb_frequency_evictions_total',
      'Users whose impressions of a campaign were forgotten early, because the memory of frequency caps was full.',
      ['seat'],
    ),
    notices: fastCounter(
      'bidwarden_openrtb_notices_total',
      'Win, billing and loss notices, by what they came to.',
      ['seat', 'kind', 'result'],
    ),
    noticePrices: fastCounter(
      'bidwarden_openrtb_notice_prices_total',
      'Prices of billing notices, by how they were given.',
      ['seat', 'form'],
    ),
    noticeDelay: histogram({
      name: 'bidwarden_openrtb_notice_delay_seconds',
      help: 'From a bid to a notice of it that was heard for the first time.',
      labelNames: ['seat', 'kind'],
      buckets: [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 21600],
    }),
    losses: fastCounter(
      'bidwarden_openrtb_losses_total',
      'Loss notices by code; "other" for codes that the specification does not have.',
      ['seat', 'code'],
    ),
    falseLosses: fastCounter(
      'bidwarden_openrtb_false_losses_total',
      'Bids that were reported lost, and won or billed all the same.',
      ['seat'],
    ),
    forgedNotices: fastCounter(
      'bidwarden_openrtb_forged_notices_total',
      'Notices whose token we did not sign.',
      [],
    ),
  }
}

/** Calls to platforms on which bids are placed. */
function platformMetrics({ counter, gauge, histogram }: Makers) {
  return {
    platformLatency: histogram({
      name: 'bidwarden_platform_request_duration_seconds',
      help: 'Time of one HTTP request to a platform.',
      labelNames: ['platform', 'outcome'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    }),
    platformAuthLost: gauge('bidwarden_platform_auth_lost', '1 while the platform refuses our credentials.', [
      'platform',
    ]),
    breakerState: gauge('bidwarden_breaker_state', '1 for the state the circuit breaker is in.', [
      'platform',
      'state',
    ]),
    breakerTransitions: counter('bidwarden_breaker_transitions_total', 'Changes of the circuit breaker.', [
      'platform',
      'from',
      'to',
    ]),
    rateLimitRemaining: gauge(
      'bidwarden_rate_limit_remaining',
      'Platform calls left in the window, for bids.',
      ['platform'],
    ),
    rateLimitCalls: gauge('bidwarden_rate_limit_calls', 'Platform calls allowed per window.', ['platform']),
  }
}

/** What is read from platforms. */
function readingMetrics({ counter, gauge, histogram }: Makers) {
  return {
    readCalls: histogram({
      name: 'bidwarden_connector_request_duration_seconds',
      help: 'Time of one HTTP request of the read stack to a platform.',
      labelNames: ['connector', 'outcome'],
      buckets: [0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    }),
    connectorEvents: counter('bidwarden_connector_events_total', 'Events of the read stack.', ['type']),
    reportedSpend: gauge(
      'bidwarden_reported_spend',
      'What a platform reports as spent on an account in the latest 30 days, in currency units.',
      ['connector', 'account', 'currency'],
    ),
    spendDifference: gauge(
      'bidwarden_spend_difference',
      'What platform and own ledger differ by, campaign by campaign and day by day, by reason; in currency units.',
      ['connector', 'account', 'currency', 'reason'],
    ),
  }
}

/** Conversions that go back to platforms. */
function conversionMetrics({ fastCounter, gauge, histogram, timings }: Makers) {
  return {
    conversionEvents: fastCounter(
      'bidwarden_conversion_events_total',
      'Events at the door, by platform and by what they were answered; those without a known platform have none.',
      ['platform', 'result'],
    ),
    conversionDeliveries: fastCounter(
      'bidwarden_conversion_deliveries_total',
      'Deliveries of events, by what an attempt came to.',
      ['platform', 'result'],
    ),
    conversionMessages: fastCounter(
      'bidwarden_messages_total',
      'Messages of WhatsApp, by what they came to: each is counted at the door, for each attempt, and for each status that moved it.',
      ['result'],
    ),
    conversionCalls: histogram({
      name: 'bidwarden_conversion_call_duration_seconds',
      help: 'Time of one call with events to a platform.',
      labelNames: ['platform', 'outcome'],
      buckets: [0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    }),
    conversionBatches: histogram({
      name: 'bidwarden_conversion_batch_events',
      help: 'Events of one call to a platform.',
      labelNames: ['platform'],
      buckets: [1, 3, 10, 30, 100, 300, 1_000, 2_000],
    }),
    conversionDelay: timings({
      name: 'bidwarden_conversion_acknowledgement_seconds',
      help: 'From the door to the acknowledgement of a platform, for each event that it has taken.',
      label: 'platform',
      outcomes: CONVERSION_LABELS,
      upperMs: [100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000, 300_000, 3_600_000, 86_400_000],
    }),
    conversionsWaiting: gauge(
      'bidwarden_conversions_waiting',
      'Deliveries that have not ended, in the whole database; counted once a minute.',
      ['platform'],
    ),
    conversionsOldest: gauge(
      'bidwarden_conversions_oldest_seconds',
      'Age since the door of the oldest delivery that has not ended; 0 where none waits.',
      ['platform'],
    ),
    conversionConnections: gauge(
      'bidwarden_conversion_connections',
      'Connections for conversions by their status, in the whole database; counted once a minute.',
      ['platform', 'status'],
    ),
    conversionBreakers: gauge(
      'bidwarden_conversion_breakers',
      'Connections by the state of their circuit breaker, of those that this process has sent to.',
      ['platform', 'state'],
    ),
  }
}

/** Workers of this machine. */
function workerMetrics({ counter, gauge }: Makers) {
  return {
    workerRestarts: counter('bidwarden_worker_restarts_total', 'Workers that ended and were replaced.', []),
    workerCpu: counter('bidwarden_worker_cpu_seconds_total', 'Processor time of a worker.', ['worker']),
    workerMemory: gauge('bidwarden_worker_resident_memory_bytes', 'Memory of a worker.', ['worker']),
    workerLag: gauge(
      'bidwarden_worker_eventloop_lag_seconds',
      'How late the event loop of a worker was, at its last report.',
      ['worker'],
    ),
  }
}
