import { Refusal, type SandboxReply } from '../protocol.ts'

const ERRORS = {
  bad_request: { status: 400, message: 'The request failed validation.' },
  unauthorized: { status: 401, message: 'The TTD-Auth token is missing, expired or revoked.' },
  forbidden: { status: 403, message: 'You do not have access to this entity, or it does not exist.' },
  not_found: { status: 404, message: 'The entity was not found.' },
  conflict: { status: 409, message: 'The entity is being modified by another request.' },
  gone: { status: 410, message: 'This endpoint has been retired.' },
  too_large: { status: 413, message: 'The request is too large.' },
  throttled: { status: 429, message: 'Too many requests.', retryAfterS: 60 },
  server_error: { status: 500, message: 'An unexpected error occurred.' },
  unavailable: { status: 503, message: 'The service is temporarily unavailable.', retryAfterS: 30 },
} as const satisfies Record<string, { status: number; message: string; retryAfterS?: number }>

export type TradeDeskErrorName = keyof typeof ERRORS

export const isTradeDeskErrorName = (name: string): name is TradeDeskErrorName => Object.hasOwn(ERRORS, name)

/** A property of the body and why it is refused. */
export type Complaint = readonly [property: string, reason: string]

export function tradeDeskError(
  name: TradeDeskErrorName,
  complaints: readonly Complaint[] = [],
): SandboxReply {
  const kind: { status: number; message: string; retryAfterS?: number } = ERRORS[name]
  const details = complaints.map(([Property, reason]) => ({ Property, Reasons: [reason] }))
  return {
    status: kind.status,
    headers: kind.retryAfterS === undefined ? {} : { 'retry-after': String(kind.retryAfterS) },
    body: { Message: kind.message, ...(details.length > 0 ? { ErrorDetails: details } : {}) },
  }
}

export function refuse(name: TradeDeskErrorName, complaints: readonly Complaint[] = []): never {
  throw new Refusal(tradeDeskError(name, complaints))
}
