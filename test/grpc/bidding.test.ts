import { once } from 'node:events'
import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { connectGrpc, detailsOf, type Message } from '../support/grpc.ts'
import { type Harness, startHarness, until } from '../support/harness.ts'
import { API_KEYS } from '../support/mcp.ts'

const start = async (environment: Record<string, string> = {}) => {
  const harness = await startHarness({ GRPC_PORT: '0', ...environment })
  return { harness, client: connectGrpc(harness.service.grpcAddress) }
}

const BID = {
  customerId: 'CUST_001',
  campaignId: 'summer-sale',
  platform: 'PLATFORM_GOOGLE_ADS',
  predictedLtv: 1200.3456726074219,
  bidAmountMicros: 15_250_000,
}

const spentOf = async ({ get }: Harness) => {
  const { body } = await get('/v1/budgets/platform:google_ads')
  return body.limits[0].spent
}

describe('PlaceBid', () => {
  it('places a bid as POST /v1/bids does, and says what that says', async () => {
    const { harness, client } = await start()
    const { message, error } = await client.call('placeBid', BID)
    expect(error).toBeUndefined()
    expect(message).toMatchObject({
      status: 'STATUS_PLACED',
      platform: 'PLATFORM_GOOGLE_ADS',
      source: 'SOURCE_AI',
      bidAmountMicros: 15_250_000,
      predictedLtvMicros: 1_200_345_672,
      currency: 'USD',
      replayed: false,
      budget: {
        limitMicros: 500_000_000,
        spentMicros: 15_250_000,
        heldMicros: 0,
        remainingMicros: 484_750_000,
      },
    })
    expect(await spentOf(harness)).toBe(15.25)
    const { body } = await harness.get(`/v1/bids/${message.bidId}`)
    expect(body).toMatchObject({ status: 'placed', bidAmount: 15.25, platformRef: message.platformRef })
  })

  it('decides only, where it is a dry run', async () => {
    const { harness, client } = await start()
    const { message } = await client.call('placeBid', { ...BID, dryRun: true })
    expect(message.status).toBe('STATUS_DRY_RUN')
    expect(await spentOf(harness)).toBe(0)
  })

  it('places a bid once for an idempotency key, over HTTP as well', async () => {
    const { harness, client } = await start()
    const keyed = { ...BID, idempotencyKey: 'order-1' }
    const first = await client.call('placeBid', keyed)
    const second = await client.call('placeBid', keyed)
    expect(second.message).toEqual({ ...first.message, replayed: true })
    const { body } = await harness.send(
      'POST',
      '/v1/bids',
      {
        customerId: 'CUST_001',
        campaignId: 'summer-sale',
        platform: 'google_ads',
        predictedLtv: 1200.3456726074219,
        bidAmount: 15.25,
      },
      { 'idempotency-key': 'order-1' },
    )
    expect(body.bidId).toBe(first.message.bidId)
    expect(await spentOf(harness)).toBe(15.25)
    const other = await client.call('placeBid', { ...keyed, bidAmountMicros: 1_000_000 })
    expect(other.error).toMatchObject({ code: status.INVALID_ARGUMENT })
  })

  it('is refused by the budget with what would pass, and when', async () => {
    const { client } = await start({ GOOGLE_ADS_BUDGET: '20' })
    await client.call('placeBid', BID)
    const { error } = await client.call('placeBid', BID)
    expect(error).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/4\.75 USD left/),
    })
    const details = detailsOf(error)
    expect(details['bidwarden.v1.Problem']).toMatchObject({
      code: 'budget_exceeded',
      retry: 'RETRY_AFTER',
      scope: 'platform:google_ads',
      amountMicros: 15_250_000,
      remainingMicros: 4_750_000,
    })
    expect(details['google.rpc.ErrorInfo']).toMatchObject({ reason: 'BUDGET_EXCEEDED', domain: 'bidwarden' })
    const { seconds } = details['google.rpc.RetryInfo'].retryDelay
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(602)
  })

  it.each([
    ['half a character', 'gone \ud83d'],
    ['a character that the longest reason cuts in two', `${'x'.repeat(499)}😀`],
  ])('is refused where the reason of a pause ends with %s', async (_, reason) => {
    const { harness, client } = await start()
    await harness.send('POST', '/v1/budgets/platform:google_ads/pause', { reason })
    const refused = {
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining(reason.slice(0, 5)),
    }
    expect((await client.call('placeBid', BID)).error).toMatchObject(refused)
    const call = client.bids()
    call.write(BID)
    const [{ problem }] = await once(call, 'data')
    expect(problem.detail.isWellFormed()).toBe(true)
    call.cancel()
    await once(call, 'error')
    await harness.send('POST', '/v1/kill-switch', { engaged: true, reason })
    expect((await client.call('placeBid', BID)).error).toMatchObject(refused)
  })

  it('with a wrong field names it and moves nothing', async () => {
    const { harness, client } = await start()
    const wrong: [string, object, string][] = [
      ['no customer', { customerId: '' }, 'customerId'],
      ['no platform', { platform: 'PLATFORM_UNSPECIFIED' }, 'platform'],
      ['a platform of a later contract', { platform: 99 }, 'platform'],
      ['an amount of nothing', { bidAmountMicros: 0 }, 'bidAmount'],
      ['an amount below nothing', { bidAmountMicros: -1 }, 'bidAmount'],
      ['the largest amount that 64 bits can say', { bidAmountMicros: 2 ** 63 - 1024 }, 'bidAmount'],
      ['a value that is no number', { predictedLtv: Number.NaN }, 'predictedLtv'],
      ['an endless value', { predictedLtv: Number.POSITIVE_INFINITY }, 'predictedLtv'],
      ['a certainty of two', { confidence: 2 }, 'confidence'],
      ['no such currency', { currency: 'XXQ' }, 'currency'],
      ['an empty idempotency key', { idempotencyKey: '' }, 'idempotencyKey'],
      ['a line break in its idempotency key', { idempotencyKey: 'a\nb' }, 'idempotencyKey'],
    ]
    for (const [what, fields, field] of wrong) {
      const { error } = await client.call('placeBid', { ...BID, ...fields })
      expect([what, error?.code]).toEqual([what, status.INVALID_ARGUMENT])
      expect(detailsOf(error)['bidwarden.v1.Problem']).toMatchObject({ code: 'invalid_request', field })
    }
    expect(await spentOf(harness)).toBe(0)
  })

  it('needs a key with the right to bid where keys are set', async () => {
    const { harness, client } = await start({ API_KEYS })
    const codeWith = async (key?: string) =>
      (await client.call('placeBid', BID, key === undefined ? {} : { key })).error?.code
    expect(await codeWith()).toBe(status.UNAUTHENTICATED)
    expect(await codeWith('k-nobody')).toBe(status.UNAUTHENTICATED)
    expect(await codeWith('k-reader')).toBe(status.PERMISSION_DENIED)
    expect(await codeWith('k-bidder')).toBeUndefined()
    const { body } = await harness.get('/v1/bids', { authorization: 'Bearer k-reader' })
    expect(body.bids).toMatchObject([{ caller: 'bidder', status: 'placed' }])
  })

  it('is not begun after its deadline', async () => {
    const { harness, client } = await start()
    await client.call('getBudget', { scope: 'platform:google_ads' })
    const { error } = await client.call('placeBid', BID, { deadlineMs: 1 })
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED })
    expect(await spentOf(harness)).toBe(0)
  })

  it('refuses a message that is longer than any bid', async () => {
    const { harness, client } = await start()
    const { error } = await client.call('placeBid', { ...BID, explanation: 'x'.repeat(70_000) })
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    expect(await spentOf(harness)).toBe(0)
  })
})

describe('PlaceBids', () => {
  it('answers each bid by its place in the call, refusals among them', async () => {
    const { harness, client } = await start({ GOOGLE_ADS_BUDGET: '100' })
    const call = client.bids()
    const results: Message[] = []
    call.on('data', (result: Message) => results.push(result))
    for (let i = 0; i < 40; i++)
      call.write({ ...BID, customerId: `C${i}`, bidAmountMicros: i === 7 ? -1 : 4_000_000 })
    call.end()
    await once(call, 'end')
    expect(results.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...Array(40).keys()])
    const placed = results.filter(({ result }) => result === 'bid')
    const refused = results.filter(({ result }) => result === 'problem')
    expect(placed).toHaveLength(25)
    expect(refused.find(({ index }) => index === 7).problem).toMatchObject({
      code: 'invalid_request',
      field: 'bidAmount',
    })
    expect(new Set(refused.filter(({ index }) => index !== 7).map(({ problem }) => problem.code))).toEqual(
      new Set(['budget_exceeded']),
    )
    expect(await spentOf(harness)).toBe(100)
  })

  it('is refused at once to who may not bid', async () => {
    const { client } = await start({ API_KEYS })
    const call = client.bids({ key: 'k-reader' })
    const [error] = await once(call, 'error')
    expect(error).toMatchObject({ code: status.PERMISSION_DENIED })
  })

  it('keeps the bids of a caller that hangs up', async () => {
    const { harness, client } = await start()
    const call = client.bids()
    call.on('error', () => {})
    for (let i = 0; i < 5; i++) call.write({ ...BID, bidAmountMicros: 1_000_000 })
    await once(call, 'data')
    call.cancel()
    await until(() => harness.service.agent.decisions.list({ limit: 10 }).length > 0)
    const listed = async () => (await harness.get('/v1/bids')).body.bids
    for (let bids = await listed(); bids.some(({ status }: Message) => status === 'pending'); )
      bids = await listed()
    expect((await listed()).length).toBe(await spentOf(harness))
  })

  it('ends when the service stops, after the bids that are under way', async () => {
    const { harness, client } = await start()
    const call = client.bids()
    const failed = once(call, 'error')
    call.write(BID)
    const [result] = await once(call, 'data')
    expect(result.bid.status).toBe('STATUS_PLACED')
    call.on('data', () => {})
    await harness.service.stop()
    expect((await failed)[0]).toMatchObject({ code: status.UNAVAILABLE })
  })
})
