import { json, type WireAnswer } from './wire.ts'

const MESSAGES: Readonly<Record<number, string>> = {
  1: 'An unknown error occurred',
  2: 'Service temporarily unavailable',
  4: 'Application request limit reached',
  10: 'Application does not have permission for this action',
  17: 'User request limit reached',
  32: 'Page request limit reached',
  100: 'Invalid parameter',
  102: 'Session key invalid or no longer valid',
  104: 'Incorrect signature',
  190: 'Error validating access token',
  341: 'Feed action request limit reached',
  368: 'The action attempted has been deemed abusive or is otherwise disallowed',
  613: 'Calls to this api have exceeded the rate limit.',
  960: 'Request aborted. This could happen if a dependent request failed or the entire request timed out.',
}
const THROTTLES = [4, 17, 32, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014]

/** `code_17` or `code_190_460`: the error as Meta sends it, mostly under HTTP 400; throttles with usage headers. */
export function metaError(name: string): WireAnswer | undefined {
  const match = /^code_(\d+)(?:_(\d+))?$/.exec(name)
  if (!match) return undefined
  const code = Number(match[1])
  const throttled = THROTTLES.includes(code)
  const error = {
    message: `(#${code}) ${MESSAGES[code] ?? (throttled ? 'There have been too many calls to this ad-account.' : 'Error')}`,
    type: 'OAuthException',
    code,
    ...(match[2] !== undefined && { error_subcode: Number(match[2]) }),
    is_transient: code === 2 && match[2] === undefined,
    fbtrace_id: 'sandbox',
  }
  return json(code <= 2 ? 500 : 400, { error }, throttled ? metaUsage(100, 5) : {})
}

/** @param regainMinutes until access comes back, as the business header says */
export function metaUsage(percent: number, regainMinutes = 0): Record<string, string> {
  const use = { call_count: percent, total_cputime: 1, total_time: 1 }
  const business = [{ type: 'ads_management', ...use, estimated_time_to_regain_access: regainMinutes }]
  return {
    'x-app-usage': JSON.stringify({ call_count: 1, total_time: 1, total_cputime: 1 }),
    'x-business-use-case-usage': JSON.stringify({ '900100200': business }),
  }
}
