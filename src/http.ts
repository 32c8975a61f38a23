import type { Readable } from 'node:stream'
import { Agent, errors, request } from 'undici'
import type { Clock } from './clock.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpResponse {
  readonly status: number
  /** Names in lower case; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the body is as JSON, where that was found out already. */
  readonly json?: { readonly is: 'json'; readonly body: unknown } | { readonly is: 'garbled' }
}

/** What became of one request. Only `not_sent` proves that the other side did nothing. */
export type Exchange =
  | { readonly is: 'answered'; readonly response: HttpResponse; readonly latencyMs: number }
  | { readonly is: 'not_sent'; readonly detail: string; readonly latencyMs: number }
  | { readonly is: 'no_answer'; readonly detail: string; readonly latencyMs: number }

/** As {@link Exchange}, the body still coming. It must be read to its end or destroyed. */
export type Opening =
  | {
      readonly is: 'opened'
      readonly status: number
      readonly headers: HttpResponse['headers']
      readonly body: Readable
      readonly latencyMs: number
    }
  | Exclude<Exchange, { is: 'answered' }>

export interface HttpClient {
  /** One attempt, never a retry. Resolves always; `timeoutMs` covers everything up to the last byte of the answer. `cancelled` breaks it off. */
  send(request: HttpRequest, timeoutMs: number, cancelled?: AbortSignal): Promise<Exchange>
  close(): Promise<void>
}

export interface StreamingClient extends HttpClient {
  /** As `send`, for answers of any size; `timeoutMs` covers everything up to the headers of the answer, `cancelled` its body too. */
  open(request: HttpRequest, timeoutMs: number, cancelled?: AbortSignal): Promise<Opening>
  close(): Promise<void>
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
/** Between two pieces of a streamed answer. */
const STREAM_IDLE_MS = 60_000
const CONNECTIONS_PER_ORIGIN = 64

/** Outgoing HTTP over keep-alive connections, a pool of its own per origin. */
export function createHttpClient(clock: Clock, maxAnswerBytes = MAX_ANSWER_BYTES): StreamingClient {
  const common = { connections: CONNECTIONS_PER_ORIGIN, pipelining: 1 }
  const agent = new Agent({ ...common, maxResponseSize: maxAnswerBytes })
  const streams = new Agent({ ...common, bodyTimeout: STREAM_IDLE_MS })
  return {
    async send({ method, url, headers, body }, timeoutMs, cancelled) {
      const startedMs = clock.elapsedMs()
      const latencyMs = () => clock.elapsedMs() - startedMs
      const deadline = new AbortController()
      const cancel = clock.after(timeoutMs, () => deadline.abort())
      try {
        const answer = await request(url, {
          method,
          headers,
          body: body ?? null,
          dispatcher: agent,
          signal: cancelled ? AbortSignal.any([deadline.signal, cancelled]) : deadline.signal,
        })
        const text = await answer.body.text()
        const response = { status: answer.statusCode, headers: flat(answer.headers), body: text }
        return { is: 'answered', response, latencyMs: latencyMs() }
      } catch (error) {
        const detail = deadline.signal.aborted ? 'no answer in time' : reasonOf(error)
        return { is: neverSent(error) ? 'not_sent' : 'no_answer', detail, latencyMs: latencyMs() }
      } finally {
        cancel()
      }
    },
    async open({ method, url, headers, body }, timeoutMs, cancelled) {
      const startedMs = clock.elapsedMs()
      const latencyMs = () => clock.elapsedMs() - startedMs
      const deadline = new AbortController()
      const cancel = clock.after(timeoutMs, () => deadline.abort())
      try {
        const answer = await request(url, {
          method,
          headers,
          body: body ?? null,
          dispatcher: streams,
          signal: cancelled ? AbortSignal.any([deadline.signal, cancelled]) : deadline.signal,
        })
        const { statusCode: status, body: stream } = answer
        return { is: 'opened', status, headers: flat(answer.headers), body: stream, latencyMs: latencyMs() }
      } catch (error) {
        const detail = deadline.signal.aborted ? 'no answer in time' : reasonOf(error)
        return { is: neverSent(error) ? 'not_sent' : 'no_answer', detail, latencyMs: latencyMs() }
      } finally {
        cancel()
      }
    },
    async close() {
      await Promise.all([agent.destroy(), streams.destroy()])
    },
  }
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const first = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value[0] : value,
  ])
  return Object.fromEntries(first.filter(([, value]) => value !== undefined))
}

/** Errors that can only happen before the first byte of the request has left. */
const BEFORE_SENDING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

function neverSent(error: unknown): boolean {
  return error instanceof errors.ConnectTimeoutError || BEFORE_SENDING.has(codeOf(error))
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if ('code' in error && typeof error.code === 'string') return error.code
  return codeOf(error.cause)
}

/** Words without the address, which may carry a token. */
function reasonOf(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'failed')
}

/** The header's wait in milliseconds (seconds or an HTTP date), or undefined. */
export function retryAfterMs(headers: HttpResponse['headers'], nowMs: number): number | undefined {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const dateMs = Date.parse(value)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
