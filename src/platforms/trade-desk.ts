import { type HttpResponse, retryAfterMs } from '../http.ts'
import { type Micros, toUnits } from '../money.ts'
import { clipped, listAt, parsed, textAt } from './json.ts'
import type { Answer, Platform } from './platform.ts'

/** Limits are per minute. */
const USUAL_WAIT_MS = 60_000
/** Their success without content, which is no HTTP standard. */
const SUCCESS_WITHOUT_CONTENT = 240

/** The Trade Desk's Platform API, and the endpoint that takes our bids. */
export const tradeDesk: Platform = {
  name: 'tradedesk',

  authorize: (request, accessToken) => ({
    ...request,
    headers: { ...request.headers, 'TTD-Auth': accessToken },
  }),

  read(response, nowMs) {
    if (response.status === SUCCESS_WITHOUT_CONTENT || response.status === 204)
      return { is: 'ok', body: undefined }
    const answer = parsed(response)
    if (response.status < 300) {
      return answer.is === 'json'
        ? { is: 'ok', body: answer.body }
        : { is: 'transient', detail: 'a success without a readable body' }
    }
    return classed(response, answer.is === 'json' ? answer.body : undefined, nowMs)
  },

  // The Trade Desk publishes no numbers and sends no usage headers.
  usedShare: () => undefined,
}

function classed(response: HttpResponse, body: unknown, nowMs: number): Answer {
  const { status, headers } = response
  const detail = clipped(`HTTP ${status}${explained(body)}`)
  const waitMs = retryAfterMs(headers, nowMs)
  switch (status) {
    case 401:
      return { is: 'auth_lost', detail }
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

function explained(body: unknown): string {
  const reasons = listAt(body, 'ErrorDetails').map(
    (detail) => `${textAt(detail, 'Property') ?? '?'}: ${listAt(detail, 'Reasons').join(', ')}`,
  )
  const texts = [textAt(body, 'Message'), ...reasons].filter((text) => text !== undefined)
  return texts.length > 0 ? `: ${texts.join('; ')}` : ''
}

/** Money as their API writes it: a decimal number of whole units. */
export interface TradeDeskMoney {
  readonly Amount: number
  readonly CurrencyCode: string
}

export const toTradeDeskMoney = (amount: Micros, currency: string): TradeDeskMoney => ({
  Amount: toUnits(amount),
  CurrencyCode: currency,
})

/** Price per thousand impressions, in currency units, at which one impression costs `amount`. */
export const toCpm = (amount: Micros): number => amount / 1000
