import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { AppError, type ErrorCode, type ErrorFacts, statusOf } from '../errors.ts'

/** The body of every refusal and failure: RFC 9457, with our `code` as what programs look at. */
export interface Problem extends ErrorFacts {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  /** Until the same request can pass; missing when it never will or nobody knows. */
  readonly retryAfterMs?: number
}

/** What is sent for a request, whatever came of it. */
export interface Answer {
  readonly status: ContentfulStatusCode
  readonly body: object
  readonly headers: Record<string, string>
}

const JSON_HEADERS = { 'content-type': 'application/json' }

export const ok = (body: object, status: 200 | 202 = 200): Answer => ({ status, body, headers: JSON_HEADERS })

function problemOf(error: AppError): Problem {
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
  return typeof retry === 'object' ? { ...problem, retryAfterMs: Math.ceil(retry.afterMs) } : problem
}

export function problemAnswer(error: AppError): Answer {
  const body = problemOf(error)
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (body.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(body.retryAfterMs / 1000))
  if (error.code === 'unauthorized') headers['www-authenticate'] = 'Bearer'
  return { status: statusOf[error.code], body, headers }
}

/** What was thrown, as an error that may be shown. */
export function shown(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('internal', 'Unexpected error')
}
