import { Refusal, type SandboxReply } from '../protocol.ts'

/** Messages of the codes that Meta documents, by code or by code and subcode. */
const MESSAGES: Readonly<Record<string, string>> = {
  '1': 'An unknown error occurred',
  '1_99': 'An unknown error occurred',
  '2': 'Service temporarily unavailable',
  '2_1504041': 'Invalid breakdowns',
  '2_1504042': 'Invalid custom metrics',
  '2_1504043': 'Please try again',
  '4': '(#4) Application request limit reached',
  '10': '(#10) Application does not have permission for this action',
  '17': '(#17) User request limit reached',
  '32': '(#32) Page request limit reached',
  '100': '(#100) Invalid parameter',
  '100_1487534': 'Invalid parameter',
  '100_33':
    'Unsupported request. Object with this ID does not exist, cannot be loaded due to missing permissions, or does not support this operation',
  '102': 'Session key invalid or no longer valid',
  '104': '(#104) Connection reset',
  '190': 'Invalid OAuth access token - Cannot parse access token',
  '190_458': 'Error validating access token: The user has not authorized application.',
  '190_460':
    'Error validating access token: The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
  '190_467': 'Error validating access token: The session was invalidated.',
  '190_463': 'Error validating access token: Session has expired.',
  '200': '(#200) Permissions error',
  '341': '(#341) Feed action request limit reached',
  '368': 'The action attempted has been deemed abusive or is otherwise disallowed',
  '613': '(#613) Calls to this api have exceeded the rate limit.',
  '960': 'Request timed out in the batch',
  '2601': 'Error accessing adreport job.',
}
/** What Meta wants to be shown to a user. */
const USER_WORDS: Readonly<
  Record<string, { readonly error_user_title: string; readonly error_user_msg: string }>
> = {
  '100_1487534': {
    error_user_title: 'Too many rows',
    error_user_msg:
      'The reporting data you are trying to fetch has too many rows. Please use asynchronous query or restrict amount of ad IDs or time ranges to fetch the data.',
  },
  '2601_1815107': {
    error_user_title: 'Loading Async Ads Report Failed',
    error_user_msg:
      'Sorry, the report cannot be loaded successfully. Please check if your job status is completed instead of failed or running before fetching the data.',
  },
}
/** Codes of exhausted quotas. */
const THROTTLES = new Set([
  4, 17, 32, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014,
])
/** Subcodes of errors that stay, although their code is one of passing errors. */
const PERMANENT_SUBCODES = new Set([1504041, 1504042])

const NAME = /^code_(\d{1,6})(?:_(\d{1,10}))?$/
/** `code_<code>` or `code_<code>_<subcode>`. */
export const isMetaErrorName = (name: string): boolean => NAME.test(name)

/** Meta's body, status and headers for a code. */
function metaError(code: number, subcode?: number, detail?: string): SandboxReply {
  const transient =
    [1, 2, 104, 341, 960, 2601].includes(code) && !(subcode !== undefined && PERMANENT_SUBCODES.has(subcode))
  const throttled = THROTTLES.has(code)
  return {
    status: statusOf(code),
    headers: throttled ? usageHeaders(100) : {},
    body: {
      error: {
        message: detail ?? messageOf(code, subcode),
        type: 'OAuthException',
        code,
        ...(subcode === undefined ? {} : { error_subcode: subcode }),
        is_transient: transient,
        ...USER_WORDS[`${code}_${subcode}`],
        fbtrace_id: 'AsandboxTrace',
      },
    },
  }
}

function statusOf(code: number): number {
  if (code === 1 || code === 2) return 500
  return code === 10 || (code >= 200 && code <= 299) ? 403 : 400
}

/** The error of a name that {@link isMetaErrorName} accepts. */
export function metaErrorNamed(name: string): SandboxReply {
  const [, code, subcode] = NAME.exec(name) ?? []
  return metaError(Number(code), subcode === undefined ? undefined : Number(subcode))
}

export function refuse(code: number, subcode?: number, detail?: string): never {
  throw new Refusal(metaError(code, subcode, detail))
}

/** Code 100 with Meta's way of naming the parameter. */
export const refuseParameter = (detail: string): never => refuse(100, undefined, `(#100) ${detail}`)

function messageOf(code: number, subcode: number | undefined): string {
  const known = MESSAGES[`${code}_${subcode}`] ?? MESSAGES[String(code)]
  if (known !== undefined) return known
  if (code >= 80000) {
    return `(#${code}) There have been too many calls from this ad-account. Wait a bit and try again.`
  }
  if (code > 200 && code < 300) return `(#${code}) Permissions error`
  return `(#${code}) An error occurred`
}

export const BUSINESS_ID = '700000000000001'

/** The header that says how much of the quota for insights is used. */
export const usageOfInsights = (percent: number): Record<string, string> => ({
  'x-fb-ads-insights-throttle': JSON.stringify({ app_id_util_pct: percent, acc_id_util_pct: percent / 2 }),
})

/** The usage headers that say `percent` of every quota is used. */
export function usageHeaders(percent: number): Record<string, string> {
  const share = { call_count: percent, total_cputime: percent, total_time: percent }
  const blockedMinutes = percent >= 100 ? 5 : 0
  const tier = { ads_api_access_tier: 'standard_access' }
  return {
    'x-app-usage': JSON.stringify(share),
    'x-ad-account-usage': JSON.stringify({
      acc_id_util_pct: percent,
      reset_time_duration: blockedMinutes * 60,
      ...tier,
    }),
    'x-business-use-case-usage': JSON.stringify({
      [BUSINESS_ID]: [
        { type: 'ads_management', ...share, estimated_time_to_regain_access: blockedMinutes, ...tier },
      ],
    }),
  }
}
