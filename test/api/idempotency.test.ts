import { once } from 'node:events'
import { request } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { startHarness, until } from '../support/harness.ts'

const key = { 'idempotency-key': 'order-1' }

describe('Idempotency-Key', () => {
  it('gets the same answer for the same bid without a second hold', async () => {
    const { bid, service, sandbox } = await startHarness()
    const first = await bid({}, key)
    const second = await bid({}, key)
    expect(second.body).toEqual(first.body)
    expect([first, second].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true'])
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(100_000_000)
    expect(sandbox.ledger.applied).toHaveLength(1)
  })

  it('holds once when both arrive at the same time', async () => {
    const { bid, service, sandbox } = await startHarness()
    sandbox.faults.add({ platform: 'google_ads', path: 'mutate', fault: { is: 'hold' } })
    const both = Promise.all([bid({}, key), bid({}, key)])
    await until(() => sandbox.faults.held() === 1)
    expect(service.agent.budget.scope('platform:google_ads')?.held).toBe(100_000_000)
    sandbox.faults.release()
    const [first, second] = await both
    expect(first.body).toEqual(second.body)
    expect(service.agent.budget.scope('platform:google_ads')?.spent).toBe(100_000_000)
  })

  it('is refused where it comes twice: joined, it would be another key than each alone', async () => {
    const { service, sandbox } = await startHarness()
    const body = { customerId: 'C', campaignId: 'c1', platform: 'google_ads', predictedLtv: 5, bidAmount: 1 }
    const twice = ['order-1', 'order-1']
    const { status, text } = await sendAsIs(service.url, '/v1/bids', body, { 'idempotency-key': twice })
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { code: 'invalid_request', field: 'idempotency-key' },
    ])
    expect(sandbox.ledger.applied).toEqual([])
    const one = await sendAsIs(service.url, '/v1/bids', body, { 'idempotency-key': ['a, b'] })
    expect(one.status).toBe(200)
  })

  it('is refused with another body', async () => {
    const { bid } = await startHarness()
    await bid({}, key)
    expect(await bid({ bidAmount: 101 }, key)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  it('is apart for each organisation, also where both gave a key the same name', async () => {
    const entry = (whose: string, key: string) => `${whose}:bid+operate:${hashKey(key).toString('hex')}`
    const { bid, send, sandbox } = await startHarness({
      API_KEYS: `${entry('ml', 'k-one')},${entry('ml@7', 'k-seven')}`,
    })
    const as = (secret: string) => ({ ...key, authorization: `Bearer ${secret}` })
    await send('PUT', '/v1/budgets/campaign:google_ads:c1@7', { limits: [] }, as('k-one'))
    const first = await bid({}, as('k-one'))
    const other = await bid({}, as('k-seven'))
    expect([first.status, other.status]).toEqual([200, 200])
    expect(other.body.bidId).not.toBe(first.body.bidId)
    expect((await bid({}, as('k-seven'))).body).toEqual(other.body)
    expect(sandbox.ledger.applied).toHaveLength(2)
  })

  it('of a batch never equals that of a single bid', async () => {
    const { bid, send, sandbox } = await startHarness()
    const first = await bid({}, { 'idempotency-key': 'Z 0' })
    const fields = {
      customerId: 'CUST_001',
      campaignId: 'c1',
      platform: 'google_ads',
      predictedLtv: 1200,
      bidAmount: 100,
    }
    const batch = await send('POST', '/v1/bids/batch', { bids: [fields] }, { 'idempotency-key': 'Z' })
    expect(batch.body.results[0].bidId).not.toBe(first.body.bidId)
    expect(sandbox.ledger.applied).toHaveLength(2)
  })

  it('may be tried again after a refusal that did nothing', async () => {
    const { bid, clock } = await startHarness()
    await bid({ bidAmount: 450 })
    const refused = await bid({ bidAmount: 60 }, key)
    expect(refused.status).toBe(429)
    clock.advance(refused.body.retryAfterMs)
    expect((await bid({ bidAmount: 60 }, key)).status).toBe(200)
  })

  it('keeps the answer of a bid whose outcome is unknown: trying again must not spend again', async () => {
    const { bid, sandbox, service } = await startHarness()
    sandbox.faults.add({ platform: 'tradedesk', fault: { is: 'reset_after' } })
    const first = await bid({ platform: 'tradedesk' }, key)
    expect(first).toMatchObject({ status: 504, body: { code: 'outcome_unknown' } })
    expect((await bid({ platform: 'tradedesk' }, key)).body).toEqual(first.body)
    expect(service.agent.budget.scope('platform:tradedesk')?.spent).toBe(100_000_000)
  })

  it('is forgotten after 24 hours', async () => {
    const { bid, clock, sandbox } = await startHarness()
    clock.advance(1)
    await bid({ bidAmount: 1 }, key)
    clock.stall(24 * 3_600_000 - 1)
    await bid({ bidAmount: 1 }, key)
    expect(sandbox.ledger.applied).toHaveLength(1)
    clock.advance(2)
    await bid({ bidAmount: 1 }, key)
    expect(sandbox.ledger.applied).toHaveLength(2)
  })

  it('names each bid of a batch by its place', async () => {
    const { send, sandbox } = await startHarness()
    const one = { customerId: 'a', campaignId: 'c1', platform: 'tradedesk', predictedLtv: 9, bidAmount: 5 }
    const batch = { bids: [one, one] }
    const first = await send('POST', '/v1/bids/batch', batch, key)
    const second = await send('POST', '/v1/bids/batch', batch, key)
    expect(second.body).toEqual(first.body)
    expect(sandbox.ledger.applied).toHaveLength(2)
  })

  it('is refused when it is too long', async () => {
    const { bid } = await startHarness()
    expect(await bid({}, { 'idempotency-key': 'x'.repeat(256) })).toMatchObject({
      status: 400,
      body: { field: 'Idempotency-Key' },
    })
  })
})

/** fetch joins the values of a header that comes twice. */
async function sendAsIs(url: string, path: string, body: object, headers: Record<string, string[]>) {
  const sent = request(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  sent.end(JSON.stringify(body))
  const [answer] = await once(sent, 'response')
  return { status: answer.statusCode, text: await textOf(answer) }
}
