import { describe, expect, it } from 'vitest'
import { hashKey } from '../../src/api/index.ts'
import { startHarness } from '../support/harness.ts'

const entry = (name: string) => `${name}:admin:${hashKey(`k-${name}`).toString('hex')}`
const as = (name: string) => ({ authorization: `Bearer k-${name}` })
const keys = (...names: string[]) => ({ API_KEYS: names.map(entry).join(',') })

describe('a caller that asks for too much', () => {
  it('is answered 429 until it has waited, and others are not', async () => {
    const { get, clock } = await startHarness({ ...keys('a', 'b'), API_RATE_LIMIT: '3/3' })
    for (let call = 0; call < 3; call++) expect((await get('/v1/store', as('a'))).status).toBe(200)
    const refused = await get('/v1/store', as('a'))
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryAfterMs: 1_000 } })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await get('/v1/store', as('b'))).status).toBe(200)
    clock.advance(1_000)
    expect((await get('/v1/store', as('a'))).status).toBe(200)
  })

  it('has no more of it by keys that its organisation makes', async () => {
    const seven = `seven@7:admin:${hashKey('k-seven').toString('hex')}`
    const { get, send } = await startHarness({ API_KEYS: seven, API_RATE_LIMIT: '5/5' })
    const made: string[] = []
    for (const name of ['x', 'y'])
      made.push((await send('POST', '/v1/keys', { name, scopes: ['read'] }, as('seven'))).body.key)
    const status = async (key = '') =>
      (await get('/v1/budgets/org:7', { authorization: `Bearer ${key}` })).status
    for (let call = 0; call < 5; call++) expect(await status(made[call % 2])).toBe(200)
    expect([await status(made[0]), await status(made[1])]).toEqual([429, 429])
    expect(await status('k-seven')).toBe(200)
  })

  it('can still stop bidding, and notices are taken', async () => {
    const { get, send } = await startHarness({ ...keys('a'), API_RATE_LIMIT: '1/1000' })
    const asked = await send('POST', '/openrtb2/example/bid', {
      id: '1',
      imp: [{ id: '1', banner: { w: 300, h: 250 } }],
    })
    expect((await get('/v1/store', as('a'))).status).toBe(200)
    expect((await get('/v1/store', as('a'))).status).toBe(429)
    expect((await send('POST', '/v1/budgets/global/pause', undefined, as('a'))).status).toBe(200)
    expect((await send('POST', '/v1/kill-switch', { engaged: true }, as('a'))).status).toBe(200)
    const gone = await send('DELETE', '/v1/campaigns/example-300x250', undefined, as('a'))
    expect(gone.status).toBe(200)
    expect((await get(new URL(asked.body.seatbid[0].bid[0].burl).pathname)).status).toBe(200)
  })

  it('is counted by what it asks for: bids of a batch, rows, entries of a page', async () => {
    const bid = { customerId: 'c', campaignId: 'c1', platform: 'meta', predictedLtv: 9, dryRun: true }
    const row = { userId: 'u', idType: 'user', predictedLtv: 9 }
    const { send, get, clock } = await startHarness({ ...keys('a'), API_RATE_LIMIT: '10/10' })
    const limited = async (path: string) => (await get(path, as('a'))).body.retryAfterMs
    const quiet = () => clock.advance(100_000)
    await send('POST', '/v1/bids/batch', { bids: Array(10).fill(bid) }, as('a'))
    expect(await limited('/v1/store')).toBe(1_000)
    quiet()
    await send('PUT', '/v1/ltv', { rows: Array(90).fill(row) }, as('a'))
    expect(await limited('/v1/store')).toBe(1_000)
    quiet()
    expect(await limited('/v1/bids?limit=450')).toBe(undefined)
    expect(await limited('/v1/store')).toBe(1_000)
  })

  it('has no more calls answered at once than its limit', async () => {
    const { bid, get, sandbox, clock } = await startHarness({ ...keys('a', 'b'), API_MAX_AT_ONCE: '2' })
    sandbox.faults.add({ platform: 'google_ads', fault: { is: 'hold' } })
    const waiting = [1, 2].map((bidAmount) => bid({ bidAmount }, as('a')))
    const third = () => get('/v1/store', as('a'))
    let refused = await third()
    for (let turn = 0; refused.status === 200 && turn < 1_000; turn++) refused = await third()
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect((await get('/v1/store', as('b'))).status).toBe(200)
    let isOver = false
    const over = Promise.all(waiting).then(() => {
      isOver = true
    })
    while (!isOver) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await over
    expect((await third()).status).toBe(200)
  })
})

it('a seat that asks faster than agreed is answered 429, and the others are not', async () => {
  const seats = [{ id: 'fast', maxRequestsPerSecond: 2 }, { id: 'other' }]
  const { send, get, clock } = await startHarness({ OPENRTB_SEATS: JSON.stringify(seats) })
  const asked = (seat: string) =>
    send('POST', `/openrtb2/${seat}/bid`, { id: '1', imp: [{ id: '1', banner: { w: 1, h: 1 } }] })
  const ask = async (seat: string) => (await asked(seat)).status
  expect([await ask('fast'), await ask('fast'), await ask('fast'), await ask('other')]).toEqual([
    204, 204, 429, 204,
  ])
  expect((await asked('fast')).headers.get('retry-after')).toBe('1')
  clock.advance(500)
  expect(await ask('fast')).toBe(204)
  expect((await get('/metrics')).body).toContain(
    'bidwarden_openrtb_requests_total{seat="fast",result="limited"} 2',
  )
})
