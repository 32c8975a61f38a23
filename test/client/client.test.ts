import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createBidwardenClient,
  dataOf,
  ForeignAnswerError,
  ProblemError,
} from '../../clients/typescript/src/index.ts'
import { hashKey } from '../../src/api/index.ts'
import { startHarness } from '../support/harness.ts'

const BID = {
  customerId: 'CUST_001',
  campaignId: 'c1',
  platform: 'google_ads',
  predictedLtv: 1200,
  bidAmount: 15,
} as const

const failure = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error) => error,
  )

/** Answers requests with what `answer` says, and returns where. */
async function serverThat(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('the TypeScript client with the service', () => {
  it('places a bid, reads budgets, and says why a bid is refused', async () => {
    const { url } = await startHarness()
    const client = createBidwardenClient({ baseUrl: url })

    const scope = 'campaign:google_ads:c1'
    await dataOf(
      client.PUT('/v1/budgets/{scope}', {
        params: { path: { scope } },
        body: { limits: [{ kind: 'sliding', max: 20, windowSeconds: 3600 }] },
      }),
    )
    const placed = await dataOf(client.POST('/v1/bids', { body: BID }))
    expect(placed).toMatchObject({ status: 'placed', bidAmount: 15 })
    const { budgets } = await dataOf(client.GET('/v1/budgets'))
    expect(budgets.find((one) => one.scope === scope)).toMatchObject({ limits: [{ remaining: 5 }] })

    const error = await failure(dataOf(client.POST('/v1/bids', { body: BID })))
    expect(error).toBeInstanceOf(ProblemError)
    expect(error).toMatchObject({ status: 429, code: 'budget_exceeded', problem: { scope, remaining: 5 } })
  })

  it('may make a POST without a body where the service knows no keys', async () => {
    const { url } = await startHarness()
    const id = '3f0c5a52-6a7e-4d6c-9b0f-0d7c1f1c2b3a'
    const call = createBidwardenClient({ baseUrl: url }).POST('/api/v1/connectors/{id}/test', {
      params: { path: { id } },
    })
    expect(await failure(dataOf(call))).toMatchObject({ status: 404, code: 'not_found' })
  })

  it('sends the key, and names a member that is wrong', async () => {
    const key = 'a-key-of-this-test-which-is-long-enough'
    const { url } = await startHarness({ API_KEYS: `tester:read+bid:${hashKey(key).toString('hex')}` })

    const without = await failure(dataOf(createBidwardenClient({ baseUrl: url }).GET('/v1/budgets')))
    expect(without).toMatchObject({ status: 401, code: 'unauthorized', retryAfterMs: undefined })

    const client = createBidwardenClient({ baseUrl: url, key })
    expect((await dataOf(client.GET('/v1/budgets'))).budgets.length).toBeGreaterThan(0)
    const wrong = await failure(dataOf(client.POST('/v1/bids', { body: { ...BID, bidAmount: -1 } })))
    expect(wrong).toMatchObject({ status: 400, code: 'invalid_request', field: 'bidAmount' })
  })
})

describe('the TypeScript client with others', () => {
  /** Refuses every request but the last of `requests`, with this `Retry-After`. */
  async function busyAt(last: number, retryAfter: string) {
    const bodies: string[] = []
    const url = await serverThat(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      bodies.push(body)
      const isLast = bodies.length === last
      response.writeHead(isLast ? 200 : 429, {
        'content-type': isLast ? 'application/json' : 'application/problem+json',
        'retry-after': retryAfter,
      })
      const problem = { status: 429, code: 'rate_limited', detail: 'Too often', retryAfterMs: 0 }
      response.end(JSON.stringify(isLast ? { budgets: [] } : problem))
    })
    return { bodies, client: createBidwardenClient({ baseUrl: url }) }
  }

  it('asks again after Retry-After where a call may be made twice', async () => {
    const read = await busyAt(3, '0')
    expect(await dataOf(read.client.GET('/v1/budgets'))).toEqual({ budgets: [] })
    expect(read.bodies).toHaveLength(3)

    const keyed = await busyAt(2, '0')
    const params = { header: { 'Idempotency-Key': 'once' } }
    await dataOf(keyed.client.POST('/v1/bids', { params, body: BID }))
    expect(keyed.bodies).toEqual([JSON.stringify(BID), JSON.stringify(BID)])
  })

  it('asks once where a second call could do harm, where the wait is long, and four times in all', async () => {
    const plain = await busyAt(2, '0')
    expect(await failure(dataOf(plain.client.POST('/v1/bids', { body: BID })))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 0,
    })
    expect(plain.bodies).toHaveLength(1)

    const long = await busyAt(2, '31')
    expect(await failure(dataOf(long.client.GET('/v1/budgets')))).toMatchObject({ status: 429 })
    expect(long.bodies).toHaveLength(1)

    const never = await busyAt(99, '0')
    expect(await failure(dataOf(never.client.GET('/v1/budgets')))).toMatchObject({ status: 429 })
    expect(never.bodies).toHaveLength(4)
  })

  it('ends a wait at its signal', async () => {
    const busy = await busyAt(2, '30')
    const abort = new AbortController()
    const call = failure(dataOf(busy.client.GET('/v1/budgets', { signal: abort.signal })))
    await expect.poll(() => busy.bodies.length).toBe(1)
    abort.abort(new Error('enough'))
    expect(await call).toMatchObject({ message: 'enough' })
    expect(busy.bodies).toHaveLength(1)
  })

  it('tells an answer of something else from a refusal', async () => {
    const url = await serverThat((_, response) => response.writeHead(502).end('<html>Bad gateway</html>'))
    const error = await failure(dataOf(createBidwardenClient({ baseUrl: url }).GET('/v1/budgets')))
    expect(error).toBeInstanceOf(ForeignAnswerError)
    expect(error).toMatchObject({ status: 502 })
  })
})
