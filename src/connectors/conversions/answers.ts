import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import type { BatchAnswer, Conversion, EventVerdict } from './conversion-connector.ts'

/** HTTP 413: the platform did not read the body, and may accept half of it. */
const TOO_LARGE = 413

/**
 * The result of an answer that is not the platform's own JSON: a proxy's page, an empty body, or an undocumented shape.
 */
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

/** HTTP statuses with which platforms refuse a call because of its content. */
export const REFUSED_FOR_CONTENT: ReadonlySet<number> = new Set([400, 413, 422])

export interface BatchRefusal {
  readonly code: string
  readonly detail: string
  readonly requestId: string | undefined
  /** Indexes of the events that the platform named, or that a check of ours found; empty if it could be any. */
  readonly indexes: Iterable<number>
  readonly verdict: EventVerdict
  readonly processedNothing: boolean
}

/** The result of a call that was refused because of its events. In a batch of one, that one is to blame. */
export function refusedBatch(batch: readonly Conversion[], refusal: BatchRefusal): BatchAnswer {
  const { code, detail, requestId, verdict, processedNothing } = refusal
  const indexes = batch.length === 1 ? [0] : [...refusal.indexes].filter((index) => index < batch.length)
  const verdicts = new Map(indexes.map((index) => [index, verdict]))
  return { is: 'batch_refused', verdicts, processedNothing, code, detail, requestId }
}

/** Indexes of the events for which `isFaulty` is true. */
export const indexesOf = (batch: readonly Conversion[], isFaulty: (conversion: Conversion) => boolean) =>
  batch.flatMap((conversion, index) => (isFaulty(conversion) ? [index] : []))

/** The most characters of a platform's message that are searched. */
const MAX_WORDS = 2_000
/** Parts of a message that may repeat content of an event: links and quoted text. */
const REPEATED = /https?:\/\/\S+|"[^"]*"|'[^']*'/g
const TOKEN = /\b(access[-_ ]?token|invalid_token|oauth token)\b/i
const BAD =
  /\b(invalid|incorrect|expired|revoked|empty|missing|malformed|required|unauthori[sz]ed|not (valid|authori[sz]ed))\b|invalid_token/i
const CALLS = /\b(rate[- ]?limit|too many (requests|calls)|too frequent|QP[SMD] limit)/i
const CALLS_OF_A_DAY = /\b(QPD|daily|per day)\b/i

/**
 * What a refusal that names no event is about. Only the wording tells, since platforms use the same codes for different
 * things.
 */
export function subjectOf(words: string): 'token' | 'calls' | 'calls_of_a_day' | 'events' {
  const own = words.slice(0, MAX_WORDS).replaceAll(REPEATED, '')
  if (TOKEN.test(own) && BAD.test(own)) return 'token'
  if (!CALLS.test(own)) return 'events'
  return CALLS_OF_A_DAY.test(own) ? 'calls_of_a_day' : 'calls'
}
