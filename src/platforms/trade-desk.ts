import { type HttpResponse, retryAfterMs } from '../http.ts'
import { type Micros, minorDigits } from '../money.ts'
import { detailOf } from './detail.ts'
import { listAt, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'
import { longestWaitMs } from './wait.ts'

/** Limits are per minute. */
const USUAL_WAIT_MS = 60_000
/** 240 is their success without content, which is no HTTP standard. */
const WITHOUT_CONTENT = new Set([204, 240])

/** Facts of reading: lists by page, and reports as files that lie behind the API or, after a redirect, in a store. */
export const TRADE_DESK_READS = {
  /** Entities of a page. */
  pageSize: 100,
  /** Callers of one endpoint at once, as they advise. */
  concurrency: 4,
  /** Whose hosts may hand a finished report out. Only the first may see our token. */
  fileHosts: ['.thetradedesk.com', '.amazonaws.com'],
} as const

/** The Trade Desk's Platform API, and the endpoint that takes our bids. */
export const tradeDesk: Platform = {
  name: 'tradedesk',

  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, 'TTD-Auth': accessToken },
  }),

  read(response, nowMs) {
    if (WITHOUT_CONTENT.has(response.status)) return { is: 'ok', body: undefined }
    const answer = parsed(response)
    if (response.status >= 300) {
      return classed(response, answer.is === 'json' ? answer.body : undefined, nowMs)
    }
    // A 2xx that cannot be read says that something was done, not what.
    return answer.is === 'json'
      ? { is: 'ok', body: answer.body }
      : { is: 'transient', detail: 'a success without a readable body' }
  },

  // The Trade Desk publishes no numbers and sends no usage headers.
  usedShare: () => undefined,
}

function classed(response: HttpResponse, body: unknown, nowMs: number): Answer {
  const { status, headers } = response
  const detail = detailOf(`HTTP ${status}${explained(body)}`)
  const waitMs = longestWaitMs([retryAfterMs(headers, nowMs)])
  switch (status) {
    case 401:
      return { is: 'auth_expired', detail }
    // 403 is also the answer for what does not exist, so it says nothing against the token.
    case 403:
      return { is: 'refused', detail: `${detail} (no access, or it does not exist)` }
    // Another change of the entity was under way; this one was not made.
    case 409:
      return { is: 'not_applied', detail }
    case 410:
      return { is: 'refused', detail: `${detail} (this endpoint has been retired)` }
    case 429:
      return { is: 'throttled', detail, retryAfterMs: waitMs ?? USUAL_WAIT_MS }
    case 503:
      // With Retry-After it is their second way of saying 429; without, anyone's guess.
      return waitMs === undefined
        ? { is: 'transient', detail }
        : { is: 'throttled', detail, retryAfterMs: waitMs }
    default:
      return { is: status >= 500 ? 'transient' : 'refused', detail }
  }
}

/** Their error body is not documented; this shape has been seen. */
function explained(body: unknown): string {
  const reasons = listAt(body, 'ErrorDetails').map(
    (detail) => `${textAt(detail, 'Property') ?? '?'}: ${listAt(detail, 'Reasons').join(', ')}`,
  )
  const texts = [textAt(body, 'Message'), ...reasons].filter((text) => text !== undefined)
  return texts.length > 0 ? `: ${texts.join('; ')}` : ''
}

declare const unit: unique symbol

/** Money as their API writes it: a decimal number of whole units. */
export interface TradeDeskMoney {
  readonly Amount: number
  readonly CurrencyCode: string
}

/** Rounds down to the currency's minor unit. */
export function toTradeDeskMoney(amount: Micros, currency: string): TradeDeskMoney {
  const perUnit = 10 ** minorDigits(currency)
  return { Amount: Math.floor(amount / (1_000_000 / perUnit)) / perUnit, CurrencyCode: currency }
}

/** Price per thousand impressions in whole units, at most three decimals. */
export type Cpm = number & { readonly [unit]: 'cpm' }

/** From here on a double no longer tells thousandths apart. */
const EXACT_BELOW = 2 ** 42 * 1000

/**
 * The CPM at which one impression costs `amount`: a thousand times as much. Its decimal text is exact; above 4.3·10⁹
 * units, where a double has too few digits, it is rounded down to whole units.
 */
export const toCpm = (amount: Micros): Cpm =>
  ((amount < EXACT_BELOW ? amount : amount - (amount % 1000)) / 1000) as Cpm
