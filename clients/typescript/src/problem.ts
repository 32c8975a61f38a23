import type { components } from './openapi.ts'

/** What the service says of a request that it refused or that failed. */
export type Problem = components['schemas']['Problem']

/** A refusal or failure by the service, as {@link dataOf} throws it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  /** HTTP status. */
  readonly status: number
  /** For programs: `budget_exceeded`, `unauthorized` and others. */
  readonly code: Problem['code']
  /** For people: what happened, in a sentence. */
  readonly detail: string
  /** The member of the request that is wrong; undefined where no single one is. */
  readonly field: string | undefined
  /** Milliseconds until the same request may succeed; undefined where that is never or unknown. */
  readonly retryAfterMs: number | undefined
  /** The problem with all its members. */
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.detail = problem.detail
    this.field = problem.field
    this.retryAfterMs = problem.retryAfterMs
    this.problem = problem
  }
}

/** An answer that is none of the service's: of a proxy, or of something else that listens there. */
export class ForeignAnswerError extends Error {
  override readonly name = 'ForeignAnswerError'
  /** HTTP status. */
  readonly status: number

  constructor(url: string, status: number) {
    super(`${url} was answered ${status}, and not by Bidwarden`)
    this.status = status
  }
}

/** An answer of a call of the client. */
export interface Answer<Data> {
  readonly data?: Data
  readonly error?: unknown
  readonly response: Response
}

/**
 * The data of a successful answer. Throws {@link ProblemError} for a refusal, {@link ForeignAnswerError} where another
 * than the service has refused, and what `fetch` throws where there is no answer.
 */
export async function dataOf<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call
  if (!response.ok) throw errorOf(error, response)
  if (data === undefined) throw new ForeignAnswerError(response.url, response.status)
  return data
}

/** The error to throw for an answer that is not a success. */
export const errorOf = (body: unknown, response: Response): Error =>
  isProblem(body) ? new ProblemError(body) : new ForeignAnswerError(response.url, response.status)

const isProblem = (body: unknown): body is Problem =>
  typeof body === 'object' &&
  body !== null &&
  'code' in body &&
  'detail' in body &&
  typeof body.code === 'string' &&
  typeof body.detail === 'string'
