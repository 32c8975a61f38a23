import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sharedHarness, startHarness } from '../support/harness.ts'

/** For tests that are refused, or look only at what they made. */
const shared = sharedHarness()

describe('POST /v1/bids', () => {
  it('answers a placed bid with its id, numbers, budget and reason', async () => {
    const { bid, sandbox } = await startHarness()
    const { status, body } = await bid({ predictedLtv: 1200, bidAmount: 150.25, confidence: 0.9 })
    expect(status).toBe(200)
    expect(body).toEqual({
      bidId: expect.stringMatching(/^[0-9a-z]{16}$/),
      status: 'placed',
      platform: 'google_ads',
      source: 'ai',
      bidAmount: 150.25,
      currency: 'USD',
      predictedLtv: 1200,
      platformRef: expect.stringMatching(/^customers\/\d+\/biddingStrategies\/\d+$/),
      budget: { limit: 500, spent: 150.25, held: 0, remaining: 349.75, utilization: 0.3005 },
      latencyMs: expect.any(Number),
      explanation: expect.stringContaining('1200'),
    })
    expect(sandbox.ledger.applied).toMatchObject([
      { platform: 'google_ads', kind: 'bid', campaignId: 'c1', decisionId: body.bidId, amount: 150_250_000 },
    ])
  })

  it('bids the lifetime value times the multiplier when no amount is asked, capped by MAX_BID', async () => {
    const { bid } = await startHarness({ MAX_BID: '90', FALLBACK_MULTIPLIERS: 'meta=0.5' })
    expect((await bid({ platform: 'meta', predictedLtv: 60, bidAmount: undefined })).body.bidAmount).toBe(30)
    expect((await bid({ predictedLtv: 60, bidAmount: undefined })).body.bidAmount).toBe(60)
    expect((await bid({ predictedLtv: 1200, bidAmount: undefined })).body.bidAmount).toBe(90)
  })

  it.each([
    [102.34567260742188, 102.345672],
    [843.2719116210938, 843.271911],
    [0.30000000000000004, 0.3],
    [8.29, 8.29],
    [1.5e-5, 0.000015],
  ])(
    'takes a prediction of %d as the float it is, and never for more than that',
    async (sent, predictedLtv) => {
      const { bid, send, get } = await shared()
      const fields = { predictedLtv: sent, confidence: 0.8765432198765432 }
      const placed = await bid(fields)
      expect(placed).toMatchObject({
        status: 200,
        body: { predictedLtv },
      })
      expect((await get(`/v1/bids/${placed.body.bidId}`)).body).toMatchObject({
        predictedLtv,
        confidence: 0.8765432198765432,
      })
      const one = { customerId: 'a', campaignId: 'c1', platform: 'meta', ...fields, bidAmount: 1 }
      expect((await send('POST', '/v1/bids/batch', { bids: [one] })).body.results).toMatchObject([
        { httpStatus: 200, predictedLtv },
      ])
    },
  )

  it('bids nothing for a prediction below a millionth, but the amount that was asked for where there is one', async () => {
    const { bid } = await startHarness()
    for (const platform of ['google_ads', 'auto'])
      expect(await bid({ predictedLtv: 1e-9, bidAmount: undefined, platform })).toMatchObject({
        status: 400,
        body: { detail: 'The bid comes to nothing' },
      })
    expect(await bid({ predictedLtv: 1e-9, bidAmount: 2 })).toMatchObject({
      status: 200,
      body: { predictedLtv: 0, bidAmount: 2 },
    })
  })

  it('takes an amount exactly or not at all, and says so', async () => {
    const { bid } = await startHarness()
    for (const bidAmount of [1.2345678, 0.1 + 0.2, 1e-7])
      expect((await bid({ bidAmount })).body).toMatchObject({
        field: 'bidAmount',
        detail: 'bidAmount: must have at most 6 decimals',
      })
    expect((await bid({ predictedLtv: 9_000_000_001 })).body).toMatchObject({
      detail: 'predictedLtv: must not exceed 9000000000',
    })
  })

  it('falls back to the median of what it has seen on the platform, never above what was asked', async () => {
    const { bid } = await startHarness()
    for (const predictedLtv of [10, 30, 20]) await bid({ predictedLtv, bidAmount: 1 })
    const fallback = await bid({ predictedLtv: undefined, bidAmount: undefined })
    expect(fallback.body).toMatchObject({ source: 'fallback', predictedLtv: 20, bidAmount: 20 })
    expect((await bid({ predictedLtv: undefined, bidAmount: 5 })).body).toMatchObject({
      source: 'fallback',
      bidAmount: 5,
    })
  })

  it('refuses a bid without a value before any value was seen', async () => {
    const { bid } = await startHarness()
    expect(await bid({ predictedLtv: undefined })).toMatchObject({
      status: 422,
      body: { code: 'no_ltv_history' },
    })
  })

  it('is a dry run: answers as if placed, holds nothing, calls nobody, and stays out of the history', async () => {
    const { bid, sandbox, service } = await startHarness()
    expect(await bid({ dryRun: true })).toMatchObject({
      status: 200,
      body: { status: 'dry_run', bidAmount: 100 },
    })
    expect(sandbox.ledger.requests).toEqual([])
    expect(service.agent.budget.scope('platform:google_ads')).toMatchObject({ held: 0, spent: 0 })
    expect(service.agent.fallback.decide('google_ads')).toBeUndefined()
    expect(await bid({ dryRun: true, bidAmount: 501 })).toMatchObject({
      status: 429,
      body: { code: 'budget_exceeded' },
    })
  })

  it('refuses another currency than the account’s', async () => {
    const { bid } = await startHarness({ META_CURRENCY: 'JPY' })
    expect(await bid({ currency: 'EUR' })).toMatchObject({
      status: 422,
      body: { code: 'currency_mismatch', field: 'currency' },
    })
    expect(await bid({ platform: 'meta', currency: 'JPY' })).toMatchObject({
      status: 200,
      body: { currency: 'JPY' },
    })
  })

  it('says exactly when a refused bid would pass', async () => {
    const { bid, get, clock } = await startHarness()
    await bid({ bidAmount: 300 })
    clock.advance(100_000)
    const refused = await bid({ bidAmount: 300 })
    expect(refused).toMatchObject({ status: 429, body: { code: 'budget_exceeded', remaining: 200 } })
    const { retryAfterMs, wouldPassAt } = refused.body
    expect(Number(refused.headers.get('retry-after'))).toBe(Math.ceil(retryAfterMs / 1000))
    expect(Date.parse(wouldPassAt)).toBe(clock.nowMs() + retryAfterMs)
    expect((await get(`/v1/bids/${refused.body.bidId}`)).body.wouldPass).toEqual({
      scope: refused.body.scope,
      remaining: refused.body.remaining,
      at: wouldPassAt,
    })

    clock.advance(retryAfterMs - 1)
    expect((await bid({ bidAmount: 300 })).status).toBe(429)
    clock.advance(1)
    expect((await bid({ bidAmount: 300 })).status).toBe(200)
  })

  it('refuses for ever, without Retry-After, what no budget could ever pay', async () => {
    const { bid } = await startHarness()
    const refused = await bid({ bidAmount: 501 })
    expect(refused.body).toMatchObject({ code: 'budget_exceeded', remaining: 500 })
    expect(refused.body.retryAfterMs).toBeUndefined()
    expect(refused.headers.get('retry-after')).toBeNull()
  })

  it('keeps to the platform’s limit of calls and says when the next is free', async () => {
    const { bid, clock } = await startHarness({ TRADEDESK_RATE_LIMIT: '2/60' })
    for (let i = 0; i < 2; i++) expect((await bid({ platform: 'tradedesk', bidAmount: 1 })).status).toBe(200)
    const limited = await bid({ platform: 'tradedesk', bidAmount: 1 })
    expect(limited).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    clock.advance(limited.body.retryAfterMs)
    expect((await bid({ platform: 'tradedesk', bidAmount: 1 })).status).toBe(200)
  })

  it.each([
    ['customerId', { customerId: '' }],
    ['campaignId', { campaignId: "c1' OR" }],
    ['platform', { platform: 'x' }],
    ['predictedLtv', { predictedLtv: -1 }],
    ['predictedLtv', { predictedLtv: 'much' }],
    ['bidAmount', { bidAmount: 0 }],
    ['bidAmount', { bidAmount: 1.2345678 }],
    ['bidAmount', { bidAmount: 1e10 }],
    ['confidence', { confidence: 1.001 }],
    ['currency', { currency: 'dollars' }],
    ['dryRun', { dryRun: 'yes' }],
    ['predictedLTV', { predictedLTV: 10 }],
  ])('names %s when it is wrong: %o', async (field, fields) => {
    const { bid } = await shared()
    const refused = await bid(fields)
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request', field, status: 400 } })
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['GET', '/v1/bids/none/report', undefined],
    ['DELETE', '/v1/bids', 'GET, HEAD, POST'],
    ['POST', '/v1/campaigns/a', 'GET, HEAD, PUT, DELETE'],
    ['PUT', '/livez', 'GET, HEAD'],
    ['GET', '/openrtb2/example/bid', 'POST'],
    ['PUT', '/api/v1/connectors', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/conversions/health', 'GET, HEAD'],
    ['PUT', '/api/v1/conversions/webhooks/whatsapp', 'GET, HEAD, POST'],
  ])('names the methods that there are: %s %s', async (method, path, allow) => {
    const { send } = await shared()
    const answer = await send(method, path)
    expect(answer.headers.get('allow') ?? undefined).toBe(allow)
    const code = allow === undefined ? 'not_found' : 'method_not_allowed'
    expect(answer).toMatchObject({ status: allow === undefined ? 404 : 405, body: { code } })
  })

  it('refuses what is no JSON, what says it is none, and what is too large', async () => {
    const { send } = await shared()
    expect(await send('POST', '/v1/bids', '{"customerId":')).toMatchObject({ status: 400 })
    expect(await send('POST', '/v1/bids', 'a=b', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      body: { code: 'unsupported_media_type' },
    })
    expect(await send('POST', '/v1/bids', JSON.stringify({ a: 'x'.repeat(300_000) }))).toMatchObject({
      status: 413,
      body: { code: 'payload_too_large' },
    })
  })

  it('reads a body of unannounced length no further than the limit', async () => {
    const { service } = await startHarness()
    const stream = (chunks: string[]) => new Blob(chunks).stream()
    const post = (chunks: string[]) =>
      fetch(`${service.url}/v1/bids`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: stream(chunks),
        duplex: 'half',
      } as RequestInit)
    const wanted = { customerId: 'a', campaignId: 'c', platform: 'meta', predictedLtv: 9, bidAmount: 1 }
    expect((await post([JSON.stringify(wanted)])).status).toBe(200)
    expect((await post(Array.from({ length: 40 }, () => 'x'.repeat(10_000)))).status).toBe(413)
  })
})

/** The bodies of all requests that leave this process from now on, but for those to the service itself. */
function bodiesSent(url: string): string[] {
  const sent: string[] = []
  const onRequest = (message: unknown) => {
    const { request } = message as { request: { origin: unknown; body: unknown } }
    if (String(request.origin) !== url) sent.push(String(request.body))
  }
  subscribe('undici:request:create', onRequest)
  onTestFinished(() => void unsubscribe('undici:request:create', onRequest))
  return sent
}

describe('an explanation', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 'end' : [nested(levels - 1)])

  it.each([
    ['a text', 'big spender'],
    ['a long text', 'é'.repeat(4_096)],
    ['attributions', { recency: 0.1 + 0.2, orders: [3, null], 'größe "x"': { __type: true } }],
    ['a list', [{ feature: 'recency', weight: -1.5e-7 }]],
    ['what is empty', {}],
    ['many levels', nested(32)],
  ])('may be %s; it is kept as sent and stays here', async (_, explanation) => {
    const { bid, get, url, logged } = await startHarness()
    const sent = bodiesSent(url)
    for (const platform of ['google_ads', 'meta', 'tradedesk']) {
      const placed = await bid({ platform, explanation, bidAmount: 1 })
      expect(placed.status).toBe(200)
      expect((await get(`/v1/bids/${placed.body.bidId}`)).body.callerExplanation).toEqual(explanation)
      if (platform !== 'meta') expect(sent.join()).toContain(placed.body.bidId)
    }
    const outside = sent.join() + JSON.stringify(logged)
    for (const word of ['big spender', 'éé', 'recency', '[[[[']) expect(outside).not.toContain(word)
  })

  it('that is long or JSON is left out of lists', async () => {
    const { bid, get } = await startHarness()
    for (const explanation of ['short', { a: 1 }, 'x'.repeat(2_001)]) await bid({ explanation, bidAmount: 1 })
    const { bids } = (await get('/v1/bids')).body
    expect(bids.map((one: { callerExplanation?: unknown }) => one.callerExplanation)).toEqual([
      undefined,
      undefined,
      'short',
    ])
  })

  it.each([
    ['x'.repeat(8_193)],
    ['é'.repeat(4_097)],
    [{ a: 'x'.repeat(8_185) }],
    [nested(33)],
    [null],
    [5],
    [true],
  ])('is refused by name: %j', async (explanation) => {
    const { bid, send } = await shared()
    expect(await bid({ explanation })).toMatchObject({ status: 400, body: { field: 'explanation' } })
    const one = { customerId: 'a', campaignId: 'c1', platform: 'meta', predictedLtv: 5, explanation }
    expect((await send('POST', '/v1/bids/batch', { bids: [one] })).body.results).toMatchObject([
      { httpStatus: 400, field: 'explanation' },
    ])
  })
})

describe('platform: auto', () => {
  it('takes the platform where the money buys most, weighed by the budget left, and keeps the comparison', async () => {
    const { bid, get } = await startHarness({ FALLBACK_MULTIPLIERS: 'meta=1.5' })
    const { body } = await bid({ platform: 'auto' })
    expect(body.platform).toBe('meta')
    const record = (await get(`/v1/bids/${body.bidId}`)).body
    expect(record.candidates.map(({ platform }: { platform: string }) => platform)).toEqual([
      'google_ads',
      'meta',
      'tradedesk',
    ])
    expect(record.requested.platform).toBe('auto')
  })

  it('moves on as a budget empties, and answers with the refusal when none has room', async () => {
    const { bid } = await startHarness()
    const platforms = []
    for (let i = 0; i < 10; i++)
      platforms.push((await bid({ platform: 'auto', bidAmount: 150 })).body.platform)
    expect(new Set(platforms.filter(Boolean))).toEqual(new Set(['google_ads', 'meta', 'tradedesk']))
    expect(await bid({ platform: 'auto', bidAmount: 150 })).toMatchObject({
      status: 429,
      body: { code: 'budget_exceeded' },
    })
  })

  it('leaves out a platform whose breaker is open', async () => {
    const { bid, sandbox, get } = await startHarness({ FALLBACK_MULTIPLIERS: 'meta=1.5' })
    sandbox.faults.add({ platform: 'meta', times: 3, fault: { is: 'http', status: 500 } })
    for (let i = 0; i < 3; i++) await bid({ platform: 'meta', campaignId: `m${i}` })
    const { body } = await bid({ platform: 'auto' })
    expect(body.platform).not.toBe('meta')
    const { candidates } = (await get(`/v1/bids/${body.bidId}`)).body
    expect(candidates[1]).toMatchObject({ platform: 'meta', excluded: expect.stringContaining('breaker') })
  })
})

describe('POST /v1/bids/batch', () => {
  it('answers every bid in order, each like a single one', async () => {
    const { send } = await startHarness()
    const one = { customerId: 'a', campaignId: 'c1', platform: 'tradedesk', predictedLtv: 9, bidAmount: 250 }
    const { status, body } = await send('POST', '/v1/bids/batch', {
      bids: [one, { ...one, platform: 'nowhere' }, one, one],
    })
    expect(status).toBe(200)
    expect(body.results).toMatchObject([
      { httpStatus: 200, status: 'placed' },
      { httpStatus: 400, code: 'invalid_request', field: 'platform' },
      { httpStatus: 200, status: 'placed' },
      { httpStatus: 429, code: 'budget_exceeded' },
    ])
  })

  it('takes 1 to 500 bids', async () => {
    const { send } = await shared()
    expect(await send('POST', '/v1/bids/batch', { bids: [] })).toMatchObject({
      status: 400,
      body: { field: 'bids' },
    })
    expect(await send('POST', '/v1/bids/batch', { bids: Array(501).fill({}) })).toMatchObject({ status: 400 })
  })
})

describe('GET /v1/bids', () => {
  it('shows every number and rule that led to a bid, refused ones too', async () => {
    const { bid, get } = await startHarness()
    const placed = (await bid({ explanation: 'big spender' })).body
    expect((await get(`/v1/bids/${placed.bidId}`)).body).toMatchObject({
      bidId: placed.bidId,
      status: 'placed',
      caller: 'local',
      source: 'ai',
      predictedLtv: 1200,
      bidAmount: 100,
      cap: 1000,
      basis: { is: 'request' },
      callerExplanation: 'big spender',
      scopes: ['platform:google_ads', 'global'],
      remainingBefore: 500,
      platformRef: placed.platformRef,
      history: [{ status: 'placed' }],
    })
    await bid({ bidAmount: 450 })
    const { bids } = (await get('/v1/bids?status=refused')).body
    expect(bids).toMatchObject([{ status: 'refused', code: 'budget_exceeded', bidAmount: 450 }])
  })

  it('lists the newest first, filtered and limited', async () => {
    const { bid, get } = await startHarness()
    for (const platform of ['google_ads', 'meta', 'google_ads']) await bid({ platform })
    const { bids } = (await get('/v1/bids?platform=google_ads&status=placed&limit=5')).body
    expect(bids).toHaveLength(2)
    expect((await get('/v1/bids?limit=1')).body.bids).toHaveLength(1)
    expect(await get('/v1/bids?limit=0')).toMatchObject({ status: 400, body: { field: 'limit' } })
    expect(await get('/v1/bids?platform=x')).toMatchObject({ status: 400, body: { field: 'platform' } })
  })

  it('answers 404 for a bid nobody made', async () => {
    const { get } = await shared()
    expect(await get('/v1/bids/nope')).toMatchObject({ status: 404, body: { code: 'not_found' } })
  })
})

describe('the log', () => {
  it('has one line per bid that says where its value came from', async () => {
    const { bid, logged } = await startHarness()
    await bid()
    await bid({ predictedLtv: undefined, bidAmount: 1 })
    await bid({ bidAmount: 501 })
    const lines = logged.filter(({ msg }) => msg === 'bid')
    expect(lines).toMatchObject([
      { source: 'ai', status: 'placed', platform: 'google_ads', bid: 100 },
      { source: 'fallback', status: 'placed' },
      { source: 'ai', status: 'refused', code: 'budget_exceeded' },
    ])
  })

  it('that is refused says under which id it is recorded', async () => {
    const { bid, get } = await startHarness()
    const refused = await bid({ bidAmount: 501 })
    expect(refused.status).toBe(429)
    expect((await get(`/v1/bids/${refused.body.bidId}`)).body).toMatchObject({ status: 'refused' })
  })

  it('are listed by filters that are known', async () => {
    const { get } = await shared()
    expect(await get('/v1/bids?statu=placed')).toMatchObject({ status: 400, body: { field: 'statu' } })
  })
})
