import type { Authorize } from '../api/index.ts'
import type { Audit } from '../audit/index.ts'
import type { Bounds, Connector, ConnectorType } from '../connectors/index.ts'
import type { Logger } from '../log.ts'
import type { TableLimits } from '../metrics/tables.ts'
import type { RateLimit } from '../shield/index.ts'
import type { Clock } from '../time/clock.ts'
import type { SharedLimiter } from './call-limits.ts'
import type { CloudEvent } from './events/index.ts'
import type { Retention } from './forget-old.ts'
import type { OauthClient } from './oauth/index.ts'
import type { OwnSpendOf, SpendSummary } from './reconcile/index.ts'
import type { FileStore } from './reports/index.ts'
import type { StoreAddress } from './store/index.ts'
import type { CampaignPayer } from './sync.ts'

/** What the configuration says of reading. */
export interface SyncOptions {
  readonly store: StoreAddress
  readonly files: FileStore
  /**
   * AES-256 keys; the first one seals. Called once the database is open, because a new key may only be created together
   * with a new database.
   */
  readonly keys: () => readonly Buffer[]
  readonly connectors: readonly Connector[]
  readonly clients: Readonly<Partial<Record<ConnectorType, OauthClient>>>
  readonly callbacks: { readonly urls: readonly string[]; readonly loopback: boolean }
  /** Replaces the limits of a connector's buckets. */
  readonly limits: Readonly<Partial<Record<ConnectorType, readonly RateLimit[]>>>
  readonly maxConcurrent: number
  readonly tableLimits: TableLimits
  /** Limits on one answer of a platform. */
  readonly bounds: Bounds
  /** Refuses files at addresses of this machine or its network, whatever an answer names. */
  readonly publicFilesOnly: boolean
  /** Longest time between two polls for a report, in milliseconds; undefined for the connector's own. */
  readonly longestWaitMs?: number | undefined
  /** Assumed time to make a report on any platform, in milliseconds; undefined for the connector's own. */
  readonly makingMs?: number | undefined
  readonly callCost: number
  readonly keep: Retention
  /** Redis with the stream `connector.events`, to which every event is appended. */
  readonly streamUrl: string | undefined
  /** Sender and recipients of e-mails where the sending connection's settings name none. */
  readonly notifyMail: { readonly from: string | undefined; readonly to: readonly string[] }
}

/** What reading is given by the rest of the service. */
export interface SyncOutside {
  readonly clock: Clock
  readonly log: Logger
  readonly authorize: Authorize
  readonly audit: Audit
  /** Pays for changes that let a platform spend more; without it they are refused. */
  readonly payer?: CampaignPayer
  /** Limiters of accounts that other parts of this service call as well. */
  readonly sharedBy?: SharedLimiter
  readonly onCall: (type: ConnectorType, outcome: string, latencyMs: number) => void
  /** Spend by our own records, for comparison with what platforms report. */
  readonly ownSpendOf: OwnSpendOf
  /** Called regularly with the comparison of reported and own spend for all accounts. */
  readonly onSpend: (accounts: readonly SpendSummary[]) => void
  /** Called with every published event, again after an interruption. If it rejects, the event is published again. */
  readonly onEvent: (event: CloudEvent) => Promise<void>
}
