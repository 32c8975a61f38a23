import { bearerToken, type Call, type Played, Refusal, type SandboxReply } from '../protocol.ts'
import type { GoogleOauth } from './oauth.ts'

interface ErrorKind {
  readonly http: number
  readonly status: string
  readonly message: string
  readonly details?: readonly unknown[]
}

const info = (reason: string, metadata: Record<string, string> = {}) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata,
})
const exhausted = (message: string, ...details: unknown[]): ErrorKind => ({
  http: 429,
  status: 'RESOURCE_EXHAUSTED',
  message,
  details,
})

const ERRORS = {
  INVALID_ARGUMENT: {
    http: 400,
    status: 'INVALID_ARGUMENT',
    message: 'Request contains an invalid argument.',
  },
  FAILED_PRECONDITION: { http: 400, status: 'FAILED_PRECONDITION', message: 'Precondition check failed.' },
  UNAUTHENTICATED: {
    http: 401,
    status: 'UNAUTHENTICATED',
    message: 'Request had invalid authentication credentials.',
    details: [info('ACCESS_TOKEN_EXPIRED')],
  },
  PERMISSION_DENIED: {
    http: 403,
    status: 'PERMISSION_DENIED',
    message: 'The caller does not have permission',
  },
  SCOPE_INSUFFICIENT: {
    http: 403,
    status: 'PERMISSION_DENIED',
    message: 'Request had insufficient authentication scopes.',
    details: [info('ACCESS_TOKEN_SCOPE_INSUFFICIENT')],
  },
  SERVICE_DISABLED: {
    http: 403,
    status: 'PERMISSION_DENIED',
    message: 'The API has not been used in project 1 before or it is disabled.',
    details: [info('SERVICE_DISABLED')],
  },
  NOT_FOUND: { http: 404, status: 'NOT_FOUND', message: 'Requested entity was not found.' },
  ABORTED: { http: 409, status: 'ABORTED', message: 'The operation was aborted.' },
  RATE_LIMIT_EXCEEDED: exhausted(
    "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service.",
    info('RATE_LIMIT_EXCEEDED', { quota_limit: 'RequestsPerMinutePerProject' }),
  ),
  RETRY_INFO: exhausted('Quota exceeded.', {
    '@type': 'type.googleapis.com/google.rpc.RetryInfo',
    retryDelay: '7.5s',
  }),
  TOKENS_PER_DAY: exhausted('Exhausted property tokens per day. These tokens return in under 24 hours.'),
  TOKENS_PER_PROJECT_PER_HOUR: exhausted('Exhausted property tokens for a project per hour.'),
  CONCURRENT_REQUESTS: exhausted('Exhausted concurrent requests quota.'),
  INTERNAL: { http: 500, status: 'INTERNAL', message: 'Internal error encountered.' },
  UNAVAILABLE: { http: 503, status: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  DEADLINE_EXCEEDED: {
    http: 504,
    status: 'DEADLINE_EXCEEDED',
    message: 'Deadline expired before operation could complete.',
  },
} as const satisfies Record<string, ErrorKind>

type RpcErrorName = keyof typeof ERRORS

export const isRpcErrorName = (name: string): name is RpcErrorName => Object.hasOwn(ERRORS, name)

/** A google.rpc.Status as the APIs over REST answer it. */
function rpcError(name: RpcErrorName, message: string = ERRORS[name].message): SandboxReply {
  const { http, status, details }: ErrorKind = ERRORS[name]
  return { status: http, body: { error: { code: http, message, status, ...(details && { details }) } } }
}

export function refuseRpc(name: RpcErrorName, message?: string): never {
  throw new Refusal(rpcError(name, message))
}

/**
 * An API of Google's behind its front end, which checks the access token before the API sees the request.
 * @param scopeOf the scope that a call needs; undefined if it needs no token
 */
export function googleApi(
  oauth: GoogleOauth,
  scopeOf: (call: Call) => string | undefined,
  route: (call: Call) => SandboxReply,
): Played {
  return {
    handle(call) {
      const scope = scopeOf(call)
      if (scope !== undefined) {
        const token = bearerToken(call.headers) ?? ''
        if (oauth.problemOf(token) !== undefined) refuseRpc('UNAUTHENTICATED')
        if (!oauth.scopesOf(token).includes(scope)) refuseRpc('SCOPE_INSUFFICIENT')
      }
      return route(call)
    },
    errorNamed: (name) => rpcError(isRpcErrorName(name) ? name : 'INTERNAL'),
  }
}

/** A page of a list, and the token of the next page, if there is one. Refuses a token that is not of this list. */
export function paged<T>(
  all: readonly T[],
  query: URLSearchParams,
  usualSize: number,
  largestSize: number,
): { readonly page: readonly T[]; readonly next: { readonly nextPageToken?: string } } {
  const size = Number(query.get('pageSize') ?? usualSize)
  if (!Number.isInteger(size) || size < 1 || size > largestSize)
    refuseRpc('INVALID_ARGUMENT', `page_size must be between 1 and ${largestSize}.`)
  const token = query.get('pageToken') ?? ''
  const from = token === '' ? 0 : Number(/^page-(\d+)$/.exec(token)?.[1])
  if (!(from <= all.length)) refuseRpc('INVALID_ARGUMENT', 'The page token is invalid.')
  const to = from + size
  return { page: all.slice(from, to), next: to < all.length ? { nextPageToken: `page-${to}` } : {} }
}
