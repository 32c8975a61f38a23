import { describe, expect, it } from 'vitest'
import { micros } from '../../money.ts'
import { toGoogleMicros } from '../google/money.ts'
import { googleAds } from './api.ts'

const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  googleAds.read({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, 0)

interface Failure {
  readonly errorCode: Record<string, string>
  readonly message?: string
  readonly details?: object
}

const failure = (...errors: Failure[]) => ({
  code: 400,
  message: 'Request contains an invalid argument.',
  status: 'INVALID_ARGUMENT',
  details: [{ '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure', errors }],
})
const error = (kind: string, value: string, details: object = {}) =>
  failure({ errorCode: { [kind]: value }, message: 'words', details })
const quota = (value: string, retryDelay?: string) =>
  error('quotaError', value, { quotaErrorDetails: { rateScope: 'ACCOUNT', rateName: 'n', retryDelay } })

describe('what Google Ads answers', () => {
  it.each([
    [400, 'internalError', 'INTERNAL_ERROR', 'failed'],
    [500, 'internalError', 'TRANSIENT_ERROR', 'transient'],
    [504, 'internalError', 'DEADLINE_EXCEEDED', 'transient'],
    [429, 'quotaError', 'RESOURCE_TEMPORARILY_EXHAUSTED', 'throttled'],
    [429, 'quotaError', 'EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION', 'throttled'],
    [429, 'quotaError', 'RESOURCE_EXHAUSTED', 'throttled'],
    [429, 'quotaError', 'EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION', 'throttled'],
    [400, 'databaseError', 'CONCURRENT_MODIFICATION', 'not_applied'],
    [401, 'authenticationError', 'OAUTH_TOKEN_EXPIRED', 'auth_expired'],
    [401, 'authenticationError', 'OAUTH_TOKEN_INVALID', 'auth_expired'],
    [401, 'authenticationError', 'OAUTH_TOKEN_REVOKED', 'auth_lost'],
    [401, 'authenticationError', 'OAUTH_TOKEN_DISABLED', 'auth_lost'],
    [401, 'authenticationError', 'GOOGLE_ACCOUNT_DELETED', 'auth_lost'],
    [401, 'authenticationError', 'TWO_STEP_VERIFICATION_NOT_ENROLLED', 'auth_lost'],
    [403, 'authorizationError', 'CUSTOMER_NOT_ENABLED', 'forbidden'],
    [403, 'authorizationError', 'USER_PERMISSION_DENIED', 'forbidden'],
    [403, 'authorizationError', 'CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION', 'forbidden'],
    [403, 'authorizationError', 'INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION', 'forbidden'],
    [403, 'authorizationError', 'ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT', 'forbidden'],
    [400, 'biddingError', 'BID_TOO_SMALL', 'refused'],
    [400, 'biddingError', 'BID_TOO_BIG', 'refused'],
    [400, 'biddingError', 'BID_TOO_MANY_FRACTIONAL_DIGITS', 'refused'],
    [400, 'campaignBudgetError', 'NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT', 'refused'],
    [400, 'campaignBudgetError', 'MONEY_AMOUNT_TOO_LARGE', 'refused'],
    [400, 'campaignBudgetError', 'MONEY_AMOUNT_LESS_THAN_CURRENCY_MINIMUM_CPC', 'refused'],
    [400, 'campaignBudgetError', 'BUDGET_BELOW_PER_DAY_MINIMUM', 'refused'],
    [400, 'mutateError', 'RESOURCE_NOT_FOUND', 'refused'],
    [500, 'someError', 'NEVER_SEEN', 'transient'],
    // The same word under another kind is another error.
    [400, 'mutateError', 'RESOURCE_EXHAUSTED', 'refused'],
  ])('%i %s.%s is %s', (status, kind, value, is) => {
    expect(read(status, { error: error(kind, value) })).toMatchObject({
      is,
      detail: expect.stringContaining(value),
    })
  })

  it.each([
    ['30s', 'RESOURCE_TEMPORARILY_EXHAUSTED', 30_000],
    ['1.5s', 'RESOURCE_TEMPORARILY_EXHAUSTED', 1_500],
    ['0.0001s', 'RESOURCE_TEMPORARILY_EXHAUSTED', 1],
    ['7200s', 'RESOURCE_EXHAUSTED', 7_200_000],
    ['99999999s', 'RESOURCE_EXHAUSTED', 86_400_000],
    ['soon', 'RESOURCE_TEMPORARILY_EXHAUSTED', 30_000],
    [undefined, 'RESOURCE_TEMPORARILY_EXHAUSTED', 30_000],
    [undefined, 'RESOURCE_EXHAUSTED', 3_600_000],
  ])('a retryDelay of %s for %s waits %i ms', (delay, value, retryAfterMs) => {
    expect(read(429, { error: quota(value, delay) })).toEqual({
      is: 'throttled',
      detail: `${value} (ACCOUNT): words`,
      retryAfterMs,
    })
  })

  it('waits for the longest of several delays', () => {
    const errors = [
      quota('RESOURCE_TEMPORARILY_EXHAUSTED', '2s'),
      quota('RESOURCE_TEMPORARILY_EXHAUSTED', '9s'),
    ]
    const details = errors.flatMap((one) => one.details)
    expect(read(429, { error: { ...failure(), details } })).toMatchObject({ retryAfterMs: 9_000 })
  })

  it.each([
    ['CONCURRENT_MODIFICATION', 'databaseError', 'INTERNAL_ERROR', 'internalError', 'failed'],
    ['USER_PERMISSION_DENIED', 'authorizationError', 'TRANSIENT_ERROR', 'internalError', 'failed'],
    ['BID_TOO_BIG', 'biddingError', 'CONCURRENT_MODIFICATION', 'databaseError', 'not_applied'],
    [
      'RESOURCE_TEMPORARILY_EXHAUSTED',
      'quotaError',
      'USER_PERMISSION_DENIED',
      'authorizationError',
      'forbidden',
    ],
  ])('%s (%s) together with %s (%s) is %s', (value, kind, other, otherKind, is) => {
    const both = failure({ errorCode: { [kind]: value } }, { errorCode: { [otherKind]: other } })
    expect(read(400, { error: both })).toMatchObject({
      is,
      detail: expect.stringContaining(`${value}, ${other}`),
    })
  })

  it('finds the error of a stream inside its list, whatever the status and however late', () => {
    const denied = { error: error('authorizationError', 'USER_PERMISSION_DENIED') }
    expect(read(403, [denied]).is).toBe('forbidden')
    expect(read(200, [{ results: [] }, denied]).is).toBe('forbidden')
    expect(read(200, [{ results: [] }])).toEqual({ is: 'ok', body: [{ results: [] }] })
  })

  it('classes an error inside a 200 by the code it names, and as transient without one', () => {
    expect(read(200, { error: { code: 403, status: 'PERMISSION_DENIED', message: 'no' } })).toEqual({
      is: 'forbidden',
      detail: 'HTTP 403 PERMISSION_DENIED no',
    })
    expect(read(200, { error: 'what' }).is).toBe('transient')
  })

  describe('a partial failure', () => {
    const partialFailureError = { code: 3, message: 'Multiple errors', details: failure().details }
    const withError = (kind: string, value: string) => ({
      ...partialFailureError,
      details: error(kind, value).details,
    })

    it('is classed by its errors when every slot is empty', () => {
      const big = withError('biddingError', 'BID_TOO_BIG')
      expect(read(200, { partialFailureError: big, results: [{}, {}] }).is).toBe('refused')
      const lost = withError('databaseError', 'CONCURRENT_MODIFICATION')
      expect(read(200, { partialFailureError: lost, mutateOperationResponses: [{}] }).is).toBe('not_applied')
    })

    it('is in doubt when a slot was applied', () => {
      const big = withError('biddingError', 'BID_TOO_BIG')
      const answer = read(200, {
        partialFailureError: big,
        results: [{}, { resourceName: 'customers/1/x/2' }],
      })
      expect(answer).toEqual({ is: 'failed', detail: 'applied in part, then BID_TOO_BIG: words' })
    })
  })

  it.each([
    [403, 'not_applied'],
    [404, 'refused'],
    [429, 'throttled'],
    [500, 'transient'],
    [502, 'transient'],
    [302, 'refused'],
  ])('a bare %i is %s', (status, is) => {
    expect(read(status, '<html>')).toMatchObject({ is })
    expect(read(status, '')).toMatchObject({ is, detail: `HTTP ${status}` })
  })

  it('a 401 asks for a fresh token, unless it is a web page that something on the way has sent', () => {
    expect(read(401, '').is).toBe('auth_expired')
    expect(read(401, { error: { code: 401, status: 'UNAUTHENTICATED' } }).is).toBe('auth_expired')
    expect(read(401, '<!DOCTYPE html><title>Sign in</title>').is).toBe('not_applied')
    expect(read(401, '\n<html lang="en">').is).toBe('not_applied')
  })

  it('honours Retry-After where Google names no delay', () => {
    expect(read(429, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 })
    expect(read(429, '')).toMatchObject({ retryAfterMs: 30_000 })
  })

  it('classes a 2xx that cannot be read as transient: something was done, nobody knows what', () => {
    expect(read(200, 'not json').is).toBe('transient')
    expect(read(200, '').is).toBe('transient')
    expect(read(200, {})).toEqual({ is: 'ok', body: {} })
  })

  it('hides what looks like a token, and cuts long words', () => {
    const token = 'ya29.a0AfH6SMBx9_3kq-0w'
    const { error: shown } = {
      error: failure({ errorCode: { x: 'Y' }, message: `bad ${token}\n${'long '.repeat(99)}` }),
    }
    const answer = read(400, { error: shown })
    expect(answer).toMatchObject({ detail: expect.stringMatching(/^Y: bad \[hidden\] long long/) })
    expect('detail' in answer && answer.detail.length).toBe(200)
  })

  it('takes a partialFailureError of null for a success', () => {
    const body = { mutateOperationResponses: [{ campaignResult: {} }], partialFailureError: null }
    expect(read(200, body)).toEqual({ is: 'ok', body })
  })

  it('sends the token as a bearer, beside the other headers', () => {
    const request = { method: 'POST', url: 'https://x.example', headers: { a: 'b' } } as const
    expect(googleAds.authorize(request, 'tok').headers).toEqual({ a: 'b', authorization: 'Bearer tok' })
  })

  it('says nothing of usage', () => {
    expect(
      googleAds.usedShare({ status: 200, headers: { 'x-app-usage': '{"call_count":99}' }, body: '' }),
    ).toBeUndefined()
  })
})

describe('Google micros', () => {
  it.each([
    [1_239_999, 'USD', '1230000'],
    [9_999, 'USD', '0'],
    [1_999_999, 'JPY', '1000000'],
    [1_239_999, 'BHD', '1230000'],
    [9_000_000_000_000_000, 'USD', '9000000000000000'],
  ])('%i micros of %s are %s', (amount, currency, text) => {
    expect(toGoogleMicros(micros(amount), currency)).toBe(text)
  })
})
