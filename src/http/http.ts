import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, errors, request } from 'undici'
import type { Clock } from '../time/clock.ts'
import { isPrivateHost, PrivateAddress, publicLookup } from './public-address.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface HttpResponse {
  readonly status: number
  /** Values by lower-case name; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The parsed body, where it has been parsed already. */
  readonly json?: { readonly is: 'json'; readonly body: unknown } | { readonly is: 'garbled' }
}

/** The outcome of one request. Only `not_sent` proves that the other side did nothing. */
export type HttpOutcome =
  | { readonly is: 'answered'; readonly response: HttpResponse; readonly latencyMs: number }
  | { readonly is: 'not_sent'; readonly detail: string; readonly latencyMs: number }
  | { readonly is: 'no_answer'; readonly detail: string; readonly latencyMs: number }

/** As {@link HttpOutcome}, with a body that is still being received. It must be read to its end or destroyed. */
export type OpenedResponse =
  | {
      readonly is: 'opened'
      readonly status: number
      readonly headers: HttpResponse['headers']
      readonly body: Readable
      readonly latencyMs: number
    }
  | Exclude<HttpOutcome, { is: 'answered' }>

export interface HttpClient {
  /** One attempt, never a retry. Resolves always; `timeoutMs` covers everything up to the last byte of the answer. `cancelled` breaks it off. */
  send(request: HttpRequest, timeoutMs: number, cancelled?: AbortSignal): Promise<HttpOutcome>
  close(): Promise<void>
}

export interface StreamingClient extends HttpClient {
  /** As `send`, for answers of any size; `timeoutMs` covers everything up to the headers of the answer, `cancelled` its body too. */
  open(request: HttpRequest, timeoutMs: number, cancelled?: AbortSignal): Promise<OpenedResponse>
  /** As `open`, for an address that comes from outside: addresses of this machine or its network are refused. */
  openPublic(
    request: HttpRequest,
    timeoutMs: number,
    cancelled?: AbortSignal,
  ): Promise<OpenedResponse | { readonly is: 'not_allowed'; readonly detail: string }>
  close(): Promise<void>
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024
/** Longest wait between two pieces of a streamed answer, in milliseconds. */
const STREAM_IDLE_MS = 60_000
const CONNECTIONS_PER_ORIGIN = 64

/** Characters that no header may contain (RFC 9110, section 5.5). */
const NO_HEADER_CHAR = /[^\t\x20-\x7e\x80-\xff]/

/**
 * Whether a request can be sent at all. undici refuses such a request too, but never uses its connection again: after as
 * many of them as there are connections, the origin cannot be reached any more.
 */
const canBeSent = ({ headers }: HttpRequest): boolean =>
  Object.values(headers).every((value) => !NO_HEADER_CHAR.test(value))
const CANNOT_BE_SENT = { is: 'not_sent', detail: 'a header has characters that none can have' } as const

/** Outgoing HTTP over keep-alive connections, with one pool per origin. */
export function createHttpClient(clock: Clock, maxAnswerBytes = MAX_ANSWER_BYTES): StreamingClient {
  const common = { connections: CONNECTIONS_PER_ORIGIN, pipelining: 1 }
  const agent = new Agent({ ...common, maxResponseSize: maxAnswerBytes })
  const streams = new Agent({ ...common, bodyTimeout: STREAM_IDLE_MS })
  // A pool of its own, so that no connection is used whose address was not checked.
  const publicStreams = new Agent({
    ...common,
    bodyTimeout: STREAM_IDLE_MS,
    connect: { lookup: publicLookup() },
  })
  return {
    send: (request, timeoutMs, cancelled) =>
      attempt({ clock, dispatcher: agent, request, timeoutMs, cancelled }, async (answer, latencyMs) => {
        const body = await answer.body.text()
        const response = { status: answer.statusCode, headers: flat(answer.headers), body }
        return { is: 'answered', response, latencyMs: latencyMs() }
      }),
    open: (request, timeoutMs, cancelled) =>
      attempt({ clock, dispatcher: streams, request, timeoutMs, cancelled }, opened),
    async openPublic(request, timeoutMs, cancelled) {
      const { hostname } = new URL(request.url)
      try {
        if (isPrivateHost(hostname)) throw new PrivateAddress(hostname)
        return await attempt({ clock, dispatcher: publicStreams, request, timeoutMs, cancelled }, opened)
      } catch (error) {
        if (error instanceof PrivateAddress) return { is: 'not_allowed', detail: error.message }
        throw error
      }
    },
    async close() {
      await Promise.all([agent, streams, publicStreams].map((each) => each.destroy()))
    },
  }
}

type ResponseHead = Dispatcher.ResponseData

const opened = async (
  { statusCode: status, headers, body }: ResponseHead,
  latencyMs: () => number,
): Promise<OpenedResponse> => ({ is: 'opened', status, headers: flat(headers), body, latencyMs: latencyMs() })

interface Attempt {
  readonly clock: Clock
  readonly dispatcher: Agent
  readonly request: HttpRequest
  readonly timeoutMs: number
  readonly cancelled: AbortSignal | undefined
}

/**
 * One attempt; `timeoutMs` also covers what `take` waits for.
 *
 * @throws PrivateAddress where the dispatcher refuses the address of the host
 */
async function attempt<T>(
  { clock, dispatcher, request: wanted, timeoutMs, cancelled }: Attempt,
  take: (answer: ResponseHead, latencyMs: () => number) => Promise<T>,
): Promise<T | Exclude<HttpOutcome, { is: 'answered' }>> {
  if (!canBeSent(wanted)) return { ...CANNOT_BE_SENT, latencyMs: 0 }
  const { method, url, headers, body } = wanted
  const startedMs = clock.elapsedMs()
  const latencyMs = () => clock.elapsedMs() - startedMs
  const deadline = new AbortController()
  const cancel = clock.after(timeoutMs, () => deadline.abort())
  const signal = cancelled ? AbortSignal.any([deadline.signal, cancelled]) : deadline.signal
  try {
    const answer = await request(url, { method, headers, body: body ?? null, dispatcher, signal })
    return await take(answer, latencyMs)
  } catch (error) {
    if (error instanceof PrivateAddress) throw error
    const detail = deadline.signal.aborted ? 'no answer in time' : reasonOf(error)
    return { is: neverSent(error) ? 'not_sent' : 'no_answer', detail, latencyMs: latencyMs() }
  } finally {
    cancel()
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

/** The error's text without the address, which may contain a token. */
function reasonOf(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'failed')
}

/** The wait of a Retry-After header (seconds or an HTTP date) in milliseconds; undefined where there is none. */
export function retryAfterMs(headers: HttpResponse['headers'], nowMs: number): number | undefined {
  const value = headers['retry-after']
  if (value === undefined) return undefined
  const seconds = Number(value)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const dateMs = Date.parse(value)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
