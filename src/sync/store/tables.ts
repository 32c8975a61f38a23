import type { Generated } from 'kysely'

/**
 * Times are ISO 8601 text in UTC with milliseconds, so that their order is the order of the text; JSON is text.
 * PostgreSQL has columns of its own types for both and is told to hand them out like that.
 */
export interface Tables {
  organizations: { id: number; name: string }
  connectors: ConnectorTable
  connector_requests: RequestTable
  fetch_jobs: JobTable
  rate_limits: RateLimitTable
  report_rows: ReportRowTable
  cursors: { connector_id: string; report_type: string; value: string; updated_at: string }
  sync_jobs: SyncJobTable
  schedules: ScheduleTable
  dead_letters: DeadLetterTable
  events: EventTable
  oauth_states: OauthStateTable
  webhook_events: { connector_id: string; event_id: string; received_at: string; body: string }
  /** Recipients that must not be written to again, and why. */
  mail_suppressions: { connector_id: string; address: string; reason: string; since: string }
  mail_notices: MailNoticeTable
  campaign_budgets: CampaignBudgetTable
  /** What this database says of itself. */
  notes: { name: string; value: string }
}

export type ConnectorStatus = 'pending' | 'connected' | 'disconnected' | 'error'

export interface ConnectorTable {
  id: string
  org_id: number
  type: string
  account_id: string | null
  /** A sealed record; see credentials. */
  credentials: string | null
  status: ConnectorStatus
  metadata: string
  /** How many jobs of it may run at once. */
  concurrency: number
  /** Who refreshes its tokens now, and until when at the latest. */
  refresh_owner: string | null
  refresh_until: string | null
  /** No job of it is begun before, since its calls are limited. */
  resting_until: string | null
  created_at: string
  updated_at: string
  last_sync_at: string | null
}

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
  /** 1 where a failure may pass when it is tried again. */
  retryable: number | null
}

/** `deferred`: until `not_before`. */
export type JobStatus = 'queued' | 'deferred' | 'running' | 'completed' | 'failed' | 'cancelled'

/** One conversation with a platform, for one or several requests. */
export interface JobTable {
  id: string
  connector_id: string
  report_type: string
  range_start: string | null
  range_end: string | null
  fields: string
  status: JobStatus
  priority: number
  /** Jobs are taken in this order: when it was asked for, later by the weight of its priority. */
  turn_at: string
  not_before: string
  /** Who keeps the conversation in memory while it waits. */
  parked_by: string | null
  lease_owner: string | null
  lease_until: string | null
  /** Counts claims; what an earlier claim says is not listened to. */
  claim: number
  /** How many processes in a row have ended while they worked on it. */
  deaths: Generated<number>
  progress: number
  /** What the conversation remembered last. */
  memory: string | null
  waits_for: string | null
  execution_time_ms: number
  records: number
  calls: number
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
  /** Empty for rows without one. */
  date: string
  data: string
  job_id: string
  first_seen_at: string
  changed_at: string
  /** The one try of a download that brought the row, where rows of one are added up. */
  download: string | null
  /** A complete reading did not find the row, which was kept until a second one agrees. */
  absent_since: string | null
}

export type SyncJobStatus = 'pending' | 'running' | 'completed' | 'failed'

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

/** An e-mail that tells a person of an event. */
export interface MailNoticeTable {
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

/** What a campaign was given from here to spend a day, from when; micros of the account's currency. */
export interface CampaignBudgetTable {
  connector_type: string
  account_id: string
  campaign_id: string
  set_at: string
  daily_micros: number
}
