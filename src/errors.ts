/** The HTTP status of every code that the service refuses or fails with. */
export const statusOf = {
  invalid_request: 400,
  unauthorized: 401,
  key_expired: 401,
  forbidden: 403,
  approval_refused: 403,
  not_found: 404,
  method_not_allowed: 405,
  paused: 409,
  changed_meanwhile: 409,
  approval_ended: 409,
  idempotency_key_in_use: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  currency_mismatch: 422,
  no_ltv_history: 422,
  idempotency_key_reused: 422,
  budget_exceeded: 429,
  rate_limited: 429,
  too_many_approvals: 429,
  internal: 500,
  platform_refused: 502,
  budget_store_unavailable: 503,
  connector_store_unavailable: 503,
  credentials_unreadable: 503,
  not_configured: 503,
  platform_unavailable: 503,
  records_unavailable: 503,
  shutting_down: 503,
  outcome_unknown: 504,
} as const

export type ErrorCode = keyof typeof statusOf

/** Whether the same request can succeed later: never, at any time, or from a known moment on. */
export type Retry = 'never' | 'later' | { readonly afterMs: number }

/** What an error may add to its answer. Money in currency units, times in ISO 8601. */
export interface ErrorFacts {
  readonly field?: string
  readonly scope?: string
  /** What a budget was to pay, and what it has left. */
  readonly amount?: number
  readonly remaining?: number
  readonly wouldPassAt?: string
  readonly bidId?: string
}

/** A refusal or failure that is safe to show to the caller. Anything else thrown is answered as `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly retry: Retry
  readonly facts: ErrorFacts

  constructor(code: ErrorCode, detail: string, retry: Retry = 'never', facts: ErrorFacts = {}) {
    super(detail)
    this.code = code
    this.retry = retry
    this.facts = facts
  }
}

/** The refusal of a request because of one of its fields: 400 with the field's name before the problem. */
export const invalidField = (field: string, problem: string): AppError =>
  new AppError('invalid_request', `${field}: ${problem}`, 'never', { field })

/** The message of anything thrown, for logs. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/** Whether a thrown error has this `code`, as errors of Node have: `ENOENT` and others. */
export const hasErrorCode = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === code
