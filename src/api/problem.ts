import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, type ErrorFacts, statusOf } from '../errors.ts'
import { Slices } from '../time/slices.ts'

/** Body of every refusal and failure: RFC 9457, with our `code` for programs. */
export interface ApiProblem extends ErrorFacts {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  /** Whether the same request can succeed: never, some time later, or after `retryAfterMs`. */
  readonly retry: 'never' | 'later' | 'after'
  /** Milliseconds until the same request may succeed; absent where that is never or unknown. */
  readonly retryAfterMs?: number
}

/** Answer to a request: status, headers and body. */
export interface ApiAnswer {
  readonly status: ContentfulStatusCode
  readonly body: object
  /** Sent instead of the body when it was written in slices: UTF-8 text. */
  readonly pieces?: readonly Buffer[]
  readonly headers: Record<string, string>
}

/** Tells browsers not to interpret an answer as anything but data. */
const NO_SNIFFING = { 'x-content-type-options': 'nosniff' }
const JSON_HEADERS = { 'content-type': 'application/json', ...NO_SNIFFING }

export const ok = (body: object, status: 200 | 202 = 200): ApiAnswer => ({
  status,
  body,
  headers: JSON_HEADERS,
})

/** An answer that no cache may keep. */
export function okUnkept(body: object, setCookie?: string): ApiAnswer {
  const cookie = setCookie === undefined ? {} : { 'set-cookie': setCookie }
  return { ...ok(body), headers: { ...JSON_HEADERS, 'cache-control': 'no-store', ...cookie } }
}

/** Entries of a list that count as one more call, since they take as long. */
export const LISTED_PER_CALL = 50
/** Longest page, in characters, not counting its last entry. */
const MAX_PAGE_CHARS = 8 * 1024 * 1024
/** Characters encoded at a time. */
const PIECE_CHARS = 64 * 1024

/**
 * Writes a list in slices, with the members of `more`. Ends early where it would be longer than {@link MAX_PAGE_CHARS};
 * `more` gets the number of entries written.
 */
export async function okList<T>(
  name: string,
  all: readonly T[],
  show: (one: T) => object,
  more: (listed: number) => object = () => ({}),
): Promise<ApiAnswer> {
  const slices = new Slices()
  const pieces: Buffer[] = []
  let listed = 0
  let chars = 0
  let text = `{${JSON.stringify(name)}:[`
  for (const one of all) {
    if (chars > MAX_PAGE_CHARS) break
    if (slices.isOver) await slices.next()
    const entry = JSON.stringify(show(one))
    chars += entry.length
    text += (listed === 0 ? '' : ',') + entry
    listed += 1
    if (text.length < PIECE_CHARS) continue
    pieces.push(Buffer.from(text))
    text = ''
  }
  const rest = JSON.stringify(more(listed)).slice(1, -1)
  return { ...ok({}), pieces: [...pieces, Buffer.from(`${text}]${rest && `,${rest}`}}`)] }
}

/** The body that tells of an error. */
export function problemOf(error: AppError): ApiProblem {
  const { code, message, retry, facts } = error
  const title = code.replaceAll('_', ' ')
  const problem = {
    type: 'about:blank',
    title,
    status: statusOf[code],
    code,
    detail: message,
    ...facts,
  } as const
  if (typeof retry !== 'object') return { ...problem, retry }
  return { ...problem, retry: 'after', retryAfterMs: Math.ceil(retry.afterMs) }
}

export function problemAnswer(error: AppError): ApiAnswer {
  const body = problemOf(error)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', ...NO_SNIFFING }
  if (body.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(body.retryAfterMs / 1000))
  if (statusOf[error.code] === 401) headers['www-authenticate'] = 'Bearer'
  // Tells it from a refused content type, and says what is read instead (RFC 9110, 12.5.3).
  if (body.field === 'content-encoding') headers['accept-encoding'] = 'identity'
  return { status: statusOf[error.code], body, headers }
}

/** Turns anything thrown into an error that may be shown. */
export function shown(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', 'Unexpected error')
}
