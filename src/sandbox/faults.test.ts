import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../time/clock.ts'
import type { Fault } from './faults.ts'
import { call, withSandbox } from './sandbox.test-support.ts'
import { startSandbox } from './server.ts'

const { sandbox, google, meta, tradedesk, refresh } = withSandbox()
const PAUSE = { status: 'PAUSED' }

const next = (fault: Fault) => sandbox().faults.add({ platform: 'meta', method: 'POST', fault })
const applied = () => sandbox().ledger.applied.length

beforeEach(() => {
  sandbox().faults.clear()
  sandbox().ledger.clear()
})

describe('a fault', () => {
  it.each<[Fault, number, number]>([
    [{ is: 'latency', ms: 1 }, 200, 1],
    [{ is: 'http', status: 502 }, 502, 0],
    [{ is: 'http_after', status: 504 }, 504, 1],
    [{ is: 'usage', percent: 80 }, 200, 1],
  ])('%j answers %d and applies %d writes', async (fault, status, writes) => {
    next(fault)
    expect((await meta('c1', PAUSE)).status).toBe(status)
    expect(applied()).toBe(writes)
    expect((await meta('c1', PAUSE)).status).toBe(200)
  })

  it.each<[Fault, number]>([
    [{ is: 'reset' }, 0],
    [{ is: 'reset_after' }, 1],
  ])('%j cuts the connection and applies %d writes', async (fault, writes) => {
    next(fault)
    await expect(meta('c1', PAUSE)).rejects.toThrow('fetch failed')
    expect(applied()).toBe(writes)
    expect(sandbox().ledger.requests.at(-1)?.status).toBe(0)
  })

  it('holds before the write and goes on when released', async () => {
    next({ is: 'hold' })
    const answer = meta('c1', PAUSE)
    await sandbox().faults.whenHeld(1)
    expect([sandbox().faults.held(), applied()]).toEqual([1, 0])
    sandbox().faults.release()
    expect((await answer).status).toBe(200)
    expect([sandbox().faults.held(), applied()]).toEqual([0, 1])
  })

  it('holds the answer after the write', async () => {
    next({ is: 'hold_after' })
    const answer = meta('c1', PAUSE)
    await sandbox().faults.whenHeld(1)
    expect(applied()).toBe(1)
    sandbox().faults.release()
    expect((await answer).status).toBe(200)
    expect(applied()).toBe(1)
  })

  it('cuts the JSON of an applied write short', async () => {
    next({ is: 'malformed' })
    const answer = await meta('c1', PAUSE)
    expect([answer.status, answer.json, applied()]).toEqual([200, undefined, 1])
  })

  it('answers with the old entity and changes nothing', async () => {
    sandbox().faults.add({ platform: 'tradedesk', fault: { is: 'ignored' } })
    await tradedesk('GET', 'campaign/i1')
    const answer = await tradedesk('PUT', 'campaign', { CampaignId: 'i1', Availability: 'Paused' })
    expect([answer.status, answer.json.Availability, applied()]).toEqual([200, 'Available', 0])
  })

  it('answers 240 without content to an applied write', async () => {
    sandbox().faults.add({ platform: 'tradedesk', fault: { is: 'no_content' } })
    const answer = await tradedesk('PUT', 'campaign', { CampaignId: 'n1', Availability: 'Paused' })
    expect([answer.status, answer.text, applied()]).toEqual([240, '', 1])
  })

  it('shows usage in the headers', async () => {
    next({ is: 'usage', percent: 80 })
    const { headers } = await meta('c1', PAUSE)
    expect(JSON.parse(headers.get('x-app-usage') ?? '').call_count).toBe(80)
  })
})

describe('an error by name', () => {
  it.each([
    ['code_17_2446079', 400, { code: 17, error_subcode: 2446079, is_transient: false }],
    ['code_1', 500, { code: 1, is_transient: true }],
    ['code_2_1504041', 500, { code: 2, error_subcode: 1504041, is_transient: false }],
    ['code_80004', 400, { code: 80004 }],
  ])('of Meta: %s', async (name, status, error) => {
    next({ is: 'error', name })
    const answer = await meta('c1', PAUSE)
    expect([answer.status, answer.json.error]).toEqual([status, expect.objectContaining(error)])
    expect(applied()).toBe(0)
  })

  it.each([
    ['RESOURCE_TEMPORARILY_EXHAUSTED', 429, '30s'],
    ['RESOURCE_EXHAUSTED', 429, '32400s'],
    ['TRANSIENT_ERROR', 503, undefined],
    ['OAUTH_TOKEN_REVOKED', 401, undefined],
  ])('of Google: %s', async (name, status, retryDelay) => {
    sandbox().faults.add({ platform: 'google_ads', fault: { is: 'error', name } })
    const answer = await google('googleAds:searchStream', {})
    const [error] = answer.json[0].error.details[0].errors
    expect([answer.status, Object.values(error.errorCode)]).toEqual([status, [name]])
    expect(error.details?.quotaErrorDetails.retryDelay).toBe(retryDelay)
  })

  it('of The Trade Desk carries its Retry-After, of the token endpoint its own body', async () => {
    sandbox().faults.add({ platform: 'tradedesk', fault: { is: 'error', name: 'throttled' } })
    const throttled = await tradedesk('GET', 'campaign/c1')
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '60'])
    sandbox().faults.add({ platform: 'google_oauth', fault: { is: 'error', name: 'invalid_grant' } })
    expect((await refresh()).json.error).toBe('invalid_grant')
  })

  it('that the platform does not have is refused with its rule', () => {
    expect(() => next({ is: 'error', name: 'nonsense' })).toThrow('no such error of meta')
    expect(() => next({ is: 'ignored' })).toThrow('exists on tradedesk only')
  })
})

describe('a rule', () => {
  it('fires as often as it says, where it says', async () => {
    const fault: Fault = { is: 'http', status: 500 }
    sandbox().faults.add({ platform: 'meta', path: '/c2', times: 2, fault })
    const statuses = []
    for (const id of ['c1', 'c2', 'c2', 'c2']) statuses.push((await meta(id)).status)
    expect(statuses).toEqual([200, 500, 500, 200])
  })

  it('fires with its probability', async () => {
    sandbox().faults.add({
      platform: 'meta',
      times: 'always',
      probability: 0.5,
      fault: { is: 'http', status: 500 },
    })
    let failed = 0
    for (let count = 0; count < 60; count += 1) failed += (await meta('c1')).status === 500 ? 1 : 0
    expect(failed).toBeGreaterThan(15)
    expect(failed).toBeLessThan(45)
  })

  it('comes and goes over HTTP as well', async () => {
    const post = (path: string, body?: unknown) =>
      call(`${sandbox().url}/_sandbox/${path}`, { method: 'POST', body: JSON.stringify(body) })
    expect((await post('faults', { platform: 'meta', fault: { is: 'nonsense' } })).status).toBe(400)
    expect((await post('faults', { platform: 'meta', fault: { is: 'hold' } })).status).toBe(201)
    const answer = meta('c1', PAUSE)
    await sandbox().faults.whenHeld(1)
    expect((await post('release')).json).toEqual({ released: 1 })
    await answer
    const state = await call(`${sandbox().url}/_sandbox/state`, {})
    expect(state.json.applied).toHaveLength(1)
    const requests = await call(`${sandbox().url}/_sandbox/requests`, {})
    expect(requests.json.requests).toEqual([
      { platform: 'meta', method: 'POST', path: '/v26.0/c1', status: 200 },
    ])
    await post('faults', { platform: 'meta', times: 'always', fault: { is: 'http', status: 500 } })
    await call(`${sandbox().url}/_sandbox/faults`, { method: 'DELETE' })
    expect((await meta('c1')).status).toBe(200)
  })
})

it('closes with a request held, which is never applied', async () => {
  const closing = await startSandbox({ port: 0, clock: systemClock })
  closing.faults.add({ platform: 'meta', fault: { is: 'hold' } })
  const headers = { authorization: `Bearer ${closing.credentials.meta.accessToken}` }
  const body = new URLSearchParams(PAUSE)
  const answer = call(`${closing.urls.meta}/v26.0/c1`, { method: 'POST', headers, body })
  const failed = expect(answer).rejects.toThrow('fetch failed')
  await closing.faults.whenHeld(1)
  await closing.close()
  await failed
  expect(closing.ledger.applied).toEqual([])
})
