import type { BatchAnswer } from '../conversions/index.ts'
import type { Answer } from '../platform/answer.ts'

/**
 * Result of a call with conversions that Google did not take, for a reason other than its events: a quota, the grant, a
 * failure of Google's.
 *
 * @param classed the answer, classed by the error table of the API that was called
 * @returns undefined for a refusal that is about the events
 */
export function answerAboutTheCall(classed: Answer, code: string, detail: string): BatchAnswer | undefined {
  switch (classed.is) {
    case 'throttled':
      return { is: 'throttled', detail, retryAfterMs: classed.retryAfterMs }
    case 'auth_expired':
    case 'auth_lost':
      return { is: classed.is, detail }
    case 'forbidden':
      return { is: 'account_refused', code, detail }
    case 'refused':
      return undefined
    default:
      return { is: 'transient', detail }
  }
}
