import type { Generated, Selectable } from 'kysely'
import type { ConversionTables } from './conversion-tables.ts'

/** The two databases that the read stack can be kept in. */
export type Engine = 'sqlite' | 'postgres'

/**
 * Tables of the read stack. Times are ISO 8601 text in UTC with milliseconds, so they sort as text; JSON is text.
 * PostgreSQL has its own column types for both and returns them in this form.
 */
export interface SyncDatabase extends ConversionTables {
  organizations: { id: number; name: string }
  connectors: ConnectorTable
  connector_requests: RequestTable
  fetch_jobs: JobTable
  rate_limits: RateLimitTable
  report_rows: ReportRowTable
  forgotten_rows: ForgottenRowsTable
  cursors: { connector_id: string; report_type: string; value: string; updated_at: string }
  sync_jobs: SyncJobTable
  schedules: ScheduleTable
  dead_letters: DeadLetterTable
  events: EventTable
  oauth_states: OauthStateTable
  webhook_events: { connector_id: string; event_id: string; received_at: string; body: string }
  /** Recipients that must not get e-mails, with the reason. */
  mail_suppressions: { connector_id: string; address: string; reason: string; since: string }
  mail_notices: PlannedEmailTable
  campaign_budgets: CampaignBudgetTable
  /** Facts about this database. */
  notes: { name: string; value: string }
}

export const CONNECTOR_STATUSES = ['pending', 'connected', 'disconnected', 'error'] as const
export type ConnectorStatus = (typeof CONNECTOR_STATUSES)[number]

export interface ConnectorTable {
  id: string
  org_id: number
  type: string
  account_id: string | null
  /** A sealed record; see `credentials/`. */
  credentials: string | null
  status: ConnectorStatus
  metadata: string
  /** Most jobs of the connection at once. */
  concurrency: number
  /** Process that refreshes the tokens now, and when its lock ends. */
  refresh_owner: string | null
  refresh_until: string | null
  /** No job of the connection begins before this time, because its calls are limited. */
  resting_until: string | null
  /** When it was changed or connected again; earlier readings do not serve later requests. */
  changed_at: string | null
  created_at: string
  updated_at: string
  last_sync_at: string | null
}

/** A connection as it is stored. */
export type ConnectorRow = Selectable<ConnectorTable>

export const REQUEST_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const
export type RequestStatus = (typeof REQUEST_STATUSES)[number]

export interface RequestTable {
  id: string
  connector_id: string
  org_id: number
  request_type: string
  params: string
  status: RequestStatus
  priority: number
  /** Place when it was requested; 1 is next, 0 once it has begun. */
  queue_position: number | null
  batched_with: string
  result: string | null
  error: string | null
  execution_time_ms: number | null
  cost: number | null
  created_at: string
  started_at: string | null
  completed_at: string | null
  job_id: string
  sync_job_id: string | null
  /** 1 for a failure that may pass when it is tried again. */
  retryable: number | null
}

/** `deferred`: waits until `not_before`. */
export type JobStatus = 'queued' | 'deferred' | 'running' | 'completed' | 'failed' | 'cancelled'

/** Statuses of a job that has not ended. */
export const OPEN_JOB_STATUSES = ['queued', 'deferred', 'running'] as const satisfies readonly JobStatus[]

/** One conversation with a platform, for one or more requests. */
export interface JobTable {
  id: string
  connector_id: string
  report_type: string
  range_start: string | null
  range_end: string | null
  fields: string
  status: JobStatus
  priority: number
  /** Jobs are taken in this order: time of the request plus a delay by priority. */
  turn_at: string
  not_before: string
  /** Process that keeps the conversation in memory while it waits. */
  parked_by: string | null
  lease_owner: string | null
  lease_until: string | null
  /** Number of the claim; changes by a job runner with an earlier claim are ignored. */
  claim: number
  /** Processes in a row that died while they worked on the job. */
  deaths: Generated<number>
  progress: number
  /** What the conversation remembered last. */
  memory: string | null
  /** Why a running job waits: `platform`, `rate_limit`, `recovery`, or `retry` while a call is repeated. */
  waits_for: string | null
  /** Milliseconds for which it used a place of its connection. */
  execution_time_ms: number
  /** Milliseconds since it began that it rested: for limits, failures or a place. */
  rested_ms: Generated<number>
  records: number
  calls: number
  /** Job whose rows serve this one, which then asks the platform nothing. */
  rows_of: string | null
  created_at: string
  started_at: string | null
  finished_at: string | null
}

export interface RateLimitTable {
  id: Generated<number>
  connector_type: string
  org_id: number
  endpoint: string
  limit_value: number
  current_count: number
  window_start: string
  window_end: string
}

export interface ReportRowTable {
  connector_id: string
  report_type: string
  row_key: string
  /** Empty for rows without a date. */
  date: string
  data: string
  job_id: string
  first_seen_at: string
  changed_at: string
  /** Try of a download that brought the row, where rows of a download are added up. */
  download: string | null
  /** When a complete reading first did not find the row. It is kept until a second one agrees. */
  absent_since: string | null
}

/** Rows of a report that were deleted for age or room: all up to this date that were read before. */
export interface ForgottenRowsTable {
  connector_id: string
  report_type: string
  through: string
  forgotten_at: string
}

export const SYNC_JOB_STATUSES = ['pending', 'running', 'completed', 'failed'] as const
export type SyncJobStatus = (typeof SYNC_JOB_STATUSES)[number]

export interface SyncJobTable {
  id: string
  connector_id: string
  org_id: number
  trigger: 'manual' | 'scheduled'
  status: SyncJobStatus
  error: string | null
  retry_count: number
  next_retry_at: string | null
  created_at: string
  started_at: string | null
  completed_at: string | null
}

export interface ScheduleTable {
  connector_id: string
  org_id: number
  cron: string
  timezone: string
  next_at: string
}

export interface DeadLetterTable {
  id: string
  org_id: number
  connector_id: string
  sync_job_id: string
  error: string
  created_at: string
}

export interface EventTable {
  seq: Generated<number>
  id: string
  org_id: number
  type: string
  subject: string
  data: string
  time: string
  published_at: string | null
}

export interface OauthStateTable {
  /** SHA-256 of the state. */
  state_hash: string
  org_id: number
  connector_type: string
  connector_id: string | null
  callback_url: string
  /** PKCE verifier, sealed. */
  verifier: string
  settings: string
  expires_at: string
}

/** An e-mail to a person about an event. */
export interface PlannedEmailTable {
  event_id: string
  connector_id: string
  subject: string
  text: string
  status: 'waiting' | 'sent' | 'failed'
  attempts: number
  next_at: string
  error: string | null
  created_at: string
}

/** Daily budget of a campaign set through Bidwarden, and from when; micros of the account's currency. */
export interface CampaignBudgetTable {
  connector_type: string
  account_id: string
  campaign_id: string
  set_at: string
  daily_micros: number
}
