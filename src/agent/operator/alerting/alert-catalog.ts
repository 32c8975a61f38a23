export const SEVERITIES = ['critical', 'warning', 'info'] as const
export type Severity = (typeof SEVERITIES)[number]

/** One kind of alert. */
interface AlertRule {
  readonly severity: Severity
  /** How long the condition holds before the alert fires, in milliseconds. */
  readonly forMs: number
  /** What an operator does about it. */
  readonly whatToDo: string
}

const S = 1_000
const MIN = 60_000

/**
 * The alerts that the service itself can tell, by the names that they have in `grafana/rules` and `docs/runbooks`, with
 * the same severities and delays.
 */
export const ALERT_RULES = {
  BudgetAt80Percent: {
    severity: 'warning',
    forMs: MIN,
    whatToDo: 'Decide whether the pace is wanted. Raise the limit, or pause the budget.',
  },
  BudgetAt95Percent: {
    severity: 'critical',
    forMs: MIN,
    whatToDo: 'Raise the limit if more may be spent; otherwise nothing is wrong.',
  },
  Overdraft: {
    severity: 'critical',
    forMs: 0,
    whatToDo:
      'Look for "overdraft" in the log. Lengthen the hold time of the seat, or settle the difference with the seller.',
  },
  RateLimitNear: {
    severity: 'warning',
    forMs: 2 * MIN,
    whatToDo: 'Bid less often, or raise the limit of calls if the access level at the platform allows more.',
  },
  TableNearlyFull: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'Delete what is not needed, or raise its limit with TABLE_LIMITS.',
  },
  BidsVetoed: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'Look at Budgets for the limit that is in the way, and at Bids with the status refused.',
  },
  BreakerOpen: {
    severity: 'critical',
    forMs: 0,
    whatToDo:
      'Look at the status page of the platform. It is tried again every 30 s; nothing needs to be done here.',
  },
  FallbackShareHigh: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'See whether callers still send predictedLtv, and whether LTV_PREDICTOR_URL answers in 500 ms.',
  },
  PlatformSlow: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'Look at the platform and the network; raise the slow limit of its breaker if this is normal.',
  },
  PlatformAuthLost: {
    severity: 'critical',
    forMs: 0,
    whatToDo: 'Renew the credentials of the platform and restart. Platforms shows what it said.',
  },
  AnswersLost: {
    severity: 'warning',
    forMs: 0,
    whatToDo:
      'Look at Bids with the status outcome unknown, and compare with the report of the platform itself.',
  },
  BidsDeferred: {
    severity: 'warning',
    forMs: MIN,
    whatToDo: 'Send bids that cannot wait to another platform; a deferred bid is dropped after a minute.',
  },
  KillSwitchEngaged: {
    severity: 'info',
    forMs: 0,
    whatToDo: 'Release the kill switch when the reason for it is gone.',
  },
  BudgetStoreAway: {
    severity: 'critical',
    forMs: 30 * S,
    whatToDo: 'Bring the budget store back. The service goes on by itself when it can be reached.',
  },
  BudgetStoreRefuses: {
    severity: 'critical',
    forMs: 30 * S,
    whatToDo:
      'See Settings, Service, for what it refuses. Where it was emptied or restored, make sure of what was spent, then vouch for it (POST /v1/store/trust).',
  },
  PartNotReady: {
    severity: 'warning',
    forMs: 30 * S,
    whatToDo: 'Do what the detail says; the other parts go on.',
  },
  RecordsNotWritten: {
    severity: 'critical',
    forMs: 30 * S,
    whatToDo: 'Make space in DATA_DIR, or mend the disk. The service goes on by itself within seconds.',
  },
  WorkersEnding: {
    severity: 'warning',
    forMs: 0,
    whatToDo: 'Look in the log for what ended them: memory, or an exception.',
  },
  ExchangeShedding: {
    severity: 'warning',
    forMs: 2 * MIN,
    whatToDo: 'Ask the exchange for fewer requests a second, or run more processes.',
  },
  ExchangeTooLate: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo:
      'Lower OPENRTB_NETWORK_MARGIN_MS if the exchange is near, or ask the exchange for a longer tmax.',
  },
  ForgedNotices: {
    severity: 'warning',
    forMs: 2 * MIN,
    whatToDo:
      'If NOTICE_SECRET has changed, put it back: real bills are being refused. Otherwise block the callers.',
  },
  NoticesOfAnotherKind: {
    severity: 'warning',
    forMs: 0,
    whatToDo:
      'Look for the callers in front of the service and block them, unless it is the exchange that mixes up addresses.',
  },
  FalseLosses: {
    severity: 'warning',
    forMs: 0,
    whatToDo: 'Ask the exchange why. Meanwhile bids of the seat stay held for their whole hold time.',
  },
  BilledAtOtherPrice: {
    severity: 'warning',
    forMs: 0,
    whatToDo: 'Compare with the report of the exchange for the last ten minutes.',
  },
  PricesNotVerified: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'Compare the keys of the seat with those that the exchange shows.',
  },
  BillsAfterTheHold: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo: 'Lengthen holdSeconds of the seat beyond the delay of its slowest notices.',
  },
  NotificationsGivenUp: {
    severity: 'warning',
    forMs: 0,
    whatToDo: 'Mend the receiver at NOTIFY_URL, then replay what was given up.',
  },
  SpendNotExplained: {
    severity: 'warning',
    forMs: 30 * MIN,
    whatToDo: 'Look at Reconciliation for the campaigns and days: bids or budgets may be changed elsewhere.',
  },
  ConversionsFailing: {
    severity: 'warning',
    forMs: 10 * MIN,
    whatToDo: 'Look at Conversions for the health of the platform and why deliveries are tried again.',
  },
  ConversionsOld: {
    severity: 'warning',
    forMs: 10 * MIN,
    whatToDo: 'Look at Conversions for the breaker and the connection of the platform.',
  },
  ConversionsDead: {
    severity: 'warning',
    forMs: 5 * MIN,
    whatToDo:
      'Look at Conversions, Dead letters, for why; mend the events or the mappings, then replay them.',
  },
  ConversionConnectionLost: {
    severity: 'critical',
    forMs: 0,
    whatToDo: 'Look at Conversions for what the platform said, and store new credentials there.',
  },
} as const satisfies Record<string, AlertRule>

export type AlertName = keyof typeof ALERT_RULES
export const ALERT_NAMES = Object.keys(ALERT_RULES) as [AlertName, ...AlertName[]]

/** What an alert can be about. */
export const ALERT_SUBJECTS = ['budget', 'platform', 'seat', 'table', 'part', 'account', 'service'] as const

/** Something that is so now, and of which an alert fires once it has been so for long enough. */
export interface AlertCondition {
  readonly rule: AlertName
  readonly about: {
    readonly kind: (typeof ALERT_SUBJECTS)[number]
    readonly name: string
    /** Which limit of a budget. */
    readonly limit?: string
  }
  /** What is so, with its figures. */
  readonly detail: string
  /** Since when, where that is known, in ms since the epoch; otherwise since it was first seen. */
  readonly sinceMs?: number
}
