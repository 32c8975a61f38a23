import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import type { BatchAnswer, Conversion, EventVerdict } from './conversion-connector.ts'

/** The body was not even read; half of it may be. */
const TOO_LARGE = 413

/** Something other than the platform's own JSON: a page of a proxy, an empty body, a shape that nobody has described. */
export function unreadable(response: HttpResponse, batch: readonly Conversion[], nowMs: number): BatchAnswer {
  const { status, headers } = response
  const detail = `HTTP ${status} without an answer of the platform's`
  if (status === TOO_LARGE) {
    const verdict = { is: 'rejected', code: 'too_large', detail } as const
    const about = { code: 'too_large', detail, requestId: undefined }
    return refusedBatch(batch, { ...about, indexes: [], verdict, processedNothing: true })
  }
  if (status === 429) return { is: 'throttled', detail, retryAfterMs: retryAfterMs(headers, nowMs) }
  return { is: 'transient', detail }
}

/** Statuses of calls that platforms with statuses of HTTP refuse because of what is in them. */
export const REFUSED_FOR_CONTENT: ReadonlySet<number> = new Set([400, 413, 422])

export interface BatchRefusal {
  readonly code: string
  readonly detail: string
  readonly requestId: string | undefined
  /** Which events the platform, or our own look at them, found to be the reason; empty where it could be any. */
  readonly indexes: Iterable<number>
  readonly verdict: EventVerdict
  readonly processedNothing: boolean
}

/** A call that was refused because of its events. Of a batch of one it is known which. */
export function refusedBatch(batch: readonly Conversion[], refusal: BatchRefusal): BatchAnswer {
  const { code, detail, requestId, verdict, processedNothing } = refusal
  const indexes = batch.length === 1 ? [0] : [...refusal.indexes].filter((index) => index < batch.length)
  const verdicts = new Map(indexes.map((index) => [index, verdict]))
  return { is: 'batch_refused', verdicts, processedNothing, code, detail, requestId }
}

/** Indexes of the events that a rule of ours finds fault with. */
export const indexesOf = (batch: readonly Conversion[], isFaulty: (conversion: Conversion) => boolean) =>
  batch.flatMap((conversion, index) => (isFaulty(conversion) ? [index] : []))

/** Most characters of a platform's words that are looked at. */
const MAX_WORDS = 2_000
/** What an answer may repeat of an event. */
const REPEATED = /https?:\/\/\S+|"[^"]*"|'[^']*'/g
const TOKEN = /\b(access[-_ ]?token|invalid_token|oauth token)\b/i
const BAD =
  /\b(invalid|incorrect|expired|revoked|empty|missing|malformed|required|unauthori[sz]ed|not (valid|authori[sz]ed))\b|invalid_token/i
const CALLS = /\b(rate[- ]?limit|too many (requests|calls)|too frequent|QP[SMD] limit)/i
const CALLS_OF_A_DAY = /\b(QPD|daily|per day)\b/i

/** What a refusal is about that names no event: platforms say so under codes that mean other things as well. */
export function subjectOf(words: string): 'token' | 'calls' | 'calls_of_a_day' | 'events' {
  const own = words.slice(0, MAX_WORDS).replaceAll(REPEATED, '')
  if (TOKEN.test(own) && BAD.test(own)) return 'token'
  if (!CALLS.test(own)) return 'events'
  return CALLS_OF_A_DAY.test(own) ? 'calls_of_a_day' : 'calls'
}
