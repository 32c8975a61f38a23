import { describe, expect, it } from 'vitest'
import { micros } from '../../money.ts'
import { fromMetaUnits, meta, toMetaUnits } from './api.ts'

const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  meta.read({ status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }, 0)
const error = (code: number, fields: object = {}) => ({
  error: { message: 'words', type: 'OAuthException', code, fbtrace_id: 'A3pz', ...fields },
})

const THROTTLES = [4, 17, 32, 341, 613, 80000, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014]

describe('what Meta answers', () => {
  it.each(THROTTLES)('%i is a throttle under any status', (code) => {
    for (const status of [200, 400, 403, 500]) expect(read(status, error(code)).is).toBe('throttled')
  })

  it.each<[number, number | undefined, string]>([
    [1, 99, 'failed'],
    [1, undefined, 'failed'],
    [2, undefined, 'failed'],
    [2, 1504043, 'failed'],
    [2, 1504038, 'refused'],
    [2, 1504041, 'refused'],
    [2, 1504042, 'refused'],
    [100, 1504018, 'refused'],
    [-2, 2490547, 'failed'],
    [2601, 1815107, 'failed'],
    [4, 1504022, 'throttled'],
    [4, 1504039, 'throttled'],
    [17, 2446079, 'throttled'],
    [613, 1487742, 'throttled'],
    [104, undefined, 'failed'],
    [960, undefined, 'failed'],
    [368, undefined, 'forbidden'],
    [102, undefined, 'auth_lost'],
    [190, undefined, 'auth_lost'],
    [190, 458, 'auth_lost'],
    [190, 459, 'auth_lost'],
    [190, 460, 'auth_lost'],
    [190, 463, 'auth_expired'],
    [190, 464, 'auth_lost'],
    [190, 466, 'auth_lost'],
    [190, 467, 'auth_lost'],
    [190, 492, 'auth_lost'],
    [10, undefined, 'forbidden'],
    [200, undefined, 'forbidden'],
    [299, undefined, 'forbidden'],
    [300, undefined, 'refused'],
    [100, undefined, 'refused'],
    [100, 33, 'refused'],
  ])('%i/%s is %s', (code, subcode, is) => {
    const answer = read(400, error(code, { error_subcode: subcode }))
    const name = subcode === undefined ? `code ${code}` : `code ${code}/${subcode}`
    expect(answer).toMatchObject({ is, detail: `${name}: words` })
  })

  it('believes is_transient, except for errors that are known to be permanent', () => {
    expect(read(400, error(100, { is_transient: true })).is).toBe('failed')
    expect(read(400, error(2, { is_transient: true, error_subcode: 1504041 })).is).toBe('refused')
  })

  it.each<[number, object, string]>([
    [100, {}, 'transient'],
    [1, {}, 'transient'],
    [2, { is_transient: true }, 'transient'],
    // These concern one query or one ordered report and not the platform, whatever the status.
    [1, { error_subcode: 99 }, 'failed'],
    [2, { is_transient: false }, 'failed'],
    [-2, { error_subcode: 2490547 }, 'failed'],
    [2601, { error_subcode: 1815107, is_transient: true }, 'failed'],
  ])('under a 5xx %i with %o is %s', (code, fields, is) => {
    for (const status of [500, 503]) expect(read(status, error(code, fields)).is).toBe(is)
  })

  it.each([
    [403, 'not_applied'],
    [404, 'refused'],
    [429, 'throttled'],
    [500, 'transient'],
    [503, 'transient'],
  ])('a bare %i is %s', (status, is) => {
    expect(read(status, '<html>')).toMatchObject({ is, detail: `HTTP ${status}` })
    expect(read(status, { error: 'no code' })).toMatchObject({ is })
  })

  it('a 401 asks for a fresh token, unless it is a web page that something on the way has sent', () => {
    expect(read(401, '').is).toBe('auth_expired')
    expect(read(401, { error: 'no code' }).is).toBe('auth_expired')
    expect(read(401, '<!DOCTYPE html><title>Sign in</title>').is).toBe('not_applied')
    expect(read(401, '\n<html lang="en">').is).toBe('not_applied')
  })

  it('classes a 2xx that cannot be read as transient: something was done, nobody knows what', () => {
    expect(read(200, '').is).toBe('transient')
    expect(read(200, 'not json').is).toBe('transient')
    expect(read(200, { error: { message: 'no code' } }).is).toBe('transient')
    expect(read(200, { success: true })).toEqual({ is: 'ok', body: { success: true } })
  })

  it('hides the token that Meta quotes in its error', () => {
    const message = 'Malformed access token EAABsbCS1iHgBAKZC7q9ZBxTZA'
    expect(read(400, error(190, { message }))).toMatchObject({
      detail: 'code 190: Malformed access token [hidden]',
    })
  })

  it('includes the message that Meta writes for people', () => {
    expect(read(400, error(100, { error_user_msg: 'Your budget is too low.' }))).toMatchObject({
      detail: 'code 100: words Your budget is too low.',
    })
  })
})

describe('how long Meta is left alone', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 60_000],
    [{ 'retry-after': '90' }, 90_000],
    [{ 'x-ad-account-usage': '{"acc_id_util_pct":100,"reset_time_duration":300}' }, 300_000],
    [
      {
        'x-business-use-case-usage':
          '{"1":[{"type":"ads_insights","estimated_time_to_regain_access":2},{"type":"ads_management","estimated_time_to_regain_access":19}],"2":[{"estimated_time_to_regain_access":3}]}',
      },
      19 * 60_000,
    ],
    [{ 'x-business-use-case-usage': '{"1":[{"estimated_time_to_regain_access":99999999}]}' }, 86_400_000],
    [{ 'x-ad-account-usage': '{"reset_time_duration":-5}' }, 60_000],
    [{ 'x-ad-account-usage': 'garbled', 'x-business-use-case-usage': '[1,null]' }, 60_000],
  ])('%o waits %i ms', (headers, retryAfterMs) => {
    expect(read(400, error(17), headers)).toMatchObject({ retryAfterMs })
    expect(read(429, '', headers)).toMatchObject({ retryAfterMs })
  })
})

describe('the share of the quota that is used', () => {
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'x-app-usage': 'garbled' }, undefined],
    [{ 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":31}' }, 0.31],
    [{ 'x-ad-account-usage': '{"acc_id_util_pct":9.67}' }, 0.0967],
    [{ 'x-fb-ads-insights-throttle': '{"app_id_util_pct":50,"acc_id_util_pct":70}' }, 0.7],
    [{ 'x-app-usage': '{"call_count":120}' }, 1.2],
    [
      {
        'x-app-usage': '{"call_count":1}',
        'x-business-use-case-usage':
          '{"1":[{"type":"ads_insights","call_count":5},{"type":"ads_management","total_time":95}],"2":[{"total_cputime":20}]}',
      },
      0.95,
    ],
  ])('%o is %s', (headers, share) => {
    const used = meta.usedShare({ status: 200, headers, body: '' })?.share
    if (share === undefined) expect(used).toBeUndefined()
    else expect(used).toBeCloseTo(share, 10)
  })
})

describe('minor units as Meta counts them', () => {
  it.each([
    [1_239_999, 'USD', 123],
    [9_999, 'USD', 0],
    [1_239_999, 'BHD', 123],
    [1_239_999, 'JOD', 123],
    ...['CLP', 'COP', 'CRC', 'HUF', 'ISK', 'IDR', 'JPY', 'KRW', 'PYG', 'TWD', 'VND'].map(
      (currency): [number, string, number] => [1_999_999, currency, 1],
    ),
  ])('%i micros of %s are %i', (amount, currency, units) => {
    expect(toMetaUnits(micros(amount), currency)).toBe(units)
  })

  it('come back as the micros they stand for', () => {
    expect(fromMetaUnits(123, 'USD')).toBe(1_230_000)
    expect(fromMetaUnits(123, 'JPY')).toBe(123_000_000)
  })
})
