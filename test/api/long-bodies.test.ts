import { expect, it } from 'vitest'
import { startHarness } from '../support/harness.ts'

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const row = (i: number) => ({ userId: `${'u'.repeat(300)}${i}`, idType: 'user', predictedLtv: i + 1 })
const bid = (i: number) => ({
  customerId: `c${i}`,
  campaignId: 's',
  platform: 'meta',
  predictedLtv: 5,
  bidAmount: 1,
  dryRun: true,
})

it('stores ten thousand predictions, or none of them and names the wrong one', async () => {
  const { send, get } = await startHarness()
  const wrong = { rows: [...times(9_998, row), { ...row(1), predictedLtv: -1 }, row(2)] }
  expect(await send('PUT', '/v1/ltv', wrong)).toMatchObject({
    status: 400,
    body: { field: 'rows.9998.predictedLtv' },
  })
  expect((await get(`/v1/ltv/user/${row(0).userId}`)).status).toBe(404)
  expect(await send('PUT', '/v1/ltv', { rows: times(10_000, row) })).toMatchObject({
    status: 200,
    body: { stored: 10_000, rows: 10_000 },
  })
  expect((await get(`/v1/ltv/user/${row(9_999).userId}`)).body).toMatchObject({ predictedLtv: 10_000 })
  const cut = JSON.stringify({ rows: times(10_000, row) }).slice(0, -1)
  expect((await send('PUT', '/v1/ltv', cut)).body.detail).toContain('it is not JSON')
  const tooMany = {
    rows: times(10_001, row).map(({ userId: _, ...rest }, i) => ({ ...rest, userId: `${i}` })),
  }
  expect(await send('PUT', '/v1/ltv', tooMany)).toMatchObject({ status: 400, body: { field: 'rows' } })
})

it('refuses a body that is long by values with nothing in them', async () => {
  const { send } = await startHarness()
  const hollow = (count: number) => Array(count).fill('[]').join(',')
  for (const [path, body] of [
    ['/v1/ltv', `{"rows":[${hollow(1_000_000)}]}`],
    ['/v1/campaigns/c', `{"targeting":{"domains":{"deny":[${hollow(80_000)}]}}}`],
  ] as const) {
    const { status, body: said } = await send('PUT', path, body)
    expect([status, said.detail]).toEqual([400, expect.stringContaining('values')])
  }
  const auction = `{"id":"1","imp":[{"id":"1","banner":{"w":300,"h":250},"ext":[${hollow(80_000)}]}]}`
  expect(await send('POST', '/openrtb2/example/bid', auction)).toMatchObject({
    status: 400,
    body: { field: 'body' },
  })
})

it('answers a long batch in order, and lists all of it', async () => {
  const { send, get } = await startHarness()
  const bids = times(500, (i) => (i % 50 === 7 ? { ...bid(i), platform: 'none' } : bid(i)))
  const { status, body } = await send('POST', '/v1/bids/batch', { bids })
  expect(status).toBe(200)
  expect(body.results).toHaveLength(500)
  for (const [i, result] of body.results.entries())
    expect(result).toMatchObject(
      i % 50 === 7 ? { httpStatus: 400, field: 'platform' } : { status: 'dry_run' },
    )
  const good = body.results.filter(({ bidId }: { bidId?: string }) => bidId !== undefined)
  const listed = (await get('/v1/bids?limit=1000')).body.bids
  expect(listed.map(({ bidId }: { bidId: string }) => bidId).toSorted()).toEqual(
    good.map(({ bidId }: { bidId: string }) => bidId).toSorted(),
  )
})

it('answers an auction with a long body', async () => {
  const { send } = await startHarness()
  const ext = times(3_000, (i) => ({ name: `n${i}`, text: 'x'.repeat(20) }))
  const auction = { id: '1', imp: [{ id: '1', banner: { w: 300, h: 250 } }], ext: { more: ext } }
  expect(JSON.stringify(auction).length).toBeGreaterThan(100_000)
  expect((await send('POST', '/openrtb2/example/bid', auction)).body.seatbid).toHaveLength(1)
})

it('takes no settings of more values than are kept', async () => {
  const { send } = await startHarness()
  const settings = { a: { b: times(1_000, () => 1) } }
  const asked = { connector_type: 'SHEETS', callback_url: 'http://127.0.0.1:9/', settings }
  const { status, body } = await send('POST', '/api/v1/connectors/oauth/initiate', asked)
  expect([status, body.field]).toEqual([400, 'settings'])
})
