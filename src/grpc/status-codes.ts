import { status } from '@grpc/grpc-js'
import type { ErrorCode } from '../errors.ts'

/** The gRPC status of every code that the service refuses or fails with, by the meanings that gRPC gives them. */
export const grpcStatusOf = {
  invalid_request: status.INVALID_ARGUMENT,
  unauthorized: status.UNAUTHENTICATED,
  key_expired: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
  not_found: status.NOT_FOUND,
  method_not_allowed: status.UNIMPLEMENTED,
  paused: status.FAILED_PRECONDITION,
  changed_meanwhile: status.ABORTED,
  idempotency_key_in_use: status.ABORTED,
  payload_too_large: status.INVALID_ARGUMENT,
  unsupported_media_type: status.INVALID_ARGUMENT,
  currency_mismatch: status.FAILED_PRECONDITION,
  no_ltv_history: status.FAILED_PRECONDITION,
  idempotency_key_reused: status.INVALID_ARGUMENT,
  budget_exceeded: status.RESOURCE_EXHAUSTED,
  rate_limited: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
  // Client libraries repeat UNAVAILABLE by themselves, so a refusal has that status only if certainly nothing was done.
  platform_refused: status.FAILED_PRECONDITION,
  budget_store_unavailable: status.UNAVAILABLE,
  connector_store_unavailable: status.UNAVAILABLE,
  credentials_unreadable: status.FAILED_PRECONDITION,
  not_configured: status.FAILED_PRECONDITION,
  platform_unavailable: status.UNAVAILABLE,
  records_unavailable: status.UNAVAILABLE,
  shutting_down: status.UNAVAILABLE,
  approval_refused: status.PERMISSION_DENIED,
  approval_ended: status.FAILED_PRECONDITION,
  too_many_approvals: status.RESOURCE_EXHAUSTED,
  // The bid may have been placed: nobody may repeat it without its idempotency key.
  outcome_unknown: status.UNKNOWN,
} as const satisfies Record<ErrorCode, status>
