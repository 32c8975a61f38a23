import { type HttpResponse, retryAfterMs } from '../../http/http.ts'
import { jsonBody, listAt, numberAt, textAt } from '../platform/json.ts'
import { longestWaitMs } from '../platform/wait.ts'

// What all APIs on Meta's Graph answer alike: its Marketing API, its Conversions API and WhatsApp's.

/** Error codes of limits: app, user, page, application, custom, and business use cases. */
export const GRAPH_THROTTLES: ReadonlySet<number> = new Set([
  4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80007, 80008, 80009, 80014,
])
/** Error codes of a token that does not work, or that was not there. */
export const GRAPH_TOKEN_DEAD: ReadonlySet<number> = new Set([102, 104, 190, 2500])

/** Codes 3, 10 and 200 to 299 are permissions. */
export const isGraphPermission = (code: number): boolean =>
  code === 3 || code === 10 || (code >= 200 && code <= 299)

/**
 * Whether the app requires a proof of its secret with every call, which an access token alone cannot give. Only the message
 * tells: the codes mean other things as well.
 */
export const wantsAppSecret = (error: unknown): boolean =>
  /appsecret_proof/.test(textAt(error, 'message') ?? '')

const MINUTE_MS = 60_000
const USAGE_HEADERS = ['x-app-usage', 'x-ad-account-usage', 'x-fb-ads-insights-throttle']

/** Usage objects of all headers. The business header maps ids to lists with one entry per product. */
export function graphUsages(headers: HttpResponse['headers']): unknown[] {
  const business = Object.values(Object(json(headers['x-business-use-case-usage'])))
  return [...USAGE_HEADERS.map((name) => json(headers[name])), ...business.flatMap((list) => listAt(list))]
}

const json = (text: string | undefined): unknown => jsonBody({ body: text ?? '' })

/** The longest wait that the headers ask for, in milliseconds; undefined where they ask for none. */
export function graphWaitMs({ headers }: HttpResponse, nowMs: number): number | undefined {
  const regain = graphUsages(headers).flatMap((usage) => [
    (numberAt(usage, 'estimated_time_to_regain_access') ?? 0) * MINUTE_MS,
    (numberAt(usage, 'reset_time_duration') ?? 0) * 1000,
  ])
  return longestWaitMs([retryAfterMs(headers, nowMs), ...regain.filter((waitMs) => waitMs > 0)])
}
