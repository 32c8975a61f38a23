import { type JsonObject, Refusal, type SandboxReply } from '../protocol.ts'

interface ErrorKind {
  readonly http: number
  readonly body: JsonObject
}
const ERRORS = {
  INVALID_ARGUMENT: { http: 400, body: { code: '400', details: 'Invalid argument' } },
  UNAUTHORIZED: { http: 401, body: { code: '401', details: 'HTTP 401 Unauthorized' } },
  SCOPE_NOT_AUTHORIZED: { http: 401, body: { code: '401', details: 'Not authorized to access scope' } },
  FORBIDDEN: { http: 403, body: { message: 'Not authorized: Authorization header is not permitted' } },
  NOT_FOUND: { http: 404, body: { code: '404', details: 'Not found' } },
  TOO_EARLY: { http: 425, body: { code: '425', detail: 'Too early' } },
  /** Without `Retry-After`, as at Amazon. */
  TOO_MANY_REQUESTS: { http: 429, body: { message: 'Too Many Requests' } },
  INTERNAL: { http: 500, body: { code: '500', details: 'Internal error' } },
  /** A failure with the HTTP status of a success. */
  FAILURE_IN_SUCCESS: { http: 200, body: { code: '500', details: 'Internal error' } },
} as const satisfies Record<string, ErrorKind>
type ErrorName = keyof typeof ERRORS

export const isAmazonErrorName = (name: string): name is ErrorName => Object.hasOwn(ERRORS, name)

export const errorOf = (name: ErrorName): SandboxReply => ({
  status: ERRORS[name].http,
  body: ERRORS[name].body,
})
export function refuse(name: ErrorName, detail?: string): never {
  const reply = errorOf(name)
  throw new Refusal(detail === undefined ? reply : { ...reply, body: { ...ERRORS[name].body, detail } })
}
