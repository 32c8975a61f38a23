import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import { type Micros, minorDigits } from '../../money.ts'
import type { Answer, Protocol } from '../platform/answer.ts'
import type { ApiFacts } from '../platform/api-facts.ts'
import { detailOf } from '../platform/detail.ts'
import { jsonBody, listAt, parsed, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

/** The version has no dates; one that ended would answer HTTP 410. */
export const TRADE_DESK_API = {
  url: 'https://api.thetradedesk.com',
  version: 'v3',
  versions: [{ version: 'v3', endsOn: undefined }],
  rateLimit: { calls: 300, windowMs: 60_000 },
} as const satisfies ApiFacts

/** Assumed wait after a refusal, in milliseconds: limits are per minute. */
const USUAL_WAIT_MS = 60_000
/** Statuses of a success without content; 240 is The Trade Desk's own. */
const WITHOUT_CONTENT = new Set([204, 240])

/** Facts about reading: lists have pages; reports are files behind the API or, after a redirect, in a store. */
export const TRADE_DESK_READS = {
  /** Entities per page. */
  pageSize: 100,
  /** Most callers of one endpoint at once, as the platform advises. */
  concurrency: 4,
  /** Hosts of finished reports. Only the first may get our token. */
  fileHosts: ['.thetradedesk.com', '.amazonaws.com'],
} as const

/** The Trade Desk's Platform API, and the endpoint that takes our bids. */
export const tradeDesk: Protocol = {
  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, 'TTD-Auth': accessToken },
  }),

  read(response, nowMs) {
    if (WITHOUT_CONTENT.has(response.status)) return { is: 'ok', body: undefined }
    // Finished reports are in S3, whose errors are XML: the signed address has expired. Our token is not involved.
    if (response.status >= 300 && response.body.startsWith('<?xml'))
      return { is: response.status >= 500 ? 'transient' : 'failed', detail: `S3 answered ${response.status}` }
    const answer = parsed(response)
    if (response.status >= 300) {
      return classed(response, jsonBody(response), nowMs)
    }
    // A 2xx that cannot be read says that something was done, but not what.
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
    // Also the answer for objects that do not exist.
    case 403:
      return { is: 'forbidden', detail: `${detail} (no access, or it does not exist)` }
    // Another change of the entity was running; this one was not made.
    case 409:
      return { is: 'not_applied', detail }
    case 410:
      return { is: 'refused', detail: `${detail} (this endpoint has been retired)` }
    case 429:
      return { is: 'throttled', detail, retryAfterMs: waitMs ?? USUAL_WAIT_MS }
    case 503:
      // With Retry-After it means the same as 429; without, nobody knows.
      return waitMs === undefined
        ? { is: 'transient', detail }
        : { is: 'throttled', detail, retryAfterMs: waitMs }
    default:
      return { is: status >= 500 ? 'transient' : 'refused', detail }
  }
}

/** Message of an error. Its body is not documented; this shape has been seen. */
function explained(body: unknown): string {
  const reasons = listAt(body, 'ErrorDetails').map(
    (detail) => `${textAt(detail, 'Property') ?? '?'}: ${listAt(detail, 'Reasons').join(', ')}`,
  )
  const texts = [textAt(body, 'Message'), ...reasons].filter((text) => text !== undefined)
  return texts.length > 0 ? `: ${texts.join('; ')}` : ''
}

declare const unit: unique symbol

/** Money in this API: a decimal number of units. */
export interface TradeDeskMoney {
  readonly Amount: number
  readonly CurrencyCode: string
}

/** Converts an amount, rounded down to the currency's minor unit. */
export function toTradeDeskMoney(amount: Micros, currency: string): TradeDeskMoney {
  const perUnit = 10 ** minorDigits(currency)
  return { Amount: Math.floor(amount / (1_000_000 / perUnit)) / perUnit, CurrencyCode: currency }
}

/** Price per thousand impressions in units of the currency, at most three decimals. */
export type Cpm = number & { readonly [unit]: 'cpm' }

/** Amount of a bid, in micros, from which on a double cannot hold the thousandths of its CPM exactly. */
const EXACT_BELOW = 2 ** 42 * 1000

/**
 * The CPM at which one impression costs `amount`: a thousand times as much. Its decimal text is exact below 4.3·10⁹
 * units; above, where a double has too few digits, it is rounded down to whole units.
 */
export const toCpm = (amount: Micros): Cpm =>
  ((amount < EXACT_BELOW ? amount : amount - (amount % 1000)) / 1000) as Cpm
